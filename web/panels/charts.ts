import uPlot from 'uplot';
import { percent } from '../../src/report/format.ts';
import { byId, create } from '../dom.ts';
import type { History } from '../messages.ts';

interface Line {
  readonly label: string;
  /** A CSS custom property. */
  readonly colour: '--ink' | '--accent';
  readonly points: (history: History) => readonly (readonly [step: number, value: number | undefined])[];
}

interface Options {
  readonly lines: readonly Line[];
  /** In pixels. */
  readonly height: number;
  /** Title of the y axis. */
  readonly axis: string;
  /** Range of the y axis. Default: from 0 to slightly above the largest value. */
  readonly range?: uPlot.Range.MinMax;
  readonly format: (value: number) => string;
  readonly tick: (value: number) => string;
}

const twoDigits = (value: number) => String(Number(value.toPrecision(2)));

const CHARTS: Readonly<Record<string, Options>> = {
  'chart-accuracy': {
    lines: [
      { label: 'training', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.accuracy]) },
      { label: 'validation', colour: '--accent', points: ({ epochs }) => epochs.map((e) => [e.step, e.val_accuracy]) },
    ],
    height: 220,
    axis: 'correct',
    range: [0, 1],
    format: percent,
    tick: (value) => `${100 * value} %`,
  },
  'chart-loss': {
    lines: [
      { label: 'training', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.loss]) },
      { label: 'validation', colour: '--accent', points: ({ epochs }) => epochs.map((e) => [e.step, e.val_loss]) },
    ],
    height: 220,
    axis: 'loss',
    format: (value) => value.toFixed(3),
    tick: twoDigits,
  },
  'chart-rate': {
    lines: [{ label: 'now', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.learningRate]) }],
    height: 150,
    axis: 'learning rate',
    format: (value) => value.toPrecision(2),
    tick: twoDigits,
  },
  'chart-speed': {
    lines: [
      {
        label: 'now',
        colour: '--ink',
        points: ({ points }) => points.map((p) => [p.step, p.imagesPerSecond]),
      },
    ],
    height: 150,
    axis: 'images/s',
    format: twoDigits,
    tick: twoDigits,
  },
};

/** Makes the page's charts. `draw` may be called at any rate: they are painted at most once a frame. */
export function createCharts(): { draw(history: History): void } {
  const all = Object.entries(CHARTS).map(([id, options]) => new Chart(byId(id), options));
  let latest: History | undefined;
  const paint = () => {
    for (const chart of all) chart.draw(latest!);
    latest = undefined;
  };
  return {
    draw(history) {
      if (!latest) requestAnimationFrame(paint);
      latest = history;
    },
  };
}

/** Curves over the training steps. The caption shows the values at the pointer, or else the last ones. */
class Chart {
  private readonly plot: uPlot;
  private readonly values: readonly HTMLElement[];

  constructor(
    private readonly figure: HTMLElement,
    private readonly options: Options,
  ) {
    const { lines, height, range, tick, axis: title } = options;
    const caption = figure.querySelector('figcaption')!;
    const name = caption.textContent!;
    this.values = lines.map(() => create('b'));
    lines.forEach(({ label, colour }, i) => {
      const key = create('span', { className: 'key' }, `${label} `, this.values[i]);
      key.style.setProperty('--colour', `var(${colour})`);
      caption.append(key);
    });
    const axis: uPlot.Axis = {
      stroke: () => colourOf(figure, '--soft'),
      grid: { stroke: () => colourOf(figure, '--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
      labelFont: '12px system-ui, sans-serif',
      labelSize: 18,
      labelGap: 2,
    };
    this.plot = new uPlot(
      {
        width: this.width,
        height,
        scales: { x: { time: false }, y: { range: range ?? ((_, __, largest) => [0, 1.05 * largest || 1]) } },
        axes: [
          { ...axis, label: 'training step', space: 60, size: 30 },
          { ...axis, label: title, size: 50, space: 34, values: (_, ticks) => ticks.map(tick) },
        ],
        series: [
          {},
          ...lines.map(({ colour }, i) => ({
            stroke: () => colourOf(figure, colour),
            width: 2,
            spanGaps: true,
            points: { show: i === 1, size: 7, fill: () => colourOf(figure, colour) },
          })),
        ],
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        legend: { show: false },
        hooks: {
          setCursor: [(plot) => this.showValues(plot, plot.cursor.idx)],
          setData: [(plot) => this.showValues(plot)],
        },
      },
      [[0], ...lines.map(() => [null])],
      figure,
    );
    this.plot.root.role = 'img';
    this.plot.root.ariaLabel = `${name} over the steps of training`;
    new ResizeObserver(() => this.plot.setSize({ width: this.width, height })).observe(figure);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.plot.redraw());
  }

  draw(history: History): void {
    const tables = this.options.lines.map(({ points }) => {
      const measured = points(history).filter(([, value]) => value !== undefined);
      return [measured.map(([step]) => step), measured.map(([, value]) => value!)] as uPlot.AlignedData;
    });
    this.plot.setData(uPlot.join(tables), true);
    this.plot.setScale('x', { min: 0, max: Math.max(1, history.steps) });
  }

  /** Shows each line's last value at or before a point, by default the last point. */
  private showValues({ data }: uPlot, point?: number | null): void {
    this.values.forEach((element, line) => {
      const upTo = Array.from(data[line + 1]).slice(0, (point ?? data[0].length) + 1);
      const value = upTo.findLast((y) => y !== null && y !== undefined);
      element.textContent = value === null || value === undefined ? '–' : this.options.format(value);
    });
  }

  private get width(): number {
    return Math.max(160, this.figure.clientWidth);
  }
}

/** Resolves a custom property to a colour for a canvas, in the current colour scheme. */
function colourOf(element: HTMLElement, property: string): string {
  element.style.setProperty('border-color', `var(${property})`);
  return getComputedStyle(element).borderTopColor;
}
