import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Dataset, imageSize } from '../../src/data/dataset.ts';
import { Random } from '../../src/data/random.ts';
import { AREA, COLOURS, drawShape, FORMS, SHAPES_CLASSES, shapes } from '../../src/data/shapes.ts';

const PLANE = 32 * 32;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function hashes(dataset: Dataset): string[] {
  const size = imageSize(dataset);
  return Array.from({ length: dataset.length }, (_, i) => sha256(dataset.images.subarray(i * size, (i + 1) * size)));
}

function draw(form: number, colour: number, stream: number): Uint8Array {
  const pixels = new Uint8Array(3 * PLANE);
  drawShape(form, colour, new Random(5, stream), pixels);
  return pixels;
}

/** Ten times as many images as by default; drawn once. */
const large = shapes({ train: 4000, validation: 2000 });

test('every form comes in two colours and every colour in two forms, so each alone is right half of the time', () => {
  expect(SHAPES_CLASSES.length).toBe(10);
  expect(new Set(SHAPES_CLASSES.map(({ name }) => name)).size).toBe(10);
  for (let i = 0; i < 5; i++) {
    expect(SHAPES_CLASSES.filter(({ form }) => form === i).length).toBe(2);
    expect(SHAPES_CLASSES.filter(({ colour }) => colour === i).length).toBe(2);
  }
});

test('grey shows nothing of the colour', () => {
  for (let stream = 0; stream < 20; stream++) {
    const form = stream % FORMS.length;
    const grey = COLOURS.map((_, colour) => {
      const pixels = draw(form, colour, stream);
      return Array.from({ length: PLANE }, (_, i) => (pixels[i] + pixels[PLANE + i] + pixels[2 * PLANE + i]) / 3);
    });
    const spread = grey[0].map((_, i) => Math.max(...grey.map((g) => g[i])) - Math.min(...grey.map((g) => g[i])));
    // three roundings of half a level at most, up or down
    expect(Math.max(...spread)).toBeLessThanOrEqual(1);
  }
});

test('all forms cover the same area and are the same in a mirror', () => {
  const step = 1 / 16;
  for (const { name, distance } of FORMS) {
    let inside = 0;
    for (let y = -16; y < 16; y += step) {
      for (let x = -16; x < 16; x += step) {
        const d = distance(x + step / 2, y + step / 2);
        if (d < 0) inside++;
        if (Math.abs(d - distance(-x - step / 2, y + step / 2)) > 1e-9) throw new Error(`${name} is not symmetric`);
      }
    }
    expect(Math.abs((inside * step * step) / AREA - 1), name).toBeLessThan(0.01);
  }
});

test('no image occurs twice, in one split or across both', () => {
  const all = [...hashes(large.train), ...hashes(large.validation)];
  expect(new Set(all).size).toBe(all.length);
});

test('an image depends on the seed and its number only', () => {
  const small = shapes({ train: 20, validation: 20 });
  expect(hashes(small.train)).toEqual(hashes(large.train).slice(0, 20));
  expect(hashes(small.validation)).toEqual(hashes(large.validation).slice(0, 20));
  const other = shapes({ seed: 1, train: 20, validation: 20 });
  expect(hashes(other.train)).not.toEqual(hashes(small.train));
});

test('gives the same pixels on every machine', () => {
  const { train, validation } = shapes();
  expect([sha256(train.images), sha256(validation.images)]).toEqual([
    'faf96551daccd44c290a61478f7ae026a6777f2325e0a9faf4344df33fe7bd78',
    '20eb02495c7c68bc7a2d79753a29b34fbe50fdb162b085a109e455d71f1d197f',
  ]);
});

test('has every class equally often', () => {
  const { train, validation } = shapes();
  expect(train).toMatchObject({ name: 'shapes', channels: 3, height: 32, width: 32, length: 400 });
  expect(train.classes[0]).toBe('red disc');
  expect(validation.length).toBe(200);
  for (const { labels, length } of [train, validation]) {
    for (let k = 0; k < 10; k++) expect(labels.filter((label) => label === k).length).toBe(length / 10);
  }
});
