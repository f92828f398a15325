import { type Dataset, inMemory, type Splits } from './dataset.ts';
import { Random } from './random.ts';

const SIZE = 32;
const PLANE = SIZE * SIZE;
/** Every form's area in square pixels, at scale 1. */
export const AREA = 200;

/** A form's signed distance at (x, y) from its centre, in pixels: below 0 inside. Mirror symmetric: flips are safe. */
type Form = (x: number, y: number) => number;

const DISC_RADIUS = Math.sqrt(AREA / Math.PI);
const SQUARE_HALF = Math.sqrt(AREA) / 2;
const TRIANGLE_INRADIUS = Math.sqrt(AREA / (3 * Math.sqrt(3)));
/** A ring this far to either side of a circle of three times that radius: the hole has half the outer radius. */
const RING_HALF = Math.sqrt(AREA / (12 * Math.PI));
/** Five squares of this side make the cross. */
const CROSS_SIDE = Math.sqrt(AREA / 5);

/** In an order that makes neighbours easy to tell apart: they share a colour (see SHAPES_CLASSES). */
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

/** Each colour as what it adds to grey, in red, green and blue; the three add up to 0. */
export const COLOURS: readonly { readonly name: string; readonly rgb: readonly [number, number, number] }[] = [
  { name: 'red', rgb: [74, -37, -37] },
  { name: 'yellow', rgb: [37, 37, -74] },
  { name: 'green', rgb: [-37, 74, -37] },
  { name: 'blue', rgb: [-37, -37, 74] },
  { name: 'magenta', rgb: [37, -74, 37] },
];

/** Class k: form k / 2, in the colour of the same number or in the next. */
export const SHAPES_CLASSES = Array.from({ length: 2 * FORMS.length }, (_, label) => {
  const form = label >> 1;
  const colour = ((label + 1) >> 1) % COLOURS.length;
  return { name: `${COLOURS[colour].name} ${FORMS[form].name}`, form, colour };
});

/** Standard deviation of a pixel's noise; it never exceeds 3.46 of them, so that hardly a pixel has to be cut to 0..255. */
const NOISE = 8;
/** Four random bytes' sum has this standard deviation around 510. */
const BYTES_DEVIATION = Math.sqrt((4 * (256 * 256 - 1)) / 12);

/**
 * Draws one image into `pixels` (3·32·32, as a red, a green and a blue plane). Takes as many random numbers
 * whatever the form and colour.
 */
export function drawShape(form: number, colour: number, random: Random, pixels: Uint8Array): void {
  const { distance } = FORMS[form];
  const scale = random.uniform(0.8, 1.1);
  const centreX = SIZE / 2 + random.uniform(-3, 3);
  const centreY = SIZE / 2 + random.uniform(-3, 3);
  // a tilt of up to 23° from the tangent of its half, which needs no sine
  const tangent = random.uniform(-0.2, 0.2);
  const cos = (1 - tangent * tangent) / (1 + tangent * tangent) / scale;
  const sin = (2 * tangent) / (1 + tangent * tangent) / scale;

  const level = random.uniform(120, 135);
  const saturation = random.uniform(0.8, 1);
  const shade = tint(random, 6).map((t, c) => level + t + saturation * COLOURS[colour].rgb[c]);
  const contrast = random.uniform(50, 66);
  const ground = tint(random, 14).map((t) => level + t - contrast);
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
      const back = ground[c] + slope;
      const value = back + (shade[c] - back) * coverage + noise(random);
      pixels[c * PLANE + i] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
}

/** A random shift of a colour that keeps its mean of red, green and blue. */
function tint(random: Random, amplitude: number): number[] {
  const shift = [0, 0, 0].map(() => random.uniform(-amplitude, amplitude));
  const mean = (shift[0] + shift[1] + shift[2]) / 3;
  return shift.map((s) => s - mean);
}

/** Nearly normal, and from one draw: there are 3072 of them in an image. */
function noise(random: Random): number {
  const bits = random.bits();
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return ((sum - 510) / BYTES_DEVIATION) * NOISE;
}

function clamp01(x: number): number {
  return Math.max(0, Math.min(1, x));
}

/**
 * The built-in data set: drawings of 32×32 pixels of a coloured form on a darker ground, ten classes of equal size.
 *
 * A class is a pair of one of five forms and one of five colours, such that every form comes in two colours and
 * every colour in two forms. Who knows the form alone, or the colour alone, is left with two equally likely
 * classes and is right half of the time at best; only both together name the class. For this to hold,
 *
 * - all colours have the same mean of red, green and blue: in grey, which is all that the Yin branch sees, an image
 *   is the same in either colour, up to rounding;
 * - all forms cover the same area: the amount of colour tells nothing of the form.
 *
 * Position, size, tilt, brightness, ground and noise vary. Only + - * / and square roots are used, which are exact
 * to the last bit everywhere, so that a seed gives the same pixels on every machine.
 *
 * Image i of a split depends on the seed and on i alone.
 * @param options sizes are numbers of images
 */
export function shapes(options: { seed?: number; train?: number; validation?: number } = {}): Splits {
  const { seed = 0, train = 400, validation = 200 } = options;
  return { train: drawSplit(seed, 0, train), validation: drawSplit(seed, 1, validation) };
}

/** Even random streams make the training images and odd ones the validation images, so the two never meet. */
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
