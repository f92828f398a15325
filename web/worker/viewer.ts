import {
  type Checkpoint,
  Classifier,
  FeatureMaps,
  type Insight,
  insightInto,
  type Picture,
  type Splits,
  softmax,
} from '../../src/index.ts';
import type { Guess, Seen } from '../messages.ts';
import type { Gpu } from './gpu.ts';

const BATCH = 50;

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

  /** What it makes of validation pictures. */
  async insight({ validation }: Splits): Promise<Insight> {
    return insightInto(await this.ready(), validation);
  }

  /** All classes, the most probable first. */
  async classify({ pixels }: Picture): Promise<Guess[]> {
    const probabilities = softmax(await (await this.ready()).logits(pixels, 1));
    return this.net.classNames
      .map((name, k) => ({ name, probability: probabilities[k] }))
      .sort((a, b) => b.probability - a.probability);
  }

  async see(picture: Picture): Promise<Seen> {
    this.maps ??= await FeatureMaps.create(this.gpu.device, this.net);
    return { picture, yin: this.net.config.yin, maps: await this.maps.of(picture.pixels) };
  }

  private async ready(): Promise<Classifier> {
    this.classifier ??= await Classifier.create(this.gpu.device, this.net, BATCH);
    return this.classifier;
  }
}

/** What a classifier is compiled for, whatever the weights. */
const kindOf = ({ config, classNames, recipe: { mean, std } }: Checkpoint) =>
  JSON.stringify({ config, classNames, mean, std });
