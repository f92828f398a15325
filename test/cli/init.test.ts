import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { findNet, knownNets } from '../../src/cli/known_nets.ts';
import { beginRun, resumeRun } from '../../src/cli/run.ts';
import { readSettings, type Settings } from '../../src/cli/settings.ts';
import { encodeSafetensors, type StoredTensor } from '../../src/data/safetensors.ts';
import { decodeStartingNet } from '../../src/starting_net.ts';
import { encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { fineTuning, picturesRecipe } from '../../src/train/recipe.ts';
import { presets } from '../../src/yinyang/config.ts';
import { learntState } from '../interop/net.ts';
import { small } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';

let folder: string;
let data: string;
/** A net for other classes. */
let file: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  data = join(folder, 'data');
  for (const [i, name] of ['dark', 'light'].entries()) {
    await mkdir(join(data, name), { recursive: true });
    for (let k = 0; k < 10; k++) {
      const background = { r: 150 * i + k, g: 100, b: 60 };
      const picture = sharp({ create: { width: 32, height: 32, channels: 3, background } });
      await picture.png().toFile(join(data, name, `${k}.png`));
    }
  }
  file = join(folder, 'start.safetensors');
  await writeFile(file, encodeCheckpoint(small));
});

/** Of 20, without those that validate. */
const TRAINING_PICTURES = 18;

const HEAD = ['fc2.weight', 'fc2.bias'];

/** Begins a run, without a step. Returns its state dict, recipe and summary, and the settings in its config.json. */
async function begin(settings: Settings) {
  const out = join(await temporaryFolder(), 'run');
  const all: Settings = { data, epochs: 2, batchStatistics: 'running', ...settings };
  const { trainer, summary, folder } = await beginRun(await testDevice(), all, { out, quiet: true });
  const state = await trainer.stateDict();
  const { net, recipe } = trainer;
  trainer.dispose();
  await folder.close();
  return {
    state,
    net,
    recipe,
    summary,
    path: out,
    config: JSON.parse(await readFile(join(out, 'config.json'), 'utf8')),
  };
}

test('a net starts from a checkpoint: model, config, normalisation and all tensors but the last layer come from it', async () => {
  const { state, net, recipe, summary, config } = await begin({ init: file });
  expect(net.config).toEqual({ ...small.config, classes: 2 });
  expect([recipe.mean, recipe.std]).toEqual([small.recipe.mean, small.recipe.std]);
  for (const [name, { data }] of Object.entries(state)) {
    if (HEAD.includes(name)) expect(data, name).not.toEqual(small.state[name].data.subarray(0, data.length));
    else expect(data, name).toEqual(small.state[name].data);
  }
  const count = Object.keys(small.state).length;
  expect(summary.split('\n')).toContain(
    `${count - 2} of the ${count} tensors in ${file} are taken; new: 2 (fc2.weight, fc2.bias); left: 2 (fc2.weight, fc2.bias)`,
  );
  expect(config).toMatchObject({ init: file, model: 'yynet-16', channels: 4, hidden: 8, classes: 2 });
});

test('an epoch of a fine-tuning has about 30 steps, of at least 8 pictures where an epoch then has 8 steps', () => {
  const batchSize = (pictures: number) => fineTuning({ epochs: 40, batchSize: 64 }, pictures).batchSize;
  expect([20, 60, 100, 480, 5000].map(batchSize)).toEqual([2, 7, 8, 16, 64]);
});

test('a start with other classes is fine-tuned: the head first, then all at lower rates, as plain settings', async () => {
  const { recipe, config, summary } = await begin({ init: file, epochs: 8 });
  expect(recipe).toMatchObject(fineTuning({ epochs: 8, batchSize: 64 }, TRAINING_PICTURES));
  const { headEpochs, learningRate, lrBackbone } = recipe;
  expect(headEpochs).toBeGreaterThan(0);
  expect(learningRate * lrBackbone).toBeLessThan(picturesRecipe.learningRate);
  expect(config).toMatchObject({
    head_epochs: headEpochs,
    lr_backbone: lrBackbone,
    learning_rate: learningRate,
    freeze: 0,
  });
  expect(summary).toContain(`The head trains alone for ${headEpochs} of 8 epochs, then the whole net`);

  const own = { headEpochs: 0, learningRate: 0.02, lrBackbone: 1, freeze: 'body' as const };
  expect((await begin({ init: file, ...own })).recipe).toMatchObject(own);
  const narrow = { channels: 4, bodyChannels: 4, hidden: 8 };
  expect((await begin({ net: narrow })).recipe).toMatchObject({ headEpochs: 0, learningRate: 0.01, lrBackbone: 1 });
});

test('the flags of fine-tuning are settings', async () => {
  const out = join(folder, 'flags');
  const flags = ['--freeze', '2', '--lr-backbone', '0.25', '--head-epochs', '1', '--epochs', '2', '--batch-size', '6'];
  const { code } = await runCli('train', ['--init', file, '--data', data, '--out', out, ...flags]);
  expect(code).toBe(0);
  const config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8'));
  expect(config).toMatchObject({ freeze: 2, lr_backbone: 0.25, head_epochs: 1 });
});

test('other classes get a new last layer, though there are as many', async () => {
  const two = { ...small.config, classes: 2 };
  const write = async (classNames: string[]) => {
    const path = join(folder, `${classNames}.safetensors`);
    await writeFile(path, encodeCheckpoint({ ...small, config: two, state: learntState(two), classNames }));
    return begin({ init: path });
  };
  const same = await write(['dark', 'light']);
  expect(same.recipe.headEpochs).toBe(0);
  const other = await write(['cat', 'dog']);
  expect((await same).summary).toContain('new: none; left: none');
  expect(other.summary).toContain('new: 2 (fc2.weight, fc2.bias)');
});

test('what the settings say stays; the checkpoint of another width gives what fits', async () => {
  const { net, recipe } = await begin({ init: file, net: { activation: 'relu' }, mean: [0.1, 0.2, 0.3] });
  expect(net.config).toEqual({ ...small.config, classes: 2, activation: 'relu' });
  expect(recipe.mean).toEqual([0.1, 0.2, 0.3]);
  const wider = await begin({ init: file, net: { bodyChannels: 6 } });
  expect(wider.state['yin.0.conv1.weight'].data).toEqual(small.state['yin.0.conv1.weight'].data);
  expect(wider.summary).toMatch(/tensors in .* are taken; new: \d+ \(body\.0/);
  const grey = await begin({ init: file, net: { inputChannels: 1 } });
  expect(grey.recipe.mean).toHaveLength(1);
});

test('a state dict without its last layer, under a prefix, is a start', async () => {
  const { 'fc2.weight': _1, 'fc2.bias': _2, ...body } = learntState(small.config);
  const tensors = Object.entries(body).map(
    ([name, tensor]) => [`module.${name}`, { dtype: 'F32', ...tensor } as StoredTensor] as const,
  );
  const path = join(folder, 'body.safetensors');
  await writeFile(path, encodeSafetensors(new Map(tensors)));
  const { net, summary } = await begin({ init: path, model: 'yynet-16' });
  expect(net.config).toEqual({ ...small.config, classes: 2 });
  expect(summary).toContain('new: 2 (fc2.weight, fc2.bias); left: none');
});

test('a net that comes with the package is known by name', async () => {
  const { net, config, summary } = await begin({ init: 'cifar10-yynet-16' });
  expect(net.config).toEqual({ ...presets['yynet-16'], classes: 2 });
  expect(config).toMatchObject({ init: 'cifar10-yynet-16', model: 'yynet-16' });
  expect(summary).toContain('231 of the 233 tensors in cifar10-yynet-16 are taken');
  expect(JSON.parse(await readFile('package.json', 'utf8')).files).toContain('nets');
});

describe('downloaded nets', () => {
  let bytes: Buffer;
  let cache: string;
  beforeEach(async () => {
    bytes = await readFile(file);
    cache = await temporaryFolder();
    vi.stubEnv('XDG_CACHE_HOME', cache);
  });
  afterEach(() => void vi.unstubAllEnvs());

  async function serve(): Promise<string> {
    const server = createServer((_, response) => void response.end(bytes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/net.safetensors`;
  }

  test('an address is downloaded once', async () => {
    const url = await serve();
    const path = (await findNet(url, true))!;
    expect(path.startsWith(join(cache, 'yynet', 'nets'))).toBe(true);
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    await writeFile(path, 'kept');
    expect(await readFile((await findNet(url, true))!, 'utf8')).toBe('kept');
    expect(await findNet(file, true)).toBeUndefined();
  });

  test('a known net is checked, and where there is no network, one sentence says which file to put where', async () => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const nets = {
      good: { url: await serve(), sha256 },
      bad: { url: await serve(), sha256: sha256.replace(/./g, '0') },
    };
    expect(await findNet('good', true, nets)).toBe(join(cache, 'yynet', 'nets', 'good', 'net.safetensors'));
    await expect(findNet('bad', true, nets)).rejects.toThrow(/damaged \(its SHA256 sum is not 0{64}\)/);
    const offline = { away: { url: 'http://127.0.0.1:1/net.safetensors', sha256 } };
    await expect(findNet('away', true, offline)).rejects.toThrow(
      `download http://127.0.0.1:1/net.safetensors by other means into ${join(cache, 'yynet', 'nets', 'away')}.`,
    );
  });

  test('every known net has a checksum or comes with the package', async () => {
    for (const net of Object.values(knownNets)) {
      if ('file' in net) expect(decodeStartingNet(await readFile(net.file)).classNames).toHaveLength(10);
      else
        expect([net.url, net.sha256]).toEqual([
          expect.stringMatching(/^https:/),
          expect.stringMatching(/^[0-9a-f]{64}$/),
        ]);
    }
  });
});

test('a run that has not written a checkpoint starts from the same net again', async () => {
  const { path, state } = await begin({ init: file });
  const device = await testDevice();
  const { trainer, folder } = await resumeRun(device, path, { quiet: true });
  expect(await trainer.stateDict()).toEqual(state);
  trainer.dispose();
  await folder.close();
});

test('a recipe names the start, too', async () => {
  const recipe = join(folder, 'recipe.yaml');
  await writeFile(recipe, `init: ${file}\nhidden: 8\nepochs: 1\nmax_steps: 1\n`);
  expect(await readSettings(recipe)).toMatchObject({ init: file });
  const out = join(folder, 'by-recipe');
  const { code, stdout } = await runCli('train', ['--config', recipe, '--data', data, '--out', out]);
  expect([code, stdout]).toEqual([0, expect.stringContaining(`tensors in ${file} are taken`)]);
});

test.each<[string, Settings, RegExp]>([
  [
    'a missing file',
    { init: 'no/such' },
    /no\/such does not exist; expected a safetensors file, .* cifar10-yynet-16 or/,
  ],
  ['an address without a file', { init: 'https://example.org/' }, /example\.org\/ is no address of a file/],
  [
    'another architecture',
    { model: 'mobilenetv3-small' },
    /--init .*start\.safetensors: Its net is a yynet, and a mob/,
  ],
  ['a net of which nothing fits', { net: { channels: 3, bodyChannels: 3, hidden: 5 } }, /No tensor of it fits/],
  ['more frozen blocks than there are', { freeze: 8 }, /'freeze' in the recipe must be at most 7/],
  ['a config that no net has', { net: { width: 2 } }, /'width' in the settings is wrong/],
])('%s is one clear sentence', async (_, settings, message) => {
  await expect(begin({ init: file, ...settings })).rejects.toThrow(message);
});

test('a study starts from random weights', async () => {
  const recipe = join(folder, 'study.yaml');
  await writeFile(recipe, `init: ${file}\n`);
  const { code, stderr } = await runCli('study', ['fusion', '--config', recipe, '--out', join(folder, 'study')]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("leave out 'init' in its recipe")]);
});
