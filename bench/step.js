// node bench/step.js: measures a training step and inference of a net: time, dispatches, FLOPs, bytes, memory.
import { Option } from 'commander';
import { median, Random, requirePrecision, sizeOf } from '../dist/engine.js';
import { models, paperRecipe } from '../dist/index.js';
import { openNodeDevice, requestNodeAdapter } from '../dist/node.js';
import { createBench, main, table, time, writeResult } from './common.js';
import { Engine } from './engine.js';

const command = createBench('step', 'Times a whole training step, and inference.')
  .addOption(new Option('--model <name>', 'the net').choices(Object.keys(models)).default('yynet-16'))
  .action(run);

async function run({ model, batch, precision, adapter, json, write }) {
  const begin = performance.now();
  const device = await openNodeDevice(await requestNodeAdapter({ adapter }));
  requirePrecision(device, precision);
  const engine = await Engine.create(device, { model, batch, recipe: { ...paperRecipe, precision } });
  const random = new Random(1);
  const pixels = Uint8Array.from({ length: sizeOf(engine.pixels.shape) }, () => random.int(256));
  const targets = Int32Array.from({ length: batch }, (_, i) => i % models[model].config.classes);
  const train = () => engine.train(pixels, targets);
  await train();
  // A software adapter compiles a kernel at its first run, so compilation includes one step.
  const compile_ms = performance.now() - begin;
  const submits_per_step = await countSubmits(device, train);
  const { dispatches, bytes, flops } = engine.step.cost;
  const peak_bytes = device.memory.peak;
  const train_ms = await time(train);
  const host_ms = await hostTime(engine, pixels, targets);

  const infer = await engine.inference();
  const images = Float32Array.from(pixels, (value) => value / 128 - 1);
  await infer(images);
  const infer_ms = await time(() => infer(images));

  const result = rounded({
    ...{ adapter: device.adapter.name, model, batch, precision },
    ...{ train_ms, train_img_s: (1e3 * batch) / train_ms },
    ...{ infer_ms, infer_img_s: (1e3 * batch) / infer_ms },
    ...{ dispatches_train: dispatches, bytes_train: bytes, flops_train: flops },
    ...{ peak_bytes, submits_per_step, host_ms, compile_ms },
  });
  const text = table(Object.entries(result).map(([figure, value]) => ({ figure, value })));
  console.log(json ? JSON.stringify(result) : text);
  if (write) await writeResult(`Step of ${model}, batch ${batch}, ${precision}`, device.adapter, text);
}

/** Median milliseconds of this thread that a step takes, whatever the GPU takes: a fast GPU waits for them. */
async function hostTime(engine, pixels, targets) {
  const times = [];
  await time(async () => {
    const before = performance.now();
    engine.queueStep(pixels, targets);
    times.push(performance.now() - before);
    await engine.device.done();
  });
  return median(times);
}

const rounded = (object) =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, typeof value === 'number' ? Number(value.toFixed(2)) : value]),
  );

async function countSubmits({ gpu: { queue } }, step) {
  let submits = 0;
  queue.submit = (buffers) => {
    submits++;
    Object.getPrototypeOf(queue).submit.call(queue, buffers);
  };
  await step();
  delete queue.submit;
  return submits;
}

await main(command);
