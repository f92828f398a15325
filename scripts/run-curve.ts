// npm run curve -- FOLDER: draws curve.svg of a run's folder, with PyTorch's training by the same recipe (pytorch.jsonl) beside
// it. A line of pytorch.jsonl has the epoch, train_loss, val_loss and val_accuracy; others, such as a heading, are left out.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { learningCurves } from '../src/cli/chart.ts';
import { RunFolder } from '../src/cli/run_folder.ts';

const [, , folder] = process.argv;
const lines = readFileSync(join(folder, 'pytorch.jsonl'), 'utf8').trim().split('\n');
const epochs = lines.map((line) => JSON.parse(line)).filter(({ epoch }) => epoch);
const picture = learningCurves(await RunFolder.metricsOf(folder), { name: 'PyTorch', epochs });
writeFileSync(join(folder, 'curve.svg'), picture);
