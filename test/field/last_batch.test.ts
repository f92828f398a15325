import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../src/data/safetensors.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

// 65 pictures in batches of 64, and a net that reduces them to one pixel: the batch normalisations of the last picture
// would have one value a channel.
const RECIPE = `channels: 4
body_channels: 4
hidden: 8
branch_blocks: 1
body_blocks: 1
input_size: 8
padding: 1
epochs: 2
`;

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'tiny.yaml'), RECIPE);
  for (const [split, name, background, count] of [
    ['train', 'cat', 'red', 33],
    ['train', 'dog', 'green', 32],
    ['val', 'cat', 'red', 5],
    ['val', 'dog', 'green', 5],
  ] as const) {
    const path = join(folder, 'data', split, name);
    await mkdir(path, { recursive: true });
    const picture = await sharp({ create: { width: 12, height: 12, channels: 3, background } })
      .jpeg()
      .toBuffer();
    for (let i = 0; i < count; i++) await writeFile(join(path, `${i}.jpg`), picture);
  }
});

const train = (...flags: string[]) =>
  runCli('train', [
    ...['--config', join(folder, 'tiny.yaml'), '--data', join(folder, 'data'), '--out', join(folder, 'run')],
    ...['--quiet', ...flags],
  ]);

test('batches of one are refused before training, and no folder is left', async () => {
  const { code, stderr } = await train('--batch-size', '1');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/A batch of 1 .* 8 × 8 pictures to one pixel; use larger/)]);
  expect((await readdir(folder)).sort()).toEqual(['data', 'tiny.yaml']);
});

test('the odd picture joins another batch; a net of NaN is refused by every command', async () => {
  const { code, stderr } = await train('--batch-size', '64');
  expect([code, stderr]).toEqual([0, expect.not.stringMatching(/error|NaN/)]);
  const lines = (await readFile(join(folder, 'run', 'metrics.jsonl'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ step: 1 }, { step: 2 }]);
  expect(lines.join()).not.toMatch(/null/);
  const file = join(folder, 'run', 'best.safetensors');
  const { tensors, metadata } = decodeSafetensors(await readFile(file));
  for (const { data } of tensors.values())
    expect([...data].every((value) => Number.isFinite(Number(value)))).toBe(true);

  const name = [...tensors.keys()].find((key) => key.endsWith('running_var') && !key.startsWith('training'))!;
  tensors.get(name)!.data.fill(Number.NaN as never);
  await writeFile(file, encodeSafetensors(tensors, metadata));
  const picture = join(folder, 'data', 'val', 'cat', '0.jpg');
  for (const [command, ...args] of [
    ['eval', file],
    ['predict', file, picture],
    ['export', file, '--format', 'onnx', '--out', join(folder, 'net.onnx')],
  ]) {
    const refused = await runCli(command, args);
    const message = expect.stringMatching(
      new RegExp(`^yy-${command}: .*best\\.safetensors: Tensor '.*' .* not finite.*\\.\\n$`),
    );
    expect([refused.code, refused.stderr]).toEqual([2, message]);
  }
  expect((await readdir(folder)).sort()).toEqual(['data', 'run', 'tiny.yaml']);
});
