// npm run curve -- FOLDER: draws curve.svg of a run's folder, with PyTorch's training by the same recipe (pytorch.jsonl) beside
// it. A line of pytorch.jsonl has the epoch, train_loss, val_loss and val_accuracy; others, such as a heading, are left out.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { learningCurves } from '../src/cli/chart.ts';

const [, , folder] = process.argv;

/** The epochs in a file of JSON lines. */
function epochsIn(file: string) {
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ epoch }) => epoch);
}

const picture = learningCurves(epochsIn('metrics.jsonl'), { name: 'PyTorch', epochs: epochsIn('pytorch.jsonl') });
writeFileSync(join(folder, 'curve.svg'), picture);
