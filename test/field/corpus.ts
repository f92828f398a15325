import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { Random } from '../../src/data/random.ts';

/** Files by their names. */
export type Corpus = Record<string, Uint8Array>;

const RAW = { width: 90, height: 60 };

/** Interleaved pixels: each channel another slope, with noise. */
function slopes(channels: number, top: number, { width, height } = RAW) {
  const random = new Random(channels, 0);
  return Array.from({ length: width * height * channels }, (_, i) => {
    const [c, p] = [i % channels, Math.floor(i / channels)];
    const [x, y] = [(p % width) / width, Math.floor(p / width) / height];
    const value = [x, y, (x + y) / 2, 1 - x][c];
    return Math.round(top * Math.min(1, Math.max(0, value + 0.1 * (random.uniform() - 0.5))));
  });
}

const picture = (channels: 1 | 2 | 3 | 4, size = RAW) =>
  sharp(Uint8Array.from(slopes(channels, 255, size)), { raw: { ...size, channels } });

const deep = (channels: 1 | 2 | 3 | 4) =>
  sharp(Uint16Array.from(slopes(channels, 65535)), { raw: { ...RAW, channels } }).toColourspace(
    channels < 3 ? 'grey16' : 'rgb16',
  );

const noise = (width: number, height: number) => {
  const random = new Random(width, 0);
  const pixels = Uint8Array.from({ length: 3 * width * height }, () => 256 * random.uniform());
  return sharp(pixels, { raw: { width, height, channels: 3 } });
};

/** Puts a chunk behind a PNG file's header. */
function withChunk(png: Buffer, type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, 33), length, body, sum, png.subarray(33)]);
}

/** The position of the marker that Adobe's programs write into a JPEG file. */
const adobe = (jpeg: Buffer) => jpeg.indexOf(Buffer.from([0xff, 0xee]));

const words = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
};

const WRITERS: Record<string, (from: Sharp) => Sharp> = {
  jpg: (from) => from.jpeg({ quality: 95 }),
  png: (from) => from.png(),
  webp: (from) => from.webp({ lossless: true }),
  avif: (from) => from.avif({ quality: 90, effort: 0 }),
};

/** Pictures of each format and kind that is read. */
export async function pictures(): Promise<Corpus> {
  const upright = await picture(3).png().toBuffer();
  const inks = await picture(3).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
  const at = adobe(inks);
  const ycck = Buffer.from(inks);
  ycck[at + 15] = 2;
  const frames = sharp([upright, await noise(90, 60).png().toBuffer()], { join: { animated: true } });
  const made: Record<string, Sharp | Buffer> = {
    'grey.png': picture(1).toColourspace('b-w').png(),
    'grey.jpg': picture(1).toColourspace('b-w').jpeg(),
    'grey.avif': picture(1).toColourspace('b-w').avif({ effort: 0 }),
    'grey and alpha.png': picture(2).png(),
    'alpha.png': picture(4).png(),
    'alpha.webp': picture(4).webp({ lossless: true }),
    'alpha.avif': picture(4).avif({ quality: 90, effort: 0 }),
    '16 bit.png': deep(3).png(),
    '16 bit and alpha.png': deep(4).png(),
    '16 bit grey.png': deep(1).png(),
    '16 bit grey and alpha.png': deep(2).png(),
    'palette.png': picture(3).png({ palette: true, colours: 32 }),
    'palette and alpha.png': picture(4).png({ palette: true, colours: 32 }),
    'two colours.png': picture(1).threshold().toColourspace('b-w').png({ palette: true, colours: 2 }),
    'palette.gif': picture(3).gif(),
    'palette and alpha.gif': picture(4).gif(),
    'two frames.gif': frames.clone().gif(),
    'two frames.webp': frames.clone().webp(),
    'interlaced.png': picture(3).png({ progressive: true }),
    'progressive.jpg': picture(3).jpeg({ progressive: true }),
    'chroma.jpg': picture(3).jpeg({ chromaSubsampling: '4:2:0' }),
    'lossy.webp': picture(3).webp(),
    '10 bit.avif': picture(3).avif({ quality: 90, effort: 0, bitdepth: 10 }),
    'inks.jpg': inks,
    'inks without marker.jpg': Buffer.concat([inks.subarray(0, at), inks.subarray(at + 2 + inks.readUInt16BE(at + 2))]),
    'inks as luma and chroma.jpg': ycck,
    'inks with profile.jpg': picture(3).withIccProfile('cmyk').toColourspace('cmyk').jpeg({ quality: 95 }),
    'profile.jpg': picture(3).withIccProfile('p3').jpeg(),
    'profile.png': picture(3).withIccProfile('p3').png(),
    'profile.webp': picture(3).withIccProfile('p3').webp({ lossless: true }),
    'profile.avif': picture(3).withIccProfile('p3').avif({ effort: 0 }),
    'gamma 1.png': withChunk(upright, 'gAMA', words(100_000)),
    'gamma 1.8.png': withChunk(upright, 'gAMA', words(55_556)),
    'primaries.png': withChunk(upright, 'cHRM', words(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)),
    'code points.png': withChunk(upright, 'cICP', Buffer.from([9, 16, 0, 1])),
    'noise.png': noise(125, 90).png(),
    'noise.jpg': noise(125, 90).jpeg(),
    'more noise.jpg': noise(260, 390).jpeg(),
    'small noise.png': noise(20, 13).png(),
    'slim noise.png': noise(300, 7).png(),
    'large.jpg': picture(3, { width: 701, height: 530 }).jpeg(),
    'large.webp': picture(3, { width: 701, height: 530 }).webp(),
    'one pixel.gif': noise(1, 1).gif(),
  };
  for (const [ending, write] of Object.entries(WRITERS)) {
    made[`plain.${ending}`] = write(sharp(upright));
  }
  const files: Corpus = await turned(upright);
  for (const [name, file] of Object.entries(made)) files[name] = Buffer.isBuffer(file) ? file : await file.toBuffer();
  return files;
}

/** What turns a picture so that EXIF's orientation (the index) turns it back. */
const TURNS: ((from: Sharp) => Sharp)[] = [
  (from) => from,
  (from) => from,
  (from) => from.flop(),
  (from) => from.rotate(180),
  (from) => from.flip(),
  (from) => from.rotate(270).flop(),
  (from) => from.rotate(270),
  (from) => from.rotate(90).flop(),
  (from) => from.rotate(90),
];

/** The picture stored in all orientations, as 'turned 1.jpg' and so on. */
async function turned(upright: Buffer): Promise<Corpus> {
  const files: Corpus = {};
  for (let orientation = 1; orientation <= 8; orientation++) {
    const stored = await TURNS[orientation](sharp(upright)).png().toBuffer();
    for (const [ending, write] of Object.entries(WRITERS)) {
      files[`turned ${orientation}.${ending}`] = await write(sharp(stored).withMetadata({ orientation })).toBuffer();
    }
  }
  return files;
}

/** Files that are no pictures or damaged ones. */
export async function refused(): Promise<Corpus> {
  const large = { width: 200, height: 150 };
  const files: Corpus = {};
  for (const [ending, write] of Object.entries(WRITERS)) {
    const whole = await write(noise(large.width, large.height)).toBuffer();
    files[`cut.${ending}`] = whole.subarray(0, whole.length * 0.6);
  }
  const jpeg = await noise(64, 64).jpeg().toBuffer();
  const huge = Buffer.from(await noise(8, 8).png().toBuffer());
  huge.writeUInt32BE(20_000, 16);
  huge.writeUInt32BE(20_001, 20);
  huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
  return {
    ...files,
    'cut before its end marker.jpg': Buffer.concat([jpeg.subarray(0, 1500), jpeg.subarray(-2)]),
    'without end marker.jpg': jpeg.subarray(0, -2),
    'huge.png': huge,
    'drawing.png': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    'picture.tif': await noise(8, 8).tiff().toBuffer(),
    'bitmap.jpg': Buffer.from(`BM${'\0'.repeat(12)}\x28\0\0\0${'\0'.repeat(60)}`, 'latin1'),
    'page.jpg': Buffer.from('<!doctype html><html>404</html>'),
    'empty.jpg': Buffer.alloc(0),
  };
}
