import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shapes } from '../../src/data/shapes.ts';
import { type Checkpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { shapesRecipe } from '../../src/train/recipe.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets, type YYNetConfig } from '../../src/yinyang/config.ts';
import { learntState } from '../interop/net.ts';
import { temporaryFolder } from './cli.ts';

const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };

/** A small net for `shapes` that knows nothing, but whose every array has been moved. */
export const small: Checkpoint<YYNetConfig> = {
  architecture: yynet,
  config,
  recipe: { ...shapesRecipe, batchSize: 8 },
  seed: 3,
  classNames: shapes({ train: 10, validation: 10 }).train.classes,
  fingerprint: '',
  state: learntState(config),
};

/** Writes the folder of a run that has come to that net. */
export async function writeRun(checkpoint = small): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'last.safetensors'), encodeCheckpoint(checkpoint));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ data: 'shapes', limit_val: 20, seed: 3 }));
  return folder;
}
