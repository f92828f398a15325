import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { beginRun, resumeRun } from '../../src/cli/run.ts';
import { readSettings } from '../../src/cli/settings.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';

const TINY = 'channels: 4\nbody_channels: 4\nhidden: 8\nbranch_blocks: 1\nbody_blocks: 1\nepochs: 2\nbatch_size: 8\n';

/** A folder of two classes, eight pictures each; and settings for it. */
async function settingsWith(line: string, first = 0) {
  const folder = await temporaryFolder();
  for (const [i, name] of ['dark', 'light'].entries()) {
    await mkdir(join(folder, 'data', name), { recursive: true });
    for (let k = first; k < first + 8; k++) {
      const background = { r: 150 * i + k, g: 100, b: 60 };
      const file = join(folder, 'data', name, `${k}.png`);
      await sharp({ create: { width: 32, height: 32, channels: 3, background } }).toFile(file);
    }
  }
  const recipe = join(folder, 'recipe.yaml');
  await writeFile(recipe, `${TINY}${line}\n`);
  return { folder, settings: { ...(await readSettings(recipe)), data: join(folder, 'data') } };
}

test('a recipe for one channel trains colour pictures in grey', async () => {
  const { folder, settings } = await settingsWith('input_channels: 1');
  const out = join(folder, 'run');
  const { trainer } = await beginRun(await testDevice(), settings, { out, quiet: true });
  expect(trainer.net.config.inputChannels).toBe(1);
  expect(trainer.recipe.mean).toHaveLength(1);
  trainer.dispose();
});

test.each([
  ['classes: 7', /^The settings have 7 classes, but .*data has 2; leave out 'classes' to go by the data\.$/],
  ['input_channels: 2', /expects pictures of 2 channels, but files have 1 or 3/],
])('%s that the data do not have is refused', async (line, message) => {
  const { folder, settings } = await settingsWith(line);
  const out = join(folder, 'run');
  await expect(beginRun(await testDevice(), settings, { out, quiet: true })).rejects.toThrow(message);
});

test('--resume finds data that have moved with --data, and refuses other data', async () => {
  const device = await testDevice();
  const { folder, settings } = await settingsWith('');
  const [out, moved] = [join(folder, 'run'), join(folder, 'moved')];
  const begun = await beginRun(device, settings, { out, quiet: true });
  const metrics = await begun.trainer.run({}, { maxSteps: 2 });
  await begun.folder.writeEpoch(metrics!, await begun.trainer.checkpoint());
  await begun.folder.close();
  begun.trainer.dispose();
  await rename(settings.data, moved);

  await expect(resumeRun(device, out, { quiet: true })).rejects.toThrow(/data does not exist/);
  const { settings: other } = await settingsWith('', 20);
  await expect(resumeRun(device, out, { quiet: true, data: other.data })).rejects.toThrow(
    /training pictures are not those/,
  );
  const resumed = await resumeRun(device, out, { quiet: true, data: moved });
  expect(resumed.trainer.step).toBe(2);
  await resumed.folder.close();
  resumed.trainer.dispose();
  expect(JSON.parse(await readFile(join(out, 'config.json'), 'utf8'))).toMatchObject({
    data: moved,
    adapter: device.adapter.name,
  });
});

test('--resume with --epochs says what can be done', async () => {
  const { code, stderr } = await runCli('train', ['--resume', 'runs/x', '--epochs', '80']);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^yy-train: --epochs cannot be .*; for more epochs start a new run\.\n$/),
  ]);
});
