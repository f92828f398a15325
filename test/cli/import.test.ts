import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { CIFAR10_CLASSES } from '../../src/data/cifar.ts';
import { Random } from '../../src/data/random.ts';
import { encodeSafetensors, type StoredTensor } from '../../src/data/safetensors.ts';
import { mobilenetV3SmallConfig } from '../../src/mobilenet/config.ts';
import { MobileNetV3Small } from '../../src/mobilenet/mobilenet.ts';
import { keysOf as mobileKeysOf } from '../../src/mobilenet/naming.ts';
import { architectures } from '../../src/nets.ts';
import { sizeOf } from '../../src/runtime/tensor.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { paperRecipe } from '../../src/train/recipe.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets, type YYNetConfig } from '../../src/yinyang/config.ts';
import { keysOf, type Naming } from '../../src/yinyang/naming.ts';
import { learntState, narrow } from '../interop/net.ts';
import { small } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

/** A state dict as a program of that naming would have saved it. */
async function write(name: string, naming: Naming, config: YYNetConfig): Promise<string> {
  const keyOf = keysOf(naming, config);
  const tensors = Object.entries(learntState(config)).map(
    ([key, tensor]) => [keyOf(key), { dtype: 'F32', ...tensor } as StoredTensor] as const,
  );
  const file = join(folder, name);
  await writeFile(file, encodeSafetensors(new Map(tensors)));
  return file;
}

const notebook: YYNetConfig = { ...narrow, classes: 10, fusion: 'a*i', activation: 'silu' };
const script: YYNetConfig = {
  ...presets['yynet-imagenet'],
  ...{ channels: 4, bodyChannels: 10, hidden: 6, classes: 3, bodyLayers: 2 },
  ...{ fusion: 'a*(1-i)+a-i', yin: 'first', bn0: false },
};

test("the notebook's net of ten classes knows CIFAR-10", async () => {
  const out = join(folder, 'notebook');
  const file = await write('notebook.safetensors', 'cifar-notebook', notebook);
  const { code, stdout } = await runCli('import', [file, '--out', out]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/last\.safetensors: 10 classes, .*a\*i.*silu.*bn0 used/)]);
  expect(decodeCheckpoint(await readFile(join(out, 'last.safetensors')), [yynet])).toEqual({
    ...{ architecture: yynet, config: notebook, state: learntState(notebook), recipe: paperRecipe },
    ...{ seed: 0, classNames: CIFAR10_CLASSES, fingerprint: '' },
  });
});

test("the script's net does not use bn0, and takes names from a file and what else a flag says", async () => {
  const out = join(folder, 'script-net.safetensors');
  const names = join(folder, 'names.txt');
  await writeFile(names, 'tench\ngoldfish, a carp\nshark\n');
  const file = await write('script.safetensors', 'imagenet-script', script);
  const flags = ['--classes-file', names, '--input-size', '64', '--mean', '0.5,0.5,0.5', '--std', '0.1,0.2,0.3'];
  const { code, stdout } = await runCli('import', [file, '--out', out, '--quiet', ...flags]);
  expect([code, stdout]).toEqual([0, '']);
  const { config, classNames, recipe } = decodeCheckpoint(await readFile(out), [yynet]);
  expect(config).toEqual({ ...script, inputSize: 64 });
  expect(classNames).toEqual(['tench', 'goldfish, a carp', 'shark']);
  expect(recipe).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [0.1, 0.2, 0.3] });
});

test('under our names, flags tell everything that shapes do not', async () => {
  const out = join(folder, 'ours-net.safetensors');
  const file = await write('ours.safetensors', 'yynet', narrow);
  const flags = ['--fusion', 'a*(1-i)', '--yin', 'first', '--activation', 'silu', '--gate', 'hard_sigmoid'];
  const { code } = await runCli('import', [file, '--out', out, ...flags, '--bn0', 'unused', '--class-names', 'a, b,c']);
  expect(code).toBe(0);
  const { config, classNames } = decodeCheckpoint(await readFile(out), [yynet]);
  const unseen = { fusion: 'a*(1-i)', yin: 'first', activation: 'silu', gate: 'hard_sigmoid', bn0: false };
  expect(config).toEqual({ ...narrow, ...unseen });
  expect(classNames).toEqual(['a', 'b', 'c']);
});

test('every mistake is one clear sentence, and nothing is overwritten', async () => {
  const file = await write('mine.safetensors', 'yynet', narrow);
  const own = join(folder, 'own.safetensors');
  await writeFile(own, encodeCheckpoint(small));
  const broken = join(folder, 'broken.safetensors');
  await writeFile(broken, 'no tensors at all');
  const torch = join(folder, 'net.pt');
  await writeFile(torch, 'PK\x03\x04 and more');
  const legacy = join(folder, 'old.pt');
  await writeFile(legacy, Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9]));
  const diverged = join(folder, 'diverged.safetensors');
  const bytes = await readFile(file);
  bytes.writeFloatLE(Number.NaN, bytes.length - 4);
  await writeFile(diverged, bytes);
  const before = await readFile(own);
  for (const [args, message] of [
    [['no/such.safetensors'], /no\/such\.safetensors cannot be read/],
    [[broken], /broken\.safetensors: /],
    [[torch], /net\.pt is in PyTorch's own format, not safetensors/],
    [[legacy], /old\.pt is in PyTorch's own format, not safetensors/],
    [[diverged], /diverged\.safetensors: Tensor '[\w.]+' has values that are not finite/],
    [[own], /own\.safetensors: This is already a checkpoint of yynet/],
    [[file, '--class-names', 'cat,dog'], /--class-names has 2 names, but the net has 3 classes/],
    [[file, '--classes-file', 'no/names.txt'], /--classes-file no\/names\.txt cannot be read/],
    [[file, '--mean', '0.5'], /--mean has 1 values, but the net's pictures have 3 channels/],
    [[file, '--mean', '0.5,,1'], /--mean.*Expected numbers separated by commas/],
    [[file, '--std', '1,0,1'], /--std must be above 0/],
    [[file, '--input-size', '1'], /mine\.safetensors: 'inputSize' in the net is wrong/],
    [[file, '--out', own], /own\.safetensors already exists/],
  ] as const) {
    const { code, stderr } = await runCli('import', args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
  }
  expect(await readFile(own)).toEqual(before);
});

test("timm's MobileNetV3-Small is imported with ImageNet's normalisation, and flags of YYNet are refused", async () => {
  const config = { ...mobilenetV3SmallConfig, width: 0.15, classes: 3 };
  const random = new Random(1);
  const keyOf = mobileKeysOf('timm');
  const state = [...new MobileNetV3Small(config).named()].map(([name, { shape }]) => {
    const data = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform());
    return [keyOf(name), { dtype: 'F32', shape, data } as StoredTensor] as const;
  });
  const file = join(folder, 'timm.safetensors');
  await writeFile(file, encodeSafetensors(new Map(state)));
  const out = join(folder, 'mobilenet.safetensors');
  const { code, stdout } = await runCli('import', [file, '--out', out, '--input-size', '96']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('3 classes, names of timm, mobilenetv3-small')]);
  const checkpoint = decodeCheckpoint(await readFile(out), architectures);
  expect(checkpoint.architecture.name).toBe('mobilenetv3-small');
  expect(checkpoint.config).toEqual({ ...config, inputSize: 96, width: expect.any(Number) });
  expect(checkpoint.recipe).toMatchObject({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  const refused = await runCli('import', [file, '--out', join(folder, 'other.safetensors'), '--gate', 'relu']);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining('--gate is for YYNet, but the tensors are those of mobilenetv3-small.'),
  ]);
});
