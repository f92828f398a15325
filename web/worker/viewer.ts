import { Classifier, FeatureMaps, type Prediction, type Splits } from '../../src/index.ts';
import { computeInsight, type Insight, type Picture } from '../../src/inference/insight.ts';
import type { PictureMaps } from '../messages.ts';
import type { Gpu } from './gpu.ts';
import type { NetCheckpoint } from './nets.ts';

/** Batch size for evaluating validation pictures. */
export const BATCH = 50;

/** Evaluates a net and computes its feature maps. Callers must hold the device's lock. */
export class Viewer {
  /** By batch size. */
  private readonly classifiers = new Map<number, Classifier>();
  private featureMaps?: FeatureMaps;

  constructor(
    readonly gpu: Gpu,
    private net: NetCheckpoint,
  ) {}

  /** Loads the weights of `net` if it has the same structure. Returns false, and does nothing, if not. */
  update(net: NetCheckpoint): boolean {
    if (structureOf(net) !== structureOf(this.net)) return false;
    if (net !== this.net) {
      for (const classifier of this.classifiers.values()) classifier.load(net.state);
      this.featureMaps?.load(net.state);
    }
    this.net = net;
    return true;
  }

  /** Returns predictions and the confusion matrix on the validation pictures. */
  async insight({ validation }: Splits): Promise<Insight> {
    return computeInsight(await this.classifier(BATCH), validation);
  }

  /** Classifies a picture. */
  async classify({ pixels }: Picture): Promise<Prediction> {
    const classifier = await this.classifier(1);
    const [prediction] = await classifier.predict(pixels, 1);
    return prediction;
  }

  /** Returns the feature maps of both branches. */
  async maps(picture: Picture): Promise<PictureMaps> {
    this.featureMaps ??= await FeatureMaps.create(this.gpu.device, this.net);
    return { picture, yin: this.net.config.yin, maps: await this.featureMaps.of(picture.pixels) };
  }

  private async classifier(batchSize: number): Promise<Classifier> {
    const existing = this.classifiers.get(batchSize);
    if (existing) return existing;
    const classifier = await Classifier.create(this.gpu.device, this.net, batchSize);
    this.classifiers.set(batchSize, classifier);
    return classifier;
  }
}

/** Everything that a classifier is compiled for, which is all but the weights. */
const structureOf = ({ config, classNames, recipe: { mean, std }, calibration }: NetCheckpoint) =>
  JSON.stringify({
    config,
    classNames,
    mean,
    std,
    calibration: [calibration?.temperature, calibration?.space?.threshold],
  });
