import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf } from '../support/half.ts';

/** The preset's blocks, pictures and recipe, but thinner, so that an adapter on the CPU compiles it in time. */
const THIN = 'channels: 4\nchannels_added: 1\nbody_channels: 6\nhidden: 8\n';

const COLOURS = { red: '#c33', green: '#3c3' };

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  data = join(folder, 'data');
  for (const [name, background] of Object.entries(COLOURS)) {
    for (const [split, count] of [
      ['train', 3],
      ['val', 2],
    ] as const) {
      await mkdir(join(data, split, name), { recursive: true });
      for (let i = 0; i < count; i++) {
        const picture = sharp({ create: { width: 300 + 40 * i, height: 260, channels: 3, background } });
        await picture.jpeg().toFile(join(data, split, name, `${i}.jpg`));
      }
    }
  }
});

test.each(['f32', 'mixed'])(
  'the ImageNet preset trains, resumes, evaluates and exports at 224 × 224 in %s',
  { timeout: 400_000 },
  async (precision) => {
    const recipe = join(folder, `${precision}.yaml`);
    await writeFile(recipe, (await readFile('recipes/imagenet.yaml', 'utf8')) + THIN);
    const out = join(folder, precision);
    const args = ['--config', recipe, '--data', data, '--precision', precision, '--batch-size', '4', '--quiet'];
    const begun = await runCli('train', [...args, '--epochs', '2', '--max-steps', '2', '--out', out]);
    if (precision === 'mixed' && !hasHalf(await testDevice())) {
      expect(begun.stderr).toContain('shader-f16');
      return;
    }
    expect(begun.code, begun.stderr).toBe(0);
    expect(JSON.parse(await readFile(join(out, 'config.json'), 'utf8'))).toMatchObject({
      ...{ model: 'yynet-imagenet', input_size: 224, gate: 'hard_sigmoid', body_layers: 4, learning_rate: 0.0018 },
      ...{ class_names: ['green', 'red'], precision },
    });

    const resumed = await runCli('train', ['--resume', out, '--max-steps', '4', '--quiet']);
    expect(resumed.code, resumed.stderr).toBe(0);
    const lines = (await readFile(join(out, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(2);
    const { step, best_accuracy } = JSON.parse(lines[1]);
    expect(step).toBe(4);

    const scored = await runCli('eval', [out, '--json', '--quiet']);
    expect(JSON.parse(scored.stdout), scored.stderr).toMatchObject({ accuracy: best_accuracy });
    expect((await runCli('export', [out, '--format', 'onnx', '--quiet'])).code).toBe(0);
    expect((await stat(join(out, 'best.onnx'))).size).toBeGreaterThan(10_000);
  },
);
