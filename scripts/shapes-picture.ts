// node scripts/run.mjs scripts/shapes-picture.ts: draws docs/shapes.svg, eight pictures of each class of `shapes`.
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { imageSize } from '../src/data/dataset.ts';
import { shapes } from '../src/data/shapes.ts';

const ROWS = 8;
/** GAP is the distance of two pictures in their pixels, ZOOM the number of screen pixels per picture pixel. */
const GAP = 2;
const ZOOM = 2;
const LABEL_HEIGHT = 44;

const { train } = shapes();
const { classes, images, height, width } = train;
const size = imageSize(train);
const mosaicWidth = classes.length * (width + GAP) - GAP;
const mosaicHeight = ROWS * (height + GAP) - GAP;

/** Draws the pictures as RGBA pixels, one column per class; the gaps are transparent. */
function mosaic(): Uint8Array {
  const pixels = new Uint8Array(mosaicWidth * mosaicHeight * 4);
  for (let i = 0; i < ROWS * classes.length; i++) {
    const top = Math.floor(i / classes.length) * (height + GAP);
    const left = (i % classes.length) * (width + GAP);
    for (let p = 0; p < height * width; p++) {
      const to = ((top + Math.floor(p / width)) * mosaicWidth + left + (p % width)) * 4;
      // 16 levels take half the bytes of 256, and the noise dithers them.
      for (let c = 0; c < 3; c++) pixels[to + c] = (images[i * size + c * height * width + p] & 0xf0) + 8;
      pixels[to + 3] = 255;
    }
  }
  return pixels;
}

/** Encodes 8-bit RGBA pixels as a PNG. */
function encodePng(pixels: Uint8Array, columns: number, rows: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0]);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  const filtered = Buffer.alloc(rows * (1 + columns * 4)); // each row starts with its filter type, 0 for none
  for (let y = 0; y < rows; y++) {
    filtered.set(pixels.subarray(y * columns * 4, (y + 1) * columns * 4), y * (1 + columns * 4) + 1);
  }
  const chunk = (type: string, data: Uint8Array) => {
    const typed = Buffer.concat([Buffer.from(type), data]);
    const bytes = Buffer.concat([Buffer.alloc(4), typed, Buffer.alloc(4)]);
    bytes.writeUInt32BE(data.length, 0);
    bytes.writeUInt32BE(crc32(typed), bytes.length - 4);
    return bytes;
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(filtered, { level: 9 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

const png = encodePng(mosaic(), mosaicWidth, mosaicHeight).toString('base64');
const labels = classes.map((name, k) => {
  const x = ZOOM * (k * (width + GAP) + width / 2);
  const [colour, form] = name.split(' ');
  return `<text x="${x}" y="16">${colour}</text><text x="${x}" y="33">${form}</text>`;
});
const svgWidth = ZOOM * mosaicWidth;
const svgHeight = LABEL_HEIGHT + ZOOM * mosaicHeight;
writeFileSync(
  'docs/shapes.svg',
  `<svg xmlns="http://www.w3.org/2000/svg" width="${svgWidth}" height="${svgHeight}" viewBox="0 0 ${svgWidth} ${svgHeight}">
<title>Eight pictures of each of the ten classes of shapes</title>
<g font-family="system-ui, sans-serif" font-size="14" text-anchor="middle" fill="#808080">
${labels.join('\n')}
</g>
<image y="${LABEL_HEIGHT}" width="${svgWidth}" height="${ZOOM * mosaicHeight}" style="image-rendering: pixelated" href="data:image/png;base64,${png}"/>
</svg>
`,
);
