// npm run tune: finds the fastest tiles of a net's kernels on an adapter, for whatever opens it in Node from then on.
import { Option } from 'commander';
import { requestNodeAdapter } from '../runtime/node.ts';
import { writeTiles } from '../runtime/tile_cache.ts';
import type { Tiles, Tuned } from '../runtime/tuning.ts';
import { type Finding, tune } from '../train/tuner.ts';
import { type Preset, presets } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';
import { adapterOption, createCommand, integer, main } from './command.ts';

interface Options {
  readonly adapter: string;
  readonly model: Preset;
  readonly batch: number;
}

const command = createCommand('tune', "Finds the fastest tiles for each kernel of a net's training step.")
  .addOption(new Option('--model <name>', 'which net').choices(Object.keys(presets)).default('yynet-16'))
  .addOption(adapterOption())
  .option('--batch <n>', 'images a step, as many as will be trained with', integer(1), 64)
  .action(run);

async function run({ adapter, model, batch }: Options): Promise<void> {
  const choice = await requestNodeAdapter({ adapter });
  if (choice.notice) console.error(choice.notice);
  const config = presets[model];
  const shape = [batch, config.inputChannels, config.inputSize, config.inputSize];
  console.log(row('kernel', 'usual ms', 'best ms', 'tiles'));
  const found = new Map<string, Tuned | undefined>();
  await tune(choice, new YYNet(config), shape, (finding) => {
    found.set(finding.key, finding.tuned);
    console.log(describe(finding));
  });
  const better = [...found.values()].filter(Boolean).length;
  console.log(`\n${better} of ${found.size} are better, kept in ${await writeTiles(choice.info, found)}`);
}

const row = (kernel: string, usual: string, best: string, tiles: string) =>
  `${kernel.padEnd(80)} ${usual.padStart(10)} ${best.padStart(10)}  ${tiles}`;

const list = (tiles: Tiles) =>
  Object.entries(tiles)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

function describe({ key, usual, tuned, times, refused }: Finding): string {
  const [usualMs, bestMs] = (times ?? []).map((ms) => ms.toFixed(3));
  const wrong = refused.length > 0 ? `; refused: ${refused.map(list).join('; ')}` : '';
  const change = tuned ? `${list(usual)} → ${list(tuned.tiles)}` : list(usual);
  return row(key, usualMs ?? '-', (tuned ? bestMs : usualMs) ?? '-', change + wrong);
}

await main(command);
