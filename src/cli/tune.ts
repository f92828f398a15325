// npm run tune: finds the fastest tiles of a net's kernels on an adapter and caches them. openNodeDevice() reads the cache.
import { Option } from 'commander';
import { DEFAULT_MODEL } from '../configure.ts';
import { models } from '../nets.ts';
import { requestNodeAdapter } from '../runtime/node.ts';
import { writeTiles } from '../runtime/tile_cache.ts';
import type { Tiles, Tuned } from '../runtime/tuning.ts';
import { type Finding, tune } from '../tuning/tuner.ts';
import { adapterOption, createCommand, integer, main } from './command.ts';

interface Options {
  readonly adapter: string;
  readonly model: string;
  readonly batch: number;
}

const command = createCommand(
  'tune',
  "Finds the fastest tiles for each kernel of a net's training step and caches them.",
)
  .addOption(new Option('--model <name>', 'the net to tune for').choices(Object.keys(models)).default(DEFAULT_MODEL))
  .addOption(adapterOption())
  .option('--batch <n>', 'pictures per step; use the batch size that you train with', integer(1), 64)
  .action(run);

async function run({ adapter, model, batch }: Options): Promise<void> {
  const choice = await requestNodeAdapter({ adapter });
  if (choice.notice) console.error(choice.notice);
  const { architecture, config } = models[model];
  const shape = [batch, config.inputChannels, config.inputSize, config.inputSize];
  console.log(row('kernel', 'default ms', 'best ms', 'tiles'));
  const found = new Map<string, Tuned | undefined>();
  await tune(choice, architecture.create(config).module, shape, (finding) => {
    found.set(finding.key, finding.tuned);
    console.log(describe(finding));
  });
  const faster = [...found.values()].filter(Boolean).length;
  const file = await writeTiles(choice.info, found);
  console.log(`\n${faster} of ${found.size} kernels have faster tiles, written to ${file}`);
}

const row = (kernel: string, defaultMs: string, bestMs: string, tiles: string) =>
  `${kernel.padEnd(80)} ${defaultMs.padStart(10)} ${bestMs.padStart(10)}  ${tiles}`;

const format = (tiles: Tiles) =>
  Object.entries(tiles)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

function describe({ key, defaultTiles, tuned, times, rejected }: Finding): string {
  const [defaultMs, bestMs] = (times ?? []).map((ms) => ms.toFixed(3));
  const rejections = rejected.length > 0 ? `; rejected: ${rejected.map(format).join('; ')}` : '';
  const change = tuned ? `${format(defaultTiles)} → ${format(tuned.tiles)}` : format(defaultTiles);
  return row(key, defaultMs ?? '-', (tuned ? bestMs : defaultMs) ?? '-', change + rejections);
}

await main(command);
