import { batches, loadBatches, type Pictures, type Splits, subset } from '../data/dataset.ts';
import { forwardWithFeatures } from '../nn/feature_space.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { fitting } from './batch_size.ts';
import { fitFeatureSpace } from './fit_feature_space.ts';
import { type Calibration, LoadedNet, type TrainedNet } from './loaded_net.ts';
import { fitTemperature } from './temperature.ts';

/** More pictures would change little. */
const MAX_PICTURES = 2000;

/** What a net computes of pictures. */
type Outputs = ReturnType<typeof forwardWithFeatures>;

/**
 * Measures how sure a trained net may be of itself, and where its pictures lie in the space of its features. Of more than
 * 2000 pictures of a split, that many are taken, evenly spaced.
 * @param data the training pictures, and others for validation
 * @param batchSize as of `Classifier.create`
 */
export async function calibrate(
  device: Device,
  net: TrainedNet,
  { train, validation }: Splits<Pictures>,
  batchSize: number,
): Promise<Calibration> {
  const loaded = await fitting(batchSize, () => LoadedNet.create(device, net, batchSize, forwardWithFeatures));
  try {
    const [own, others] = [spaced(train), spaced(validation)];
    const known = await outputsOf(device, loaded, own, batchSize);
    const { y: logits, features } = await outputsOf(device, loaded, others, batchSize);
    const temperature = fitTemperature(logits, others.labels, net.config.classes);
    const space = fitFeatureSpace(known.features, features, known.features.length / own.length);
    return { temperature, ...(space && { space }) };
  } finally {
    loaded.dispose();
  }
}

/** At most `MAX_PICTURES` of the pictures, evenly spaced: they may be in the order of their classes. */
function spaced(pictures: Pictures): Pictures {
  const { length } = pictures;
  if (length <= MAX_PICTURES) return pictures;
  const every = length / MAX_PICTURES;
  return subset(
    pictures,
    Uint32Array.from({ length: MAX_PICTURES }, (_, i) => Math.floor(i * every)),
  );
}

/** The logits and the features of pictures, one after the other. */
async function outputsOf(device: Device, loaded: LoadedNet<Outputs>, pictures: Pictures, batchSize: number) {
  const joined: Record<keyof Outputs, number[]> = { y: [], features: [] };
  for await (const { images, count } of loadBatches(pictures, batchSize, batches(pictures.length, batchSize))) {
    const outputs = Object.entries(loaded.run(images)) as [keyof Outputs, Tensor][];
    for (const [name, tensor] of outputs) {
      const values = await device.read(tensor);
      for (const value of values.subarray(0, (count * values.length) / batchSize)) joined[name].push(value);
    }
  }
  return { y: Float32Array.from(joined.y), features: Float32Array.from(joined.features) };
}
