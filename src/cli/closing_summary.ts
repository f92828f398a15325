import type { ConfusionMatrix } from '../inference/confusion.ts';
import { isLikeGuessing, isTooFewToTell, weakClasses } from '../inference/level.ts';
import { percent } from '../report/format.ts';
import { printableName } from '../runtime/printable.ts';
import type { EpochMetrics } from '../train/hooks.ts';

/** A finished training, for people. */
interface Finished {
  readonly metrics: readonly EpochMetrics[];
  /** Of the best net on the validation pictures. */
  readonly confusion: ConfusionMatrix;
  /** The run's folder. */
  readonly path: string;
}

/** What came out of a training, and what to do next: a line each. */
export function closingSummary({ metrics, confusion, path }: Finished): string {
  const best = metrics.reduce((a, b) => (b.val_accuracy > a.val_accuracy ? b : a));
  const chance = 1 / confusion.classNames.length;
  const lines = [
    `Best: ${percent(best.val_accuracy)} of the validation pictures after epoch ${best.epoch} of ${metrics.length}, where ` +
      `guessing gives ${percent(chance)}: ${path}/best.safetensors`,
    describeLevel(best.val_accuracy, confusion),
    describeOverfitting(metrics),
    describeWeakClasses(confusion),
    `Next: yy-eval ${path} for a table of all classes, yy-predict ${path} PICTURE to use the net, yy-export ${path} for ONNX`,
  ];
  return lines.filter(Boolean).join('\n');
}

/** Advice where the accuracy could be luck. */
function describeLevel(accuracy: number, { classNames, total: pictures }: ConfusionMatrix): string | undefined {
  if (!isLikeGuessing(accuracy, classNames.length, pictures)) return undefined;
  if (isTooFewToTell(accuracy, classNames.length, pictures))
    return `${pictures} validation pictures are too few to tell this from guessing.`;
  return 'The net does no better than guessing: check the labels, or use more pictures, more epochs or larger pictures.';
}

/** Whether the net came to know its training pictures better while it got worse on others. */
function describeOverfitting(metrics: readonly EpochMetrics[]): string | undefined {
  const lowest = metrics.reduce((a, b) => (b.val_loss < a.val_loss ? b : a));
  const last = metrics[metrics.length - 1];
  // Near zero the loss doubles without a picture more being wrong.
  const least = Math.max(0.1 * lowest.val_loss, 0.05);
  if (last.val_loss - lowest.val_loss < least || last.train_loss >= lowest.train_loss) return undefined;
  return (
    `Overfitting: since epoch ${lowest.epoch} the validation loss rose from ${lowest.val_loss.toFixed(2)} to ` +
    `${last.val_loss.toFixed(2)} while the training loss fell from ${lowest.train_loss.toFixed(2)} to ` +
    `${last.train_loss.toFixed(2)}: more pictures, --augment strong or fewer epochs help`
  );
}

/** The three classes that the net knows least, among those well below the mean. */
function describeWeakClasses({ classes }: ConfusionMatrix): string | undefined {
  const weak = weakClasses(classes);
  if (weak.length === 0) return undefined;
  const listed = weak
    .slice(0, 3)
    .map(({ name, count, recall }) => `${printableName(name)} ${percent(recall)} of ${count}`);
  return `Weakest classes: ${listed.join(', ')}`;
}
