import { random, unit } from '../common/random.ts';
import type { Augmentation } from './launch.ts';

/** The stream of augmentation's random numbers, and the two before it; dropouts number theirs from 0. */
export const AUGMENT_STREAM = 0xffffffff;

/** The rectangle that is erased. */
interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The augmentation of one image. */
export interface Drawn {
  /** The shift of the crop. */
  readonly dy: number;
  readonly dx: number;
  readonly flipped: boolean;
  /** The factor of its brightness. */
  readonly factor: number;
  /** In radians. */
  readonly angle: number;
  readonly saturation: number;
  readonly erased?: Rectangle;
}

/** The augmentation that the kernel draws for the image at `index` of a batch, of `height` by `width` pixels. */
export function draw(
  seed: number,
  step: number,
  index: number,
  { padding, brightness, flip, rotation = 0, saturation = 0, erase = 0 }: Augmentation,
  [height, width]: readonly [number, number],
): Drawn {
  const words = (stream: number) => random(seed, step, stream, index);
  const [x, y, z, w] = words(AUGMENT_STREAM);
  const more = words(AUGMENT_STREAM - 1);
  const shift = (word: number) => Math.floor(((word >>> 16) * (2 * padding + 1)) / 65536) - padding;
  const symmetric = (word: number, most: number) => most * (2 * unit(word) - 1);
  return {
    dy: shift(x),
    dx: shift(y),
    flipped: flip && z >>> 31 === 1,
    factor: 1 + symmetric(w, brightness),
    angle: symmetric(more[0], (rotation * Math.PI) / 180),
    saturation: 1 + symmetric(more[1], saturation),
    erased: unit(more[2]) < erase ? rectangle(words(AUGMENT_STREAM - 2), height, width) : undefined,
  };
}

function rectangle([x, y, z, w]: readonly number[], pictureHeight: number, pictureWidth: number): Rectangle {
  const area = pictureHeight * pictureWidth * (0.02 + 0.31 * unit(x));
  const ratio = Math.exp(Math.log(0.3) + (Math.log(3.3) - Math.log(0.3)) * unit(y));
  const side = (length: number, most: number) => Math.min(Math.max(Math.round(length), 1), most);
  const height = side(Math.sqrt(area * ratio), pictureHeight);
  const width = side(Math.sqrt(area / ratio), pictureWidth);
  const start = (word: number, places: number) => Math.floor(((word >>> 16) * places) / 65536);
  return { top: start(z, pictureHeight - height + 1), left: start(w, pictureWidth - width + 1), height, width };
}
