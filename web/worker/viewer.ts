import {
  type Checkpoint,
  Classifier,
  FeatureMaps,
  type Guess,
  type Insight,
  insightInto,
  likeliest,
  type Picture,
  type Splits,
} from '../../src/index.ts';
import type { Seen } from '../messages.ts';
import type { Gpu } from './gpu.ts';

/** Of the pictures that are looked at together. */
const BATCH = 50;

/** Looks at what a net has learned. All of its work needs a turn on the GPU. */
export class Viewer {
  /** By the size of their batches. */
  private readonly classifiers = new Map<number, Classifier>();
  private maps?: FeatureMaps;

  constructor(
    readonly gpu: Gpu,
    private net: Checkpoint,
  ) {}

  /** Turns to other weights of the same net. Returns false where it is another net. */
  turnTo(net: Checkpoint): boolean {
    if (kindOf(net) !== kindOf(this.net)) return false;
    if (net !== this.net) {
      for (const classifier of this.classifiers.values()) classifier.load(net.state);
      this.maps?.load(net.state);
    }
    this.net = net;
    return true;
  }

  /** What it makes of validation pictures. */
  async insight({ validation }: Splits): Promise<Insight> {
    return insightInto(await this.classifier(BATCH), validation);
  }

  /** All classes, the most probable first. */
  async classify({ pixels }: Picture): Promise<Guess[]> {
    const classifier = await this.classifier(1);
    return likeliest(await classifier.logits(pixels, 1), this.net.classNames);
  }

  async see(picture: Picture): Promise<Seen> {
    this.maps ??= await FeatureMaps.create(this.gpu.device, this.net);
    return { picture, yin: this.net.config.yin, maps: await this.maps.of(picture.pixels) };
  }

  private async classifier(batchSize: number): Promise<Classifier> {
    const made = this.classifiers.get(batchSize);
    if (made) return made;
    const classifier = await Classifier.create(this.gpu.device, this.net, batchSize);
    this.classifiers.set(batchSize, classifier);
    return classifier;
  }
}

/** What a classifier is compiled for, whatever the weights. */
const kindOf = ({ config, classNames, recipe: { mean, std } }: Checkpoint) =>
  JSON.stringify({ config, classNames, mean, std });
