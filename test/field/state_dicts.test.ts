import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeSafetensors, type StoredTensor } from '../../src/data/safetensors.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { learntState, narrow } from '../interop/net.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

test('yy-import takes a compiled, wrapped state dict in bf16 with counters, and says what it changed', async () => {
  const folder = await temporaryFolder();
  const [file, out] = [join(folder, 'compiled.safetensors'), join(folder, 'net.safetensors')];
  const state = learntState(narrow);
  const entries = Object.entries(state).flatMap(([name, { shape, data }]): [string, StoredTensor][] => {
    const key = `_orig_mod.module.${name}`;
    // bf16 is the upper half of an f32.
    const bits = Uint16Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length), (word) => word >>> 16);
    const tensor: StoredTensor = { dtype: 'BF16', shape, data: bits };
    if (!name.endsWith('running_mean')) return [[key, tensor]];
    const counter: StoredTensor = { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) };
    return [
      [key, tensor],
      [key.replace('running_mean', 'num_batches_tracked'), counter],
    ];
  });
  await writeFile(file, encodeSafetensors(new Map(entries)));
  const { code, stdout, stderr } = await runCli('import', [file, '--out', out]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('3 classes')]);
  expect(stderr.trim().split('\n')).toEqual([
    `${file}: the prefix '_orig_mod.module.' of all names is stripped.`,
    expect.stringMatching(/: \d+ tensors are converted from bf16 to f32\.$/),
  ]);
  const imported = decodeCheckpoint(await readFile(out), [yynet]).state;
  for (const [name, { data }] of Object.entries(state)) {
    for (const [i, value] of data.entries()) {
      expect(Math.abs(imported[name].data[i] - value)).toBeLessThanOrEqual(Math.abs(value) / 128);
    }
  }
});
