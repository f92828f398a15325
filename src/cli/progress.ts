import { SingleBar } from 'cli-progress';
import type { DataProgress } from '../data/progress.ts';
import { duration, percent } from '../train/format.ts';
import type { EpochMetrics, Progress } from '../train/hooks.ts';

/** A line for a person about an epoch that is done. */
export function describe(metrics: EpochMetrics, epochs: number): string {
  const { epoch, train_loss, val_loss, val_accuracy, images_per_second, skipped_steps } = metrics;
  const skipped = skipped_steps ? `  ${skipped_steps} steps skipped for an overflow in f16` : '';
  const speed = images_per_second === undefined ? '' : `  ${images_per_second.toFixed(1)} images/s`;
  return (
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  train loss ${train_loss.toFixed(4)}  ` +
    `val loss ${val_loss.toFixed(4)}  val accuracy ${percent(val_accuracy)}${speed}${skipped}`
  );
}

function detail({ step, steps, loss, accuracy, learningRate, imagesPerSecond, secondsLeft }: Progress): string {
  const parts = [`step ${step}/${steps}`];
  if (loss !== undefined) parts.push(`loss ${loss.toFixed(4)}`);
  if (accuracy !== undefined) parts.push(`accuracy ${percent(accuracy)}`);
  parts.push(`lr ${learningRate.toPrecision(3)}`);
  if (imagesPerSecond !== undefined) parts.push(`${imagesPerSecond.toFixed(1)} images/s`);
  if (secondsLeft !== undefined) parts.push(`${duration(secondsLeft)} left`);
  return parts.join('  ');
}

/**
 * A bar on stderr, which a terminal sees move. Of the terminal it changes nothing that would have to be undone, such as
 * its cursor: a signal may end the process at any time.
 */
const bar = (format: string) =>
  new SingleBar({
    format,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 24,
    linewrap: true,
    clearOnComplete: true,
    stream: process.stderr,
  });

/** A bar for what is done to a data set before training: its download, its decoding. */
export class DataLine {
  private readonly bar = bar('{task} {bar} {percentage} %');
  private task = '';

  update({ task, done, total = done }: Omit<DataProgress, 'unit'>): void {
    if (task !== this.task) {
      this.stop();
      this.bar.start(total, done, { task });
      this.task = task;
    } else {
      this.bar.update(done);
    }
  }

  stop(): void {
    if (this.task) this.bar.stop();
    this.task = '';
  }
}

/** A bar for the epoch under way, on stderr; a terminal sees it move, anything else only the finished epochs. */
export class ProgressLine {
  private readonly bar = bar('{title} {bar} {value}/{total}  {details}');
  private title = '';

  update(progress: Progress): void {
    const { epoch, epochs, phase, images, of } = progress;
    const title = `epoch ${epoch}/${epochs} ${phase}`;
    const details = detail(progress);
    if (title !== this.title) {
      this.stop();
      this.bar.start(of, images, { title, details });
      this.title = title;
    } else {
      this.bar.update(images, { details });
    }
  }

  /** Prints a finished epoch above the bar's place. */
  print(line: string): void {
    this.stop();
    console.log(line);
  }

  stop(): void {
    if (this.title) this.bar.stop();
    this.title = '';
  }
}
