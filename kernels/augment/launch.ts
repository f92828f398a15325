import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { LANES, nchw, vector } from '../common/launch.ts';
import augmentKernel from './augment.wgsl';
import { AUGMENT_STREAM } from './draw.ts';

interface Normalize {
  /** u8 [N,C,H,W] */
  readonly pixels: Tensor;
  /** f32 or f16, of the same shape. */
  readonly images: Tensor;
  /** Per channel, on pixels from 0 to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The random changes of an image. */
export interface Augmentation {
  /** Pixels of reflected border that crops may reach into. */
  readonly padding: number;
  /** Brightness is scaled by a factor from 1 − this to 1 + this, as torchvision's ColorJitter does. */
  readonly brightness: number;
  /** Mirrors half of the images. */
  readonly flip: boolean;
}

interface Augment extends Normalize, Augmentation {
  /** u32 [seed, step] */
  readonly seed: Tensor;
}

/** images = pixels, each image cropped, flipped and brightened at random, then normalised. */
export function augment(device: Device, { seed, padding, brightness, flip, ...launch }: Augment): void {
  const { h, w } = nchw(launch.pixels);
  if (padding >= Math.min(h, w)) {
    throw new Error(`augment: padding must be less than the image's extents, got ${padding} for ${h}×${w}`);
  }
  const constants = { PADDING: padding, BRIGHTNESS: brightness, FLIP: flip, STREAM: AUGMENT_STREAM };
  dispatch(device, launch, { AUGMENT: true, ...constants }, { seed });
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
  device.dispatch({
    kernel: augmentKernel,
    constants: { ...v, LANES, ...constants, MEAN: mean.join(), STD: std.join(), C: c, H: h, W: w, ROW: w / v.WIDTH },
    reads: { pixels, ...reads },
    writes: { images },
    workgroups: [Math.ceil((h * w) / v.WIDTH / LANES), c, n],
    flops: 5 * size(images),
  });
}
