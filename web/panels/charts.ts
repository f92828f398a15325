import uPlot from 'uplot';
import { byId, percent } from '../dom.ts';
import type { History } from '../messages.ts';

const HEIGHT = 190;

/** A line of a chart: its name, its colour as a custom property, and its points. */
interface Line {
  readonly label: string;
  readonly colour: '--ink' | '--accent';
  readonly points: (history: History) => readonly (readonly [step: number, value: number | undefined])[];
}

interface Options {
  readonly lines: readonly Line[];
  readonly range?: uPlot.Range.MinMax;
  readonly format: (value: number) => string;
}

const CHARTS: Readonly<Record<string, Options>> = {
  'chart-accuracy': {
    lines: [
      { label: 'training', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.accuracy]) },
      { label: 'validation', colour: '--accent', points: ({ epochs }) => epochs.map((e) => [e.step, e.val_accuracy]) },
    ],
    range: [0, 1],
    format: percent,
  },
  'chart-loss': {
    lines: [
      { label: 'training', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.loss]) },
      { label: 'validation', colour: '--accent', points: ({ epochs }) => epochs.map((e) => [e.step, e.val_loss]) },
    ],
    format: (value) => value.toFixed(2),
  },
  'chart-rate': {
    lines: [
      { label: 'learning rate', colour: '--ink', points: ({ points }) => points.map((p) => [p.step, p.learningRate]) },
    ],
    format: (value) => value.toPrecision(2),
  },
};

/** The three curves. `draw` may be called as often as there is news: they are painted once a frame. */
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

class Chart {
  private readonly plot: uPlot;
  /** The part without the legend. */
  private readonly picture: HTMLElement;

  constructor(
    private readonly figure: HTMLElement,
    private readonly options: Options,
  ) {
    const { lines, range, format } = options;
    const axis: uPlot.Axis = {
      stroke: () => colourOf(figure, '--soft'),
      grid: { stroke: () => colourOf(figure, '--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    this.plot = new uPlot(
      {
        width: this.width,
        height: HEIGHT,
        scales: { x: { time: false }, y: { range: range ?? ((_, __, largest) => [0, largest || 1]) } },
        axes: [
          { ...axis, space: 60 },
          { ...axis, size: 62, values: (_, values) => values.map(format) },
        ],
        series: [
          { label: 'step' },
          ...lines.map(({ label, colour }, i) => ({
            label,
            stroke: () => colourOf(figure, colour),
            width: 2,
            spanGaps: true,
            points: { show: i === 1, size: 7, fill: () => colourOf(figure, colour) },
            value: (_: uPlot, value: number | null) => (value === null ? '–' : format(value)),
          })),
        ],
        cursor: { drag: { x: false, y: false } },
        legend: { live: lines.length > 1 },
      },
      [[0], ...lines.map(() => [null])],
      figure,
    );
    this.picture = this.plot.root.querySelector('.u-wrap')!;
    this.picture.role = 'img';
    new ResizeObserver(() => this.plot.setSize({ width: this.width, height: HEIGHT })).observe(figure);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.plot.redraw());
  }

  draw(history: History): void {
    const { lines, format } = this.options;
    const tables = lines.map(({ points }) => {
      const known = points(history).filter(([, value]) => value !== undefined);
      return [known.map(([step]) => step), known.map(([, value]) => value!)] as uPlot.AlignedData;
    });
    this.plot.setData(uPlot.join(tables), true);
    this.plot.setScale('x', { min: 0, max: Math.max(1, history.steps) });
    const said = lines.map(({ label }, i) => {
      const last = tables[i][1].at(-1);
      return `${label} ${last === undefined || last === null ? 'not known yet' : format(last)}`;
    });
    this.picture.ariaLabel = `Curve of ${this.figure.querySelector('figcaption')!.textContent}, now: ${said.join(', ')}`;
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
