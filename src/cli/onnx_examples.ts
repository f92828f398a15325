/** Programs that classify pictures by an exported net and the `labels.json` beside them, by the names of their files. */
export const onnxExamples = {
  'classify.mjs': `// node classify.mjs NET.onnx PICTURE …   classifies pictures; needs npm install onnxruntime-web sharp
import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-web';
import sharp from 'sharp';

const labels = await readFile(new URL('labels.json', import.meta.url), 'utf8');
const { class_names, input_size: size, mean, std, temperature, distance_threshold } = JSON.parse(labels);
const session = await ort.InferenceSession.create(await readFile(process.argv[2]));
for (const image of process.argv.slice(3)) {
  const square = sharp(image, { ignoreIcc: true }).autoOrient().resize(size, size, { fastShrinkOnLoad: false });
  const rgb = await square.flatten({ background: 'white' }).toColourspace('srgb').raw().toBuffer();
  const value = (c, i) => (mean.length === 3 ? rgb[i + c] : Math.round(0.299 * rgb[i] + 0.587 * rgb[i + 1] + 0.114 * rgb[i + 2]));
  const plane = (m, c) => Array.from({ length: size * size }, (_, p) => (value(c, 3 * p) / 255 - m) / std[c]);
  const { logits, distance } = await session.run({ images: new ort.Tensor('float32', mean.flatMap(plane), [1, mean.length, size, size]) });
  const powers = Array.from(logits.data, (logit) => Math.exp((logit - Math.max(...logits.data)) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  const predictions = class_names.map((name, k) => ({ class: name, probability: powers[k] / sum })).sort((a, b) => b.probability - a.probability);
  console.log(JSON.stringify({ image, predictions, unlike: distance && distance.data[0] > distance_threshold }));
}
`,
  'classify.py': `# python classify.py NET.onnx PICTURE ...   classifies pictures; needs pip install onnxruntime pillow
import json, pathlib, sys
import numpy as np, onnxruntime
from PIL import Image, ImageOps

labels = json.loads(pathlib.Path(__file__).with_name("labels.json").read_text("utf-8"))
size, mean, std = labels["input_size"], np.float32(labels["mean"]), np.float32(labels["std"])
session = onnxruntime.InferenceSession(sys.argv[1])
for image in sys.argv[2:]:
    picture = ImageOps.exif_transpose(Image.open(image)).convert("RGBA")
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    picture = ImageOps.fit(picture.convert("RGB" if len(mean) == 3 else "L"), (size, size), Image.Resampling.LANCZOS)
    pixels = (np.float32(picture).reshape(size, size, -1) / 255 - mean) / std
    (logits, *_), *distance = session.run(None, {"images": pixels.transpose(2, 0, 1)[None]})
    unlike = bool(distance and distance[0][0, 0] > labels["distance_threshold"])
    powers = np.exp(np.float64(logits - logits.max()) / labels["temperature"])
    ranked = sorted(zip(labels["class_names"], powers / powers.sum()), key=lambda pair: -pair[1])
    print(json.dumps({"image": image, "predictions": [{"class": k, "probability": p} for k, p in ranked], "unlike": unlike}))
`,
};
