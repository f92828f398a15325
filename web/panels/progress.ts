import type { EpochMetrics, Progress } from '../../src/index.ts';
import { duration, percent } from '../../src/report/format.ts';
import type { History, Point } from '../../src/train/history.ts';
import { byId, create } from '../dom.ts';
import { createCharts } from './charts.ts';

/** Shows the progress of training: figures, curves, and a table of the epochs. */
export interface ProgressPanel {
  /** The history shown. */
  readonly history: History;
  /** Replaces the history shown. */
  show(history: History): void;
  /** Updates the figures, and adds a point, if any, to the curves. */
  progress(progress: Progress, point?: Point): void;
  epoch(metrics: EpochMetrics): void;
  /** Shows a validation accuracy that is newer than that of the last epoch. */
  accuracy(fraction: number): void;
}

export function progressPanel(): ProgressPanel {
  const charts = createCharts();
  const table = byId('epochs').querySelector('tbody')!;
  let history: History = { stepsPerEpoch: 1, steps: 1, points: [], epochs: [] };
  const update = (change: Partial<History>) => {
    history = { ...history, ...change };
    charts.draw(history);
  };

  return {
    get history() {
      return history;
    },
    show(replacement) {
      update(replacement);
      table.replaceChildren(...history.epochs.map(row));
      const last = history.epochs.at(-1);
      showFigure('accuracy', last && percent(last.val_accuracy));
      showFigure('loss', last?.train_loss.toFixed(3));
      const step = Math.max(last?.step ?? 0, history.points.at(-1)?.step ?? 0);
      byId<HTMLProgressElement>('progress').value = step / history.steps;
    },
    progress({ step, steps, epoch, epochs, loss, imagesPerSecond, secondsLeft }, point) {
      if (point) update({ points: [...history.points, point] });
      byId<HTMLProgressElement>('progress').value = step / steps;
      if (imagesPerSecond !== undefined) showFigure('speed', rate(imagesPerSecond));
      showFigure('epoch', `${epoch} of ${epochs}`);
      if (secondsLeft !== undefined) showFigure('left', duration(secondsLeft));
      if (loss !== undefined) showFigure('loss', loss.toFixed(3));
    },
    epoch(metrics) {
      update({ epochs: [...history.epochs, metrics] });
      table.append(row(metrics));
      showFigure('accuracy', percent(metrics.val_accuracy));
      showFigure('loss', metrics.train_loss.toFixed(3));
    },
    accuracy(fraction) {
      showFigure('accuracy', percent(fraction));
    },
  };
}

const rate = (imagesPerSecond: number) => imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0);

function showFigure(name: 'accuracy' | 'loss' | 'speed' | 'epoch' | 'left', text = '–'): void {
  byId(`figure-${name}`).textContent = text;
}

const row = ({ epoch, train_loss, val_loss, val_accuracy, images_per_second }: EpochMetrics) =>
  create(
    'tr',
    {},
    create('th', { scope: 'row', textContent: String(epoch) }),
    ...[train_loss.toFixed(4), val_loss.toFixed(4), percent(val_accuracy), images_per_second?.toFixed(1) ?? '–'].map(
      (textContent) => create('td', { textContent }),
    ),
  );
