import {
  type Checkpoint,
  Classifier,
  ConfusionMatrix,
  FeatureMaps,
  imageSize,
  type Pictures,
  type Splits,
  softmax,
} from '../../src/index.ts';
import type { Guess, Insight, Picture, Sample, Seen } from '../messages.ts';
import { pictureAt } from './data.ts';
import type { Gpu } from './gpu.ts';

const BATCH = 50;
/** So many pictures are looked at after an epoch, and so many of them shown. */
const LOOKED_AT = 1000;
const SHOWN = 20;

/** Looks at what a net has learned. All of its work needs a turn on the GPU. */
export class Viewer {
  private classifier?: Classifier;
  private maps?: FeatureMaps;

  constructor(
    readonly gpu: Gpu,
    private net: Checkpoint,
  ) {}

  /** Turns to other weights of the same net. Returns false where it is another net. */
  turnTo(net: Checkpoint): boolean {
    if (kindOf(net) !== kindOf(this.net)) return false;
    if (net !== this.net) {
      this.classifier?.load(net.state);
      this.maps?.load(net.state);
    }
    this.net = net;
    return true;
  }

  /** Classifies validation pictures. */
  async insight({ validation }: Splits): Promise<Insight> {
    const { classNames } = this.net;
    const count = Math.min(validation.length, LOOKED_AT);
    const confusion = new ConfusionMatrix(classNames);
    const samples: Sample[] = [];
    const mistakes: Sample[] = [];
    for (let first = 0; first < count; first += BATCH) {
      const indices = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => first + i);
      const probabilities = await this.probabilities(await read(validation, indices), indices.length);
      for (const [i, index] of indices.entries()) {
        const label = validation.labels[index];
        const prediction = argmax(probabilities[i]);
        confusion.add(label, prediction);
        const list = samples.length < SHOWN ? [samples] : [];
        if (label !== prediction && mistakes.length < SHOWN) list.push(mistakes);
        if (list.length === 0) continue;
        const picture = pictureAt(validation, index);
        for (const kept of list) {
          kept.push({ index, label, prediction, probability: probabilities[i][prediction], picture });
        }
      }
    }
    const { accuracy, counts } = confusion;
    return { classNames, count, of: validation.length, accuracy, confusion: counts, samples, mistakes };
  }

  /** All classes, the most probable first. */
  async classify({ pixels }: Picture): Promise<Guess[]> {
    const [probabilities] = await this.probabilities(pixels, 1);
    return this.net.classNames
      .map((name, k) => ({ name, probability: probabilities[k] }))
      .sort((a, b) => b.probability - a.probability);
  }

  async see(picture: Picture): Promise<Seen> {
    this.maps ??= await FeatureMaps.create(this.gpu.device, this.net);
    return { picture, maps: await this.maps.of(picture.pixels) };
  }

  private async probabilities(pixels: Uint8Array, count: number): Promise<Float64Array[]> {
    this.classifier ??= await Classifier.create(this.gpu.device, this.net, BATCH);
    const logits = await this.classifier.logits(pixels, count);
    const { classes } = this.net.config;
    return Array.from({ length: count }, (_, i) => softmax(logits.subarray(i * classes, (i + 1) * classes)));
  }
}

async function read(pictures: Pictures, indices: readonly number[]): Promise<Uint8Array> {
  const pixels = new Uint8Array(indices.length * imageSize(pictures));
  await pictures.read(Uint32Array.from(indices), pixels);
  return pixels;
}

/** What a classifier is compiled for, whatever the weights. */
const kindOf = ({ config, classNames, recipe: { mean, std } }: Checkpoint) =>
  JSON.stringify({ config, classNames, mean, std });

const argmax = (values: Float64Array) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
