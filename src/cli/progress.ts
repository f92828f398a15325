import { SingleBar } from 'cli-progress';
import type { DataProgress } from '../data/progress.ts';
import type { EpochMetrics, Progress } from '../train/trainer.ts';

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** A line for a person about an epoch that is done. */
export function describe(metrics: EpochMetrics, epochs: number): string {
  const { epoch, train_loss, val_loss, val_accuracy, images_per_second, skipped_steps } = metrics;
  const skipped = skipped_steps ? `  ${skipped_steps} steps skipped for an overflow in f16` : '';
  return (
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  train loss ${train_loss.toFixed(4)}  ` +
    `val loss ${val_loss.toFixed(4)}  val accuracy ${percent(val_accuracy)}  ${images_per_second.toFixed(1)} images/s${skipped}`
  );
}

/** A bar on stderr, which a terminal sees move. */
const bar = (format: string) =>
  new SingleBar({
    format,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });

/** A bar for what is done to a data set before training: its download, its decoding. */
export class DataLine {
  private readonly bar = bar('{task} {bar} {percentage} %');
  private task = '';

  update({ task, done, total = done }: DataProgress): void {
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

  update({ epoch, epochs, phase, images, of, imagesPerSecond, loss }: Progress): void {
    const title = `epoch ${epoch}/${epochs} ${phase}`;
    const details = `${imagesPerSecond.toFixed(1)} images/s${loss === undefined ? '' : `  loss ${loss.toFixed(4)}`}`;
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
