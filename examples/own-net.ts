// A net of one's own: trained on `shapes`, stopped, saved, resumed, scored and exported.   npm run example own-net
import { readFile, writeFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-web';
import * as yy from 'yynet';
import { BatchNorm2d, Conv2d, GlobalAvgPool, Linear, MBConv, Sequential } from 'yynet/engine';
import { openNodeDevice } from 'yynet/node';

const tiny = yy.defineArchitecture({
  name: 'tiny',
  config: { inputSize: 32, inputChannels: 3, classes: 10, width: 8 },
  build: ({ inputChannels, classes, width }) =>
    new Sequential(
      new Conv2d(inputChannels, width, 3, { bias: false }),
      new BatchNorm2d(width, 'gelu'),
      new MBConv(width, width, 2),
      new MBConv(width, 2 * width, 2),
      new MBConv(2 * width, 2 * width),
      new GlobalAvgPool(),
      new Linear(2 * width, classes),
    ),
});
const file = process.argv[2] ?? 'own-net.safetensors';
const device = await openNodeDevice();
const data = yy.shapes({ train: 400, validation: 100 });
const trainer = await yy.Trainer.create(device, tiny.create(), data, { ...yy.shapesRecipe, epochs: 2 }, { seed: 0 });
await trainer.run({}, { maxSteps: 25 });
await writeFile(file, yy.encodeCheckpoint(await trainer.checkpoint()));
const resumed = await yy.Trainer.resume(device, yy.decodeCheckpoint(await readFile(file), [tiny]), data);
console.log('accuracy:', (await resumed.run())?.val_accuracy);
const trained = await resumed.checkpoint();
const classifier = await yy.Classifier.create(device, trained, 1);
const image = data.validation.images.subarray(0, 3 * 32 * 32);
const logits = await classifier.logits(image, 1);

const onnx = await InferenceSession.create(yy.exportOnnx(tiny.create(), trained.state, trained.recipe));
const { mean, std } = trained.recipe;
const pixels = Float32Array.from(image, (value, i) => (value / 255 - mean[i >> 10]) / std[i >> 10]);
const output = await onnx.run({ images: new Tensor('float32', pixels, [1, 3, 32, 32]) });
const difference = Math.max(...logits.map((logit, i) => Math.abs(logit - Number(output.logits.data[i]))));
console.log('largest difference from ONNX Runtime:', difference);
