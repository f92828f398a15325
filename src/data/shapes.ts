import { type Dataset, inMemory, type Splits } from './dataset.ts';
import { Random } from './random.ts';

const SIZE = 32;
const PLANE = SIZE * SIZE;
/** Area of every form at scale 1, in square pixels. */
export const AREA = 200;

/**
 * Signed distance from a form's edge at (x, y) from its centre, in pixels; negative inside. Forms are mirror symmetric, so
 * that flips keep the class.
 */
type Form = (x: number, y: number) => number;

const DISC_RADIUS = Math.sqrt(AREA / Math.PI);
const SQUARE_HALF = Math.sqrt(AREA) / 2;
const TRIANGLE_INRADIUS = Math.sqrt(AREA / (3 * Math.sqrt(3)));
/** Half the ring's width; its radii are 2 and 4 times this. */
const RING_HALF = Math.sqrt(AREA / (12 * Math.PI));
/** The cross consists of five squares of this side. */
const CROSS_SIDE = Math.sqrt(AREA / 5);

/** Neighbours in this list share a colour (see SHAPES_CLASSES), so they must be easy to distinguish. */
export const FORMS: readonly { readonly name: string; readonly distance: Form }[] = [
  { name: 'disc', distance: (x, y) => Math.sqrt(x * x + y * y) - DISC_RADIUS },
  {
    name: 'cross',
    distance: (x, y) =>
      Math.min(box(x, y, 1.5 * CROSS_SIDE, 0.5 * CROSS_SIDE), box(x, y, 0.5 * CROSS_SIDE, 1.5 * CROSS_SIDE)),
  },
  { name: 'square', distance: (x, y) => box(x, y, SQUARE_HALF, SQUARE_HALF) },
  { name: 'ring', distance: (x, y) => Math.abs(Math.sqrt(x * x + y * y) - 3 * RING_HALF) - RING_HALF },
  {
    name: 'triangle',
    distance: (x, y) => Math.max(y, (Math.abs(x) * Math.sqrt(3) - y) / 2) - TRIANGLE_INRADIUS,
  },
];

function box(x: number, y: number, halfWidth: number, halfHeight: number): number {
  return Math.max(Math.abs(x) - halfWidth, Math.abs(y) - halfHeight);
}

/** Offsets from grey in red, green and blue; they sum to 0. */
export const COLOURS: readonly { readonly name: string; readonly rgb: readonly [number, number, number] }[] = [
  { name: 'red', rgb: [74, -37, -37] },
  { name: 'yellow', rgb: [37, 37, -74] },
  { name: 'green', rgb: [-37, 74, -37] },
  { name: 'blue', rgb: [-37, -37, 74] },
  { name: 'magenta', rgb: [37, -74, 37] },
];

/** Class k is form ⌊k / 2⌋ in the colour of the same index (even k) or the next index (odd k). */
export const SHAPES_CLASSES = Array.from({ length: 2 * FORMS.length }, (_, label) => {
  const form = label >> 1;
  const colour = ((label + 1) >> 1) % COLOURS.length;
  return { name: `${COLOURS[colour].name} ${FORMS[form].name}`, form, colour };
});

/** Standard deviation of the pixel noise. The noise is bounded by 3.46 deviations, so few pixels are clamped to 0..255. */
const NOISE = 8;
/** Standard deviation of the sum of four random bytes; its mean is 510. */
const BYTE_SUM_DEVIATION = Math.sqrt((4 * (256 * 256 - 1)) / 12);

/**
 * Draws one image. The number of random draws does not depend on the form and colour.
 * @param form index into {@link FORMS}
 * @param colour index into {@link COLOURS}
 * @param pixels output, [3, 32, 32]
 */
export function drawShape(form: number, colour: number, random: Random, pixels: Uint8Array): void {
  const { distance } = FORMS[form];
  const scale = random.uniform(0.8, 1.1);
  const centreX = SIZE / 2 + random.uniform(-3, 3);
  const centreY = SIZE / 2 + random.uniform(-3, 3);
  // A tilt of up to 23°, from the tangent of half the angle: Math.sin is not the same on all machines.
  const tangent = random.uniform(-0.2, 0.2);
  const cos = (1 - tangent * tangent) / (1 + tangent * tangent) / scale;
  const sin = (2 * tangent) / (1 + tangent * tangent) / scale;

  const level = random.uniform(120, 135);
  const saturation = random.uniform(0.8, 1);
  const foreground = tint(random, 6).map((t, c) => level + t + saturation * COLOURS[colour].rgb[c]);
  const contrast = random.uniform(50, 66);
  const background = tint(random, 14).map((t) => level + t - contrast);
  const slopeX = random.uniform(-0.3, 0.3);
  const slopeY = random.uniform(-0.3, 0.3);

  for (let i = 0; i < PLANE; i++) {
    const column = (i % SIZE) + 0.5;
    const row = Math.floor(i / SIZE) + 0.5;
    const x = column - centreX;
    const y = row - centreY;
    const coverage = clamp01(0.5 - scale * distance(cos * x + sin * y, cos * y - sin * x));
    const slope = slopeX * (column - SIZE / 2) + slopeY * (row - SIZE / 2);
    for (let c = 0; c < 3; c++) {
      const behind = background[c] + slope;
      const value = behind + (foreground[c] - behind) * coverage + noise(random);
      pixels[c * PLANE + i] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
}

/** Random offsets of red, green and blue with sum 0. */
function tint(random: Random, amplitude: number): number[] {
  const shift = [0, 0, 0].map(() => random.uniform(-amplitude, amplitude));
  const mean = (shift[0] + shift[1] + shift[2]) / 3;
  return shift.map((s) => s - mean);
}

/** Approximately normal noise: the sum of four random bytes. One draw per value, because an image needs 3072. */
function noise(random: Random): number {
  const bits = random.bits();
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return ((sum - 510) / BYTE_SUM_DEVIATION) * NOISE;
}

function clamp01(x: number): number {
  return Math.max(0, Math.min(1, x));
}

/**
 * Generates the built-in data set: 32×32 RGB images of a coloured form on a darker background, in ten classes of equal
 * size.
 *
 * A class is a pair of a form and a colour. Each of the five forms has two colours, and each of the five colours has two
 * forms. A classifier that sees only the form, or only the colour, is therefore at most 50 % accurate; both together
 * determine the class. This requires that
 *
 * - all colours have the same mean of red, green and blue: in grey, the input of the Yin branch, both colours of a form
 *   look the same up to rounding;
 * - all forms have the same area: the amount of colour does not depend on the form.
 *
 * Position, size, tilt, brightness, background and noise vary. Only + - * / and square roots are used, which IEEE 754
 * rounds exactly, so that a seed gives the same pixels on every machine.
 *
 * Image i of a split depends only on the seed and on i.
 * @param options `train` and `validation` are numbers of images
 */
export function shapes(options: { seed?: number; train?: number; validation?: number } = {}): Splits {
  const { seed = 0, train = 400, validation = 200 } = options;
  return { train: drawSplit(seed, 0, train), validation: drawSplit(seed, 1, validation) };
}

/** Training images use the even random streams, validation images the odd ones, so that both are independent. */
function drawSplit(seed: number, parity: 0 | 1, length: number): Dataset {
  const images = new Uint8Array(length * 3 * PLANE);
  const labels = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const label = i % SHAPES_CLASSES.length;
    const { form, colour } = SHAPES_CLASSES[label];
    drawShape(form, colour, new Random(seed, 2 * i + parity), images.subarray(i * 3 * PLANE, (i + 1) * 3 * PLANE));
    labels[i] = label;
  }
  const classes = SHAPES_CLASSES.map(({ name }) => name);
  return inMemory({ name: 'shapes', classes, channels: 3, height: SIZE, width: SIZE, images, labels });
}
