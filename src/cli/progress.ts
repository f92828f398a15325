import { SingleBar } from 'cli-progress';
import type { DataProgress } from '../data/progress.ts';
import { duration, percent } from '../report/format.ts';
import { printableName } from '../runtime/printable.ts';
import type { EpochMetrics, Progress } from '../train/hooks.ts';

/** Formats the metrics of a finished epoch as one line for people. */
export function describeEpoch(metrics: EpochMetrics, epochs: number): string {
  const { epoch, train_loss, val_loss, val_accuracy, images_per_second, skipped_steps } = metrics;
  const skipped = skipped_steps ? `  ${skipped_steps} steps skipped because f16 overflowed` : '';
  const speed = images_per_second === undefined ? '' : `  ${images_per_second.toFixed(1)} images/s`;
  return (
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  train loss ${train_loss.toFixed(4)}  ` +
    `val loss ${val_loss.toFixed(4)}  val accuracy ${percent(val_accuracy)}${speed}${skipped}`
  );
}

/** The parts of the line of a step, the most important first: those that do not fit into the terminal are left out. */
function describeStep(progress: Progress): string[] {
  const { images, of, step, steps, loss, accuracy, learningRate, imagesPerSecond, secondsLeft } = progress;
  return [
    secondsLeft === undefined ? '' : `${duration(secondsLeft)} left`,
    loss === undefined ? '' : `loss ${loss.toFixed(4)}`,
    accuracy === undefined ? '' : `accuracy ${percent(accuracy)}`,
    `${images}/${of}`,
    imagesPerSecond === undefined ? '' : `${imagesPerSecond.toFixed(1)} images/s`,
    `step ${step}/${steps}`,
    `lr ${learningRate.toPrecision(3)}`,
  ].filter(Boolean);
}

/** Joins the first of the parts that fit into a width. */
function joinFitting(parts: readonly string[], width: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line ? `${line}  ${part}` : part;
    if (longer.length > width) break;
    line = longer;
  }
  return line;
}

const columns = () => process.stderr.columns || 80;

/** Width of a bar: 12 of the 80 columns of a usual terminal. */
const barSize = () => Math.max(4, Math.min(24, Math.floor(columns() * 0.15)));

/**
 * Creates a progress bar on stderr. It must not change terminal state that needs restoring, such as hiding the cursor,
 * because a signal may end the process at any time.
 */
const createBar = (format: string) =>
  new SingleBar({
    format,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: barSize(),
    linewrap: true,
    clearOnComplete: true,
    stream: process.stderr,
  });

/** Replaces the middle of a text by an ellipsis where it is wider than `width`. */
function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const half = Math.max(0, Math.floor((width - 1) / 2));
  return `${text.slice(0, half)}…${text.slice(text.length - half)}`;
}

/** A progress bar for tasks other than training, such as downloading and decoding a data set. */
export class DataLine {
  private readonly bar = createBar('{task} {bar} {percentage} %');
  private task = '';

  update({ task, done, total = done }: Omit<DataProgress, 'unit'>): void {
    if (task !== this.task) {
      this.stop();
      // The rest is the bar, the percentage and spaces.
      this.bar.start(total, done, { task: cutMiddle(printableName(task), columns() - barSize() - 8) });
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

/** A progress bar on stderr for the current epoch, only in a terminal, and a line on stdout for each finished epoch. */
export class ProgressLine {
  private readonly bar = createBar('{title} {bar} {details}');
  private title = '';

  update(progress: Progress): void {
    const { epoch, epochs, phase, images, of } = progress;
    const title = `epoch ${epoch}/${epochs} ${phase}`;
    const details = joinFitting(describeStep(progress), columns() - title.length - barSize() - 2);
    if (title !== this.title) {
      this.stop();
      this.bar.start(of, images, { title, details });
      this.title = title;
    } else {
      this.bar.update(images, { details });
    }
  }

  /** Prints the line of a finished epoch and removes the bar. */
  print(line: string): void {
    this.stop();
    console.log(line);
  }

  stop(): void {
    if (this.title) this.bar.stop();
    this.title = '';
  }
}

/** A progress bar on stderr for the runs of a study, only in a terminal. */
export class StudyLine {
  private readonly bar = createBar('{value}/{total} runs {bar} {details}');
  private started = false;

  /** @param details the most important first */
  update(done: number, total: number, details: readonly string[]): void {
    const width = columns() - barSize() - `${total}/${total} runs  `.length;
    const fitting = { details: joinFitting(details.map(printableName), width) };
    if (this.started) this.bar.update(done, fitting);
    else this.bar.start(total, done, fitting);
    this.started = true;
  }

  stop(): void {
    if (this.started) this.bar.stop();
    this.started = false;
  }
}
