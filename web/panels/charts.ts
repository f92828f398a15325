import uPlot from 'uplot';
import { percent } from '../../src/train/format.ts';
import { byId, create } from '../dom.ts';
import type { History } from '../messages.ts';

/** A line of a chart: its name, its colour as a custom property, and its points. */
interface Line {
  readonly label: string;
  readonly colour: '--ink' | '--accent';
  readonly points: (history: History) => readonly (readonly [step: number, value: number | undefined])[];
}

interface Options {
  readonly lines: readonly Line[];
  /** In pixels. */
  readonly height: number;
  /** Of the axis; otherwise from 0 to the largest value. */
  readonly range?: uPlot.Range.MinMax;
  readonly format: (value: number) => string;
  readonly tick: (value: number) => string;
}

const short = (value: number) => String(Number(value.toPrecision(2)));

const CHARTS: Readonly<Record<string, Options>> = {
  'chart-accuracy': {
    lines: [
      { label: 'training', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.accuracy]) },
      { label: 'validation', colour: '--accent', points: ({ epochs }) => epochs.map((e) => [e.step, e.val_accuracy]) },
    ],
    height: 200,
    range: [0, 1],
    format: percent,
    tick: (value) => `${100 * value} %`,
  },
  'chart-loss': {
    lines: [
      { label: 'training', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.loss]) },
      { label: 'validation', colour: '--accent', points: ({ epochs }) => epochs.map((e) => [e.step, e.val_loss]) },
    ],
    height: 200,
    format: (value) => value.toFixed(3),
    tick: short,
  },
  'chart-rate': {
    lines: [{ label: 'now', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.learningRate]) }],
    height: 120,
    format: (value) => value.toPrecision(2),
    tick: short,
  },
  'chart-speed': {
    lines: [
      {
        label: 'now',
        colour: '--ink',
        points: ({ points }) => points.map((p) => [p.step, p.imagesPerSecond]),
      },
    ],
    height: 120,
    format: short,
    tick: short,
  },
};

/** The curves. `draw` may be called as often as there is news: they are painted once a frame. */
export function charts(): { draw(history: History): void } {
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

/** Curves over the steps. The caption tells the values under the pointer, or else the last ones. */
class Chart {
  private readonly plot: uPlot;
  private readonly values: readonly HTMLElement[];

  constructor(
    private readonly figure: HTMLElement,
    private readonly options: Options,
  ) {
    const { lines, height, range, tick } = options;
    const caption = figure.querySelector('figcaption')!;
    const title = caption.textContent!;
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
    };
    this.plot = new uPlot(
      {
        width: this.width,
        height,
        scales: { x: { time: false }, y: { range: range ?? ((_, __, largest) => [0, 1.05 * largest || 1]) } },
        axes: [
          { ...axis, space: 60, size: 30 },
          { ...axis, size: 56, space: 34, values: (_, ticks) => ticks.map(tick) },
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
        hooks: { setCursor: [(plot) => this.tell(plot, plot.cursor.idx)], setData: [(plot) => this.tell(plot)] },
      },
      [[0], ...lines.map(() => [null])],
      figure,
    );
    this.plot.root.role = 'img';
    this.plot.root.ariaLabel = `${title} over the steps of training`;
    new ResizeObserver(() => this.plot.setSize({ width: this.width, height })).observe(figure);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.plot.redraw());
  }

  draw(history: History): void {
    const tables = this.options.lines.map(({ points }) => {
      const known = points(history).filter(([, value]) => value !== undefined);
      return [known.map(([step]) => step), known.map(([, value]) => value!)] as uPlot.AlignedData;
    });
    this.plot.setData(uPlot.join(tables), true);
    this.plot.setScale('x', { min: 0, max: Math.max(1, history.steps) });
  }

  /** Each line's last value at a point or before. */
  private tell({ data }: uPlot, point?: number | null): void {
    this.values.forEach((element, line) => {
      const upTo = Array.from(data[line + 1]).slice(0, (point ?? data[0].length) + 1);
      const value = upTo.findLast((known) => known !== null && known !== undefined);
      element.textContent = value === null || value === undefined ? '–' : this.options.format(value);
    });
  }

  private get width(): number {
    return Math.max(160, this.figure.clientWidth);
  }
}

/** A custom property as a colour that a canvas understands, in the colour scheme of now. */
function colourOf(element: HTMLElement, property: string): string {
  element.style.setProperty('border-color', `var(${property})`);
  return getComputedStyle(element).borderTopColor;
}
