import type { EpochMetrics, History, Point, Progress } from '../../src/index.ts';
import { duration, percent } from '../../src/train/format.ts';
import { byId, create } from '../dom.ts';
import { charts } from './charts.ts';

/** Shows how training goes: figures, curves, and a table of the epochs. */
export interface ProgressPanel {
  /** What has been shown so far. */
  readonly history: History;
  /** Shows another run. */
  show(history: History): void;
  /** Adds news, and to the curves a point where there is one. */
  progress(progress: Progress, point?: Point): void;
  epoch(metrics: EpochMetrics): void;
  /** Shows an accuracy that is newer than that of the last epoch. */
  accuracy(share: number): void;
}

export function progressPanel(): ProgressPanel {
  const curves = charts();
  const table = byId('epochs').querySelector('tbody')!;
  let history: History = { stepsPerEpoch: 1, steps: 1, points: [], epochs: [] };
  const update = (news: Partial<History>) => {
    history = { ...history, ...news };
    curves.draw(history);
  };

  return {
    get history() {
      return history;
    },
    show(shown) {
      update(shown);
      table.replaceChildren(...shown.epochs.map(row));
      const last = shown.epochs.at(-1);
      showFigure('accuracy', last && percent(last.val_accuracy));
      showFigure('loss', last?.train_loss.toFixed(3));
      const step = Math.max(last?.step ?? 0, shown.points.at(-1)?.step ?? 0);
      byId<HTMLProgressElement>('progress').value = step / shown.steps;
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
    accuracy(share) {
      showFigure('accuracy', percent(share));
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
