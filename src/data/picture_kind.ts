import { encodingOf } from './text.ts';

/** Number of first bytes that {@link kindOf} needs. */
export const HEAD_BYTES = 4096;

/** What a file is by its first bytes. */
export interface FileKind {
  readonly one: string;
  readonly many: string;
  /** Whether it is a picture, of a format that is read or not. */
  readonly picture?: true;
  /** Whether Node and the page decode it. */
  readonly read?: true;
  /** What to do with it. */
  readonly remedy?: string;
}

const CONVERT = 'convert to JPEG or PNG';
const AGAIN = 'download again';

const read = (name: string): FileKind => ({ one: name, many: `${name}s`, picture: true, read: true });
const unread = (name: string): FileKind => ({ one: name, many: `${name}s`, picture: true, remedy: CONVERT });
const other = (name: string, remedy?: string): FileKind => ({ one: name, many: `${name}s`, remedy });

/** All kinds of files that are told apart. */
export const KINDS = {
  jpeg: read('JPEG picture'),
  png: read('PNG picture'),
  webp: read('WebP picture'),
  gif: read('GIF picture'),
  avif: read('AVIF picture'),
  tiff: unread('TIFF picture'),
  heic: unread('HEIC picture'),
  bmp: unread('BMP picture'),
  svg: unread('SVG drawing'),
  jxl: unread('JPEG XL picture'),
  jp2: unread('JPEG 2000 picture'),
  raw: unread('raw camera picture'),
  psd: unread('Photoshop picture'),
  xcf: unread('GIMP picture'),
  ico: unread('icon'),
  pnm: unread('PPM picture'),
  exr: unread('OpenEXR picture'),
  dicom: unread('DICOM picture'),
  empty: other('empty file', AGAIN),
  zeros: { one: 'file of zeros', many: 'files of zeros', remedy: AGAIN },
  html: other('web page', AGAIN),
  lfs: other('Git LFS pointer', 'fetch with git lfs pull'),
  xml: other('XML file'),
  text: other('text file'),
  pdf: other('PDF document'),
  zip: other('zip archive', 'unpack'),
  archive: other('archive', 'unpack'),
  video: other('video', 'save its frames as pictures'),
  audio: other('sound file'),
  array: other('NumPy file'),
  unknown: { one: 'file of an unknown kind', many: 'files of unknown kinds' },
} satisfies Record<string, FileKind>;

export type KindName = keyof typeof KINDS;

/** Whether Node and the page read files of a kind as pictures. */
export const isRead = (kind: KindName): boolean => 'read' in KINDS[kind];

const latin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** Signatures at the start of a file, as Latin-1 text; ? is any byte. The first that matches counts. */
const SIGNATURES: readonly (readonly [KindName, ...string[]])[] = [
  ['jpeg', '\xff\xd8\xff'],
  ['png', '\x89PNG\r\n\x1a\n'],
  ['webp', 'RIFF????WEBP'],
  ['gif', 'GIF87a', 'GIF89a'],
  // Before TIFF, on which they are built.
  ['raw', 'II*\0????CR', 'IIRO', 'IIRS', 'IIU\0', 'FUJIFILMCCD-RAW'],
  ['tiff', 'II*\0', 'MM\0*', 'II+\0', 'MM\0+'],
  // The size of the second header tells a bitmap from a text that begins with BM.
  [
    'bmp',
    ...[0x0c, 0x28, 0x34, 0x38, 0x40, 0x6c, 0x7c].map((size) => `BM????????????${String.fromCharCode(size)}\0\0\0`),
  ],
  ['jxl', '\xff\x0a', '\0\0\0\x0cJXL '],
  ['jp2', '\0\0\0\x0cjP  ', '\xff\x4f\xff\x51'],
  ['psd', '8BPS'],
  ['xcf', 'gimp xcf'],
  ['ico', '\0\0\x01\0?\0', '\0\0\x02\0?\0'],
  ['pnm', ...[1, 2, 3, 4, 5, 6, 7].flatMap((digit) => [`P${digit}\n`, `P${digit} `])],
  ['exr', '\x76\x2f\x31\x01'],
  ['dicom', `${'?'.repeat(128)}DICM`],
  ['pdf', '%PDF-'],
  ['zip', 'PK\x03\x04', 'PK\x05\x06'],
  [
    'archive',
    '7z\xbc\xaf\x27\x1c',
    'Rar!',
    '\x1f\x8b',
    'BZh',
    '\xfd7zXZ',
    '\x28\xb5\x2f\xfd',
    `${'?'.repeat(257)}ustar`,
  ],
  ['video', '\x1a\x45\xdf\xa3', 'RIFF????AVI ', '\0\0\x01\xba', '\0\0\x01\xb3', 'FLV\x01', '????moov', '????mdat'],
  ['audio', 'ID3', 'OggS', 'fLaC', 'RIFF????WAVE'],
  ['array', '\x93NUMPY'],
];

const startsWith = (text: string, pattern: string) =>
  text.length >= pattern.length && [...pattern].every((char, i) => char === '?' || char === text[i]);

/** Brands of the container that AVIF, HEIC and MP4 share, AVIF first. */
const BRANDS: readonly (readonly [RegExp, KindName])[] = [
  [/^(avif|avis)$/, 'avif'],
  [/^(hei[cxms]|hev[cxms]|mif1|msf1)$/, 'heic'],
  [/^crx $/, 'raw'],
  [/^(M4A|M4B)/, 'audio'],
];

/** How texts of some kinds begin. */
const TEXTS: readonly (readonly [RegExp, KindName])[] = [
  [/^version https:\/\/git-lfs/, 'lfs'],
  [/^<svg\b/i, 'svg'],
  [/^<(\?xml|!--|!doctype svg)[\s\S]*<svg\b/i, 'svg'],
  [/^(<!--[\s\S]*?-->\s*)?<(!doctype html|html|head|body|script|title)\b/i, 'html'],
  [/^<\?xml/, 'xml'],
];

/**
 * Tells what a file is by its content; its name does not matter.
 * @param head its first {@link HEAD_BYTES} bytes, or all bytes of a shorter file
 */
export function kindOf(head: Uint8Array): KindName {
  if (head.length === 0) return 'empty';
  const bytes = head.subarray(0, HEAD_BYTES);
  const start = latin1(bytes);
  const signature = SIGNATURES.find(([, ...patterns]) => patterns.some((pattern) => startsWith(start, pattern)));
  if (signature) return signature[0];
  if (start.startsWith('ftyp', 4)) return brandOf(start);
  if (bytes.every((byte) => byte === 0)) return 'zeros';
  const text = textOf(bytes)?.trimStart();
  if (text === undefined) return 'unknown';
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'text';
}

/** The kind of a file of the container 'ftyp': by its main brand, but AVIF may also be a compatible brand. */
function brandOf(start: string): KindName {
  const size = Math.max(16, start.charCodeAt(2) * 256 + start.charCodeAt(3));
  const main = start.slice(8, 12);
  const compatible = start.slice(16, size).match(/.{4}/gs) ?? [];
  const kind = BRANDS.find(([pattern]) => pattern.test(main))?.[1] ?? 'video';
  return kind === 'heic' && compatible.some((brand) => BRANDS[0][0].test(brand)) ? 'avif' : kind;
}

/** The text at the start of a file, or undefined if it is no text. */
function textOf(head: Uint8Array): string | undefined {
  const text = new TextDecoder(encodingOf(head)).decode(head);
  const isControl = (code: number) => code < 9 || (code > 13 && code < 32 && code !== 27);
  return [...text].some((char) => isControl(char.charCodeAt(0))) ? undefined : text;
}
