import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { arrangeForTraining } from '../../src/data/arrange.ts';
import { reasonOf } from '../../src/data/left_out.ts';
import { walkFolder } from '../../src/data/walk-folder.ts';
import { oneClass } from '../../web/cards/one_class.ts';
import { sourceFiles } from '../../web/data/files.ts';
import type { FileEntry } from '../../web/messages.ts';
import { complaint, put, temporaryFolder } from '../data/files.ts';

// What the page does with files before a browser decodes them.

const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
  .jpeg()
  .toBuffer();

/** Files of a number of pictures in each folder. */
const pictures = (folders: Record<string, number>): Record<string, Uint8Array> =>
  Object.fromEntries(
    Object.entries(folders).flatMap(([path, count]) =>
      Array.from({ length: count }, (_, i) => [`${path}/${i}.jpg`, jpeg]),
    ),
  );

const entries = (files: Record<string, Uint8Array>): FileEntry[] =>
  Object.entries(files).map(([path, bytes]) => ({ path, file: new Blob([bytes as Uint8Array<ArrayBuffer>]) }));

const zip = (bytes: Uint8Array, path = 'pets.zip'): FileEntry[] => entries({ [path]: bytes });

const arrange = async (files: readonly FileEntry[]) =>
  (await arrangeForTraining('pets', await sourceFiles(files), true))!;

/** The labels by path, the files left out and the notices. Node and the page must agree on them. */
const outline = ({ classes, train, validation, leftOut, notices }: Awaited<ReturnType<typeof arrange>>) => {
  const list = (files: typeof train) => files.map(({ file, label }) => `${file.path} ${classes[label]}`);
  return { train: list(train), validation: validation && list(validation), leftOut, notices };
};

test('a folder, its zip and Node are read alike', async () => {
  const [nfc, nfd] = ['NFC', 'NFD'].map((form) => 'café'.normalize(form));
  const files = {
    ...pictures({
      [`Train/${nfc}`]: 3,
      'Train/dog': 3,
      [`VALID/${nfd}`]: 1,
      'VALID/dog': 1,
      'test/dog': 2,
      unsorted: 1,
    }),
    ...pictures({ 'Train/dog/@eaDir': 1, __MACOSX: 1, 'runs/a': 1 }),
    'runs/a/config.json': Buffer.from('{}'),
    'Train/dog/readme': Buffer.from('What this is.'),
    'Train/dog/clip.mov': Buffer.from('\0\0\0\x14ftypqt  \0\0\0\0'),
    'Train/dog/picture': jpeg,
  };
  const folder = await temporaryFolder();
  await put(folder, files);
  const inNode = outline((await arrangeForTraining('pets', await walkFolder(folder), true))!);
  expect(inNode.train).toHaveLength(7);
  expect(inNode.leftOut.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
    'Train/dog/clip.mov video',
    'Train/dog/readme text',
    'unsorted/0.jpg loose',
  ]);
  const inFolder = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`pets/${path}`, bytes]));
  const sorted = ({ leftOut, ...rest }: typeof inNode) => ({
    ...rest,
    leftOut: [...leftOut].sort((a, b) => (a.path < b.path ? -1 : 1)),
  });
  for (const chosen of [entries(inFolder), zip(zipSync(files)), zip(zipSync(inFolder))]) {
    const { train, leftOut, ...rest } = sorted(outline(await arrange(chosen)));
    const inner = (path: string) => path.replace(/^pets\//, '');
    expect({
      ...{ ...rest, validation: rest.validation?.map(inner), train: train.map(inner) },
      leftOut: leftOut.map((file) => ({ ...file, path: inner(file.path) })),
    }).toEqual(sorted(inNode));
  }
});

test('a zip may have other separators', async () => {
  const { classes, train } = await arrange(
    zip(
      zipSync({
        'pets\\cat\\1.jpg': jpeg,
        'pets\\dog\\1.jpg': jpeg,
        './pets/dog/2.jpg': jpeg,
        '/pets/cat/2.jpg': jpeg,
      }),
    ),
  );
  expect([classes, train.length]).toEqual([['cat', 'dog'], 4]);
});

/** Replaces bytes of the names in a zip. */
function rename(archive: Uint8Array, from: string, to: string): Uint8Array {
  return Buffer.from(Buffer.from(archive).toString('latin1').replaceAll(from, to), 'latin1');
}

test.each([
  ['UTF-8 without its flag', Buffer.from('é').toString('latin1'), 'é'],
  ['code page 437', '\x82\x81', 'éü'],
])('names in a zip may be in %s', async (_, bytes, text) => {
  const archive = zipSync(pictures({ caf__: 2, dog: 2 }));
  const { classes } = await arrange(zip(rename(archive, 'caf__', `caf${bytes}`)));
  expect(classes).toEqual([`caf${text}`, 'dog']);
});

test('a password, and an archive that is damaged, are said', async () => {
  const archive = Buffer.from(zipSync(pictures({ cat: 2, dog: 2 })));
  expect(await complaint(arrange(zip(archive.subarray(0, 300))))).toMatch(
    /pets\.zip cannot be read as a zip archive: /,
  );
  for (let at = 0; at >= 0; at = archive.indexOf('PK\x01\x02', at + 1)) {
    if (archive.toString('latin1', at, at + 4) === 'PK\x01\x02') archive[at + 8] |= 1;
  }
  expect(await complaint(arrange(zip(archive)))).toBe(
    'pets.zip has a password; unpack it yourself and choose the folder.',
  );
});

test('several archives are as many folders', async () => {
  const train = zipSync(pictures({ cat: 2, dog: 2 }));
  const val = zipSync(pictures({ cat: 1, dog: 1 }));
  const arranged = await arrange([...zip(train, 'train.zip'), ...zip(val, 'val.zip')]);
  expect([arranged.train.length, arranged.validation?.length]).toEqual([4, 2]);
});

test('a zip inside is named, and a damaged file in a zip', async () => {
  const random = Uint8Array.from({ length: 9999 }, (_, i) => (i * 7919) % 251);
  const archive = zipSync(
    { ...pictures({ cat: 2, dog: 2 }), 'cat/more.zip': zipSync({}), 'cat/a.jpg': random },
    { level: 0 },
  );
  const at = Buffer.from(archive).indexOf(random.subarray(0, 20));
  archive[at + 500] ^= 1;
  const files = await sourceFiles(zip(archive));
  const { leftOut } = (await arrangeForTraining('pets', files, true))!;
  expect(leftOut.map(reasonOf)).toEqual(['zip archive; unpack']);
  await expect(files.find(({ path }) => path === 'cat/a.jpg')!.blob()).rejects.toThrow(/^damaged picture: /);
  expect((await files[0].blob()).size).toBe(jpeg.length);
});

test('a file that the browser cannot read is named', async () => {
  const files = entries(pictures({ 'pets/cat': 2, 'pets/dog': 2 }));
  files.push({ path: 'pets/cat/x', file: new Blob(), problem: 'permission problems' });
  const { leftOut } = await arrange(files);
  expect(leftOut.map((file) => `${file.path}: ${reasonOf(file)}`)).toEqual([
    'cat/x: file that cannot be opened: permission problems',
  ]);
});

test('loose pictures are one class, as is a folder of nothing else', () => {
  const names = (files: Record<string, Uint8Array>) => {
    const found = oneClass(entries(files));
    return found && [found.name, found.files.map(({ path }) => path)];
  };
  expect(names({ 'a.jpg': jpeg, 'b.png': jpeg, '.DS_Store': jpeg })).toEqual([undefined, ['a.jpg', 'b.png']]);
  expect(names({ 'cat/a.jpg': jpeg, 'cat/b.png': jpeg })).toEqual(['cat', ['cat/a.jpg', 'cat/b.png']]);
  expect(names({ 'cat/a.jpg': jpeg, 'dog/a.jpg': jpeg })).toBeUndefined();
  expect(names({ 'pets/cat/a.jpg': jpeg })).toBeUndefined();
  expect(names({ 'pets.zip': jpeg })).toBeUndefined();
  expect(names({ 'cifar/data_batch_1.bin': jpeg })).toBeUndefined();
});

test('folders of any kind in the field give what Node gives', async () => {
  const folder = await temporaryFolder();
  await put(folder, pictures({ 'cat/train': 2, 'cat/val': 1, 'dog/train': 2, 'dog/val': 1 }));
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const chosen = names
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: `pets/${path.slice(folder.length + 1)}`, file: new Blob([await readFile(path)]) };
    });
  expect(outline(await arrange(await Promise.all(chosen)))).toEqual(
    outline((await arrangeForTraining('pets', await walkFolder(folder), true))!),
  );
});
