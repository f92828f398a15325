import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise, nchw, vector, WORKGROUP_SIZE } from '../common/launch.ts';
import augmentKernel from './augment.wgsl';
import { AUGMENT_STREAM } from './draw.ts';
import mixKernel from './mix.wgsl';

interface Normalize {
  /** u8 [N,C,H,W] */
  readonly pixels: Tensor;
  /** f32 or f16 [N,C,H,W] */
  readonly images: Tensor;
  /** Per channel, of pixels scaled to 0 … 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Which random changes images get. */
export interface Augmentation {
  /** Pixels of reflection padding on each side that crops may reach into. */
  readonly padding: number;
  /** Pixels are multiplied by a factor from 1 − brightness to 1 + brightness: torchvision's ColorJitter. */
  readonly brightness: number;
  /** Flips half of the images from left to right. */
  readonly flip: boolean;
  /** Maximum rotation about the centre, in degrees, in either direction. */
  readonly rotation?: number;
  /** The distance of colours from their grey is multiplied by a factor from 1 − saturation to 1 + saturation. */
  readonly saturation?: number;
  /** The probability that a rectangle of 2 to 33 % of an image is erased: torchvision's RandomErasing. */
  readonly erase?: number;
}

interface Augment extends Normalize, Augmentation {
  /** u32 [seed, step] or, for a micro-batch, [seed, step, place of its first picture in the batch] */
  readonly seed: Tensor;
}

/** images = pixels, each image changed at random as the options say, then normalised. */
export function augment(device: Device, { seed, padding, ...launch }: Augment): void {
  const { brightness, flip, rotation = 0, saturation = 0, erase = 0 } = launch;
  const { c, h, w } = nchw(launch.pixels);
  if (padding >= Math.min(h, w)) {
    throw new Error(`augment: padding must be less than the image's extents, got ${padding} for ${h}×${w}`);
  }
  const constants = {
    ...{ PADDING: padding, BRIGHTNESS: brightness, FLIP: flip, STREAM: AUGMENT_STREAM, MICRO_BATCH: size(seed) === 3 },
    ...{ ROTATE: rotation > 0, ROTATION: (rotation * Math.PI) / 180 },
    // A grey picture has no saturation.
    ...{ SATURATE: saturation > 0 && c === 3, SATURATION: saturation, ERASE: erase > 0, ERASE_PROBABILITY: erase },
  };
  dispatch(device, launch, { AUGMENT: true, ...constants }, { seed });
}

/** Mixup: images[n] = share · images[n] + (1 − share) · images[N − 1 − n], in place, with share [1] in f32. */
export function mix(device: Device, { images, share }: { images: Tensor; share: Tensor }): void {
  const n = images.shape[0];
  const { constants } = elementwise(images, size(images) / n);
  const perPicture = size(images) / n / constants.WIDTH;
  const pairs = Math.ceil(n / 2);
  const workgroups = foldWorkgroups(Math.ceil((pairs * perPicture) / WORKGROUP_SIZE));
  device.dispatch({
    kernel: mixKernel,
    constants: { ...constants, N: n, PAIRS: pairs, PER_PICTURE: perPicture, GROUPS_X: workgroups[0] },
    reads: { share },
    writes: { images },
    workgroups,
    flops: 3 * size(images),
  });
}

/** images = pixels, normalised. */
export function normalize(device: Device, launch: Normalize): void {
  dispatch(device, launch, { AUGMENT: false }, {});
}

function dispatch(
  device: Device,
  { pixels, images, mean, std }: Normalize,
  constants: Record<string, number | boolean>,
  reads: Record<string, Tensor>,
): void {
  const { n, c, h, w } = nchw(pixels);
  if (mean.length !== c || std.length !== c) {
    throw new Error(`augment: mean and std must have ${c} channels, got ${mean.length} and ${std.length}`);
  }
  const v = vector(w, images);
  const [groups, folds] = foldWorkgroups(n);
  device.dispatch({
    kernel: augmentKernel,
    constants: {
      ...{ ...v, WORKGROUP_SIZE, ...constants, MEAN: mean.join(), STD: std.join() },
      ...{ C: c, H: h, W: w, ROW: w / v.WIDTH, N: n, GROUPS_Z: groups },
    },
    reads: { pixels, ...reads },
    writes: { images },
    workgroups: [Math.ceil((h * w) / v.WIDTH / WORKGROUP_SIZE), c * folds, groups],
    flops: 5 * size(images),
  });
}
