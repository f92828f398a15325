import { execFileSync } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Pictures } from '../../src/data/dataset.ts';
import { type PicturesOptions, readPictures, readScoredPictures } from '../../src/data/pictures-folder.ts';
import { complaint, put, temporaryFolder } from '../data/files.ts';

let jpeg: Uint8Array;
let folder: string;

beforeAll(async () => {
  jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
});
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'pets');
  vi.stubEnv('XDG_CACHE_HOME', await temporaryFolder());
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Puts a number of pictures into each folder. */
const fill = (folders: Record<string, number>) =>
  put(
    folder,
    Object.fromEntries(
      Object.entries(folders).flatMap(([path, count]) =>
        Array.from({ length: count }, (_, i) => [`${path}/${i}.jpg`, jpeg]),
      ),
    ),
  );

const read = async (options: Partial<PicturesOptions> = {}) =>
  (await readPictures(folder, { size: 4, channels: 3, seed: 0, ...options }))!;

const counts = ({ classes, labels }: Pictures) =>
  Object.fromEntries(classes.map((name, label) => [name, labels.filter((own) => own === label).length]));

const score = async (classes: readonly string[], split?: 'train' | 'val' | 'test') =>
  counts((await readScoredPictures(folder, { size: 4, channels: 3, classes, split }))!.pictures);

const PETS = { cat: 3, dog: 3 };
const VAL = { cat: 1, dog: 1 };

test.each([
  ['training', 'validation'],
  ['Train', 'VALID'],
  ['train', 'dev'],
  ['train_set', 'val_set'],
  ['Training-Set', 'Test-set'],
  ['train_images', 'val images'],
  ['train', 'val '],
  ['images/train', 'images/val'],
  ['pets/data/train', 'pets/data/val'],
  ['train/images', 'valid/images'],
  ['train/train', 'val'],
])('%s and %s are splits', async (train, val) => {
  await fill({ [`${train}/cat`]: 3, [`${train}/dog`]: 3, [`${val}/cat`]: 1, [`${val}/dog`]: 1 });
  const data = await read();
  expect([counts(data.train), counts(data.validation), data.notice]).toEqual([PETS, VAL, undefined]);
});

test.each([
  ['cat/train', 'dog/train', 'cat/val', 'dog/val'],
  ['cat/train/cat', 'dog/train/dog', 'cat/val/cat', 'dog/val/dog'],
])('splits may lie inside classes: %s', async (a, b, c, d) => {
  await fill({ [a]: 3, [b]: 3, [c]: 1, [d]: 1 });
  const data = await read();
  expect([counts(data.train), counts(data.validation), data.notice]).toEqual([PETS, VAL, undefined]);
});

test('test beside val is not used, and said so; yy-eval scores it', async () => {
  await fill({ 'train/cat': 3, 'train/dog': 3, 'val/cat': 1, 'val/dog': 1, 'test/cat': 2, 'test/dog': 4 });
  const { train, validation, notice } = await read();
  expect([counts(train), counts(validation)]).toEqual([PETS, VAL]);
  expect(notice).toBe('6 pictures of test are not used for training; yy-eval --split test scores them.');
  expect(await score(['cat', 'dog'], 'test')).toEqual({ cat: 2, dog: 4 });
  expect(await score(['cat', 'dog'])).toEqual(VAL);
});

test('a folder without splits is scored as a whole, and test alone too', async () => {
  await fill({ cat: 3, dog: 3 });
  expect(await score(['bird', 'cat', 'dog'])).toEqual({ bird: 0, ...PETS });
  expect(await complaint(score(['cat', 'dog'], 'test'))).toMatch(/pets has no test folder of pictures\./);
  expect(await complaint(score(['bird', 'cat']))).toMatch(
    /pets\/dog is not a class of the net; expected one of bird, cat/,
  );
  folder = join(folder, 'inner');
  await fill({ 'test/cat': 2, 'test/dog': 2 });
  expect(await score(['cat', 'dog'])).toEqual({ cat: 2, dog: 2 });
  expect(await complaint(read())).toMatch(/has test, but no train folder to train on/);
});

test.each([
  [
    { train: 3, bus: 3 },
    { bus: 3, train: 3 },
  ],
  [
    { train: 3, bus: 3, test: 3 },
    { bus: 3, test: 3, train: 3 },
  ],
])('a class may be called as a split where all others would be lost: %o', async (folders, expected) => {
  await fill(folders);
  expect(await read({ valSplit: 0.34 }).then(({ train }) => train.classes)).toEqual(Object.keys(expected));
});

test('folders of the same names in each class raise a doubt', async () => {
  await fill({ 'seg_train/cat': 3, 'seg_train/dog': 3, 'seg_val/cat': 3, 'seg_val/dog': 3 });
  const { notice } = await read();
  expect(notice).toBe('seg_train, seg_val all hold cat, dog; if they are splits, call them train and val.');
});

test('val without the classes of train is refused by name', async () => {
  await fill({ 'train/cat': 3, 'train/dog': 3, 'val/cat': 1, 'val/Dog': 1 });
  expect(await complaint(read())).toMatch(/val\/Dog is not a class of the training pictures; did you mean 'dog'\?$/);
});

test('names of classes are compared in Unicode NFC', async () => {
  const [nfc, nfd] = ['NFC', 'NFD'].map((form) => 'café 고양이'.normalize(form));
  await fill({ [`train/${nfc}`]: 3, 'train/dog': 3, [`val/${nfd}`]: 1, 'val/dog': 1 });
  const data = await read();
  expect([counts(data.train), counts(data.validation)]).toEqual([
    { [nfc]: 3, dog: 3 },
    { [nfc]: 1, dog: 1 },
  ]);
  folder = join(folder, 'train');
  await fill({ [nfd]: 3 });
  expect((await read()).train.classes).toEqual([nfc, 'dog']);
});

test.each([
  ['val_annotations.txt', '0.jpg\tcat\t0\t0\t9\t9\n1.jpg\tdog\t0\t0\t9\t9\n'],
  ['labels.csv', '\ufefffile,class\r\n0.jpg,cat\r\n"1.jpg","dog"\r\n'],
  ['labels.csv', 'id;breed\n0;cat\n1;dog\n'],
  ['labels.csv', 'images/0.jpg,cat\nimages\\1.jpg,dog\n9.jpg,dog\n'],
])('val without folders of classes reads %s: %j', async (name, text) => {
  await fill({ 'train/cat': 3, 'train/dog': 3, 'val/images': 3 });
  await put(folder, { [`val/${name}`]: text });
  const { train, validation, notice } = await read();
  expect([counts(train), counts(validation)]).toEqual([PETS, VAL]);
  expect(notice).toContain('1 of 10 files is not used: 1 picture without a label, val/images/2.jpg.');
  if (text.includes('9.jpg')) expect(notice).toContain('1 labels have no picture: 9.jpg.');
});

test('a label file may lie in a folder around val', async () => {
  await fill({ 'data/train/cat': 3, 'data/train/dog': 3, 'data/val': 2 });
  await put(folder, { 'labels.csv': 'data/val/0.jpg,cat\ndata/val/1.jpg,dog\ndata/train/cat/0.jpg,cat\n' });
  const { train, validation, notice } = await read();
  expect([counts(train), counts(validation), notice]).toEqual([PETS, VAL, undefined]);
  await put(folder, { 'labels.csv': 'data/val/0.jpg,cat\ndata/val/1.jpg,Dog\n' });
  expect(await complaint(read())).toMatch(/'Dog' in .*pets\/labels\.csv is not a class of .*; did you mean 'dog'\?$/);
});

test('val without classes says how to go on', async () => {
  await fill({ 'train/cat': 3, 'train/dog': 3, val: 2 });
  expect(await complaint(read())).toMatch(
    /pets\/val has 2 pictures, but no folder per class; add labels\.csv .*, or use --val-split 0\.1 to validate/,
  );
  const { train, validation, notice } = await read({ valSplit: 0.34 });
  expect([counts(train), counts(validation)]).toEqual([{ cat: 2, dog: 2 }, VAL]);
  expect(notice).toMatch(
    /2 of 8 files .*: 2 pictures without a label such as val\/0\.jpg\.\nval has 2 pictures, but no/,
  );
});

test('pictures beside the class folders are counted and named', async () => {
  await fill({ cat: 3, dog: 3, '': 2 });
  expect((await read()).notice).toBe('2 of 8 files are not used: 2 pictures outside the class folders such as 0.jpg.');
  folder = join(folder, 'split');
  await fill({ 'train/cat': 3, 'train/dog': 3, 'val/cat': 1, 'val/dog': 1, train: 1, unsorted: 1 });
  expect((await read()).leftOut).toEqual([
    { path: 'train/0.jpg', kind: 'loose' },
    { path: 'unsorted/0.jpg', kind: 'loose' },
  ]);
});

test('what systems and our own runs leave is ignored', async () => {
  await fill({ ...PETS, 'cat/@eaDir/0.jpg': 1, '@eaDir/cat': 1, '#recycle/cat': 1, '$RECYCLE.BIN': 1, __MACOSX: 1 });
  await fill({ '.ipynb_checkpoints': 1, 'cat/.ipynb_checkpoints': 1, 'System Volume Information': 1, 'lost+found': 1 });
  await put(folder, { 'cat/Thumbs.db': 'x', 'desktop.ini': 'x', 'cat/._0.jpg': 'x', '.DS_Store': 'x' });
  await put(folder, { 'runs/a/config.json': '{}', 'runs/a/confusion.png': jpeg, 'runs/b/config.json': '{}' });
  await put(folder, { 'out/config.json': '{}', 'out/metrics.jsonl': '', 'out/confusion.png': jpeg });
  const { train, validation, notice } = await read({ valSplit: 0.34 });
  expect([counts(train), counts(validation), notice]).toEqual([{ cat: 2, dog: 2 }, VAL, undefined]);
});

test('a class may be called runs', async () => {
  await fill({ runs: 3, walks: 3 });
  expect((await read()).train.classes).toEqual(['runs', 'walks']);
});

test('every file is read by its content, or named with its reason', async () => {
  await fill({ dog: 9 });
  const picture = sharp(jpeg);
  await put(folder, {
    'cat/a.jfif': jpeg,
    'cat/b.jpe': jpeg,
    'cat/c.pjpeg': jpeg,
    'cat/d.JPEG': jpeg,
    'cat/e': jpeg,
    'cat/f.dat': await picture.png().toBuffer(),
    'cat/g.gif': await picture.gif().toBuffer(),
    'cat/h.avif': await picture.avif().toBuffer(),
    'cat/i.tif': await picture.tiff().toBuffer(),
    'cat/j.jpg': await picture.webp().toBuffer(),
    'cat/k.heic': `\0\0\0\x18ftypheic\0\0\0\0mif1heic`,
    'cat/l.jpg': '<!DOCTYPE html><title>404</title>',
    'cat/m.jpg': '',
    'cat/n.mp4': '\0\0\0\x18ftypisom\0\0\0\0isom',
    'notes.txt': 'What this is.',
  });
  execFileSync('mkfifo', [join(folder, 'cat/pipe.jpg'), join(folder, 'cat/pipe')]);
  await symlink('/dev/zero', join(folder, 'cat/zero.png'));
  await symlink('a.jfif', join(folder, 'cat/link.jpg'));
  const { train, validation, notice, leftOut } = await read();
  expect(train.length + validation.length).toBe(19);
  expect(leftOut!.map(({ path, kind }) => `${path} ${kind}`).sort()).toEqual([
    'cat/i.tif tiff',
    'cat/k.heic heic',
    'cat/l.jpg html',
    'cat/m.jpg empty',
    'cat/n.mp4 video',
    'cat/pipe special',
    'cat/pipe.jpg special',
    'cat/zero.png special',
    'notes.txt text',
  ]);
  expect(notice).toMatch(
    /^9 of 28 files are not used: 3 devices or pipes such as .*; .*1 HEIC picture, cat\/k\.heic \(conv/,
  );
});

test('a name that is not UTF-8 is named', async () => {
  await fill(PETS);
  await cp(join(folder, 'cat/0.jpg'), join(folder, 'cat/x'));
  await writeFile(Buffer.from(`${folder}/cat/caf\xe9.jpg`, 'latin1'), jpeg);
  expect((await read()).notice).toMatch(/1 file whose name is not UTF-8, cat\/caf\ufffd\.jpg \(rename\)/);
  await mkdir(Buffer.from(`${folder}/caf\xe9`, 'latin1'));
  expect(await complaint(read())).toMatch(/caf\ufffd: the name of this folder is not UTF-8; rename it\./);
});
