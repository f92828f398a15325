import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { EpochMetrics } from '../train/hooks.ts';

use([LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** Readable on white and on black, and distinguishable by colour-blind readers. */
const COLOURS = ['#c2410c', '#2563eb', '#64748b'];

function svg(width: number, height: number, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, color: COLOURS, ...option });
  const text = chart.renderToSVGString();
  chart.dispose();
  // The library counts its names on from chart to chart. Files must not depend on what was drawn before.
  const names = new Map<string, string>();
  return text.replaceAll(/zr\d+-[a-z]+-?\d+/g, (name) => {
    if (!names.has(name)) names.set(name, `n${names.size}`);
    return names.get(name)!;
  });
}

const AXIS = { nameLocation: 'middle', splitLine: { lineStyle: { color: '#8884' } }, axisLabel: { color: '#64748b' } };

/** What is drawn of an epoch. */
type Epoch = Pick<EpochMetrics, 'epoch' | 'train_loss' | 'val_loss' | 'val_accuracy'> & Partial<EpochMetrics>;

/** Another training of the same net, and who made it. */
interface OtherTraining {
  readonly name: string;
  readonly epochs: readonly Epoch[];
}

/** Draws loss and accuracy over the epochs, side by side, as an SVG; with dashed lines also those of another training. */
export function learningCurves(metrics: readonly Epoch[], other?: OtherTraining): string {
  const line = (name: string, key: keyof EpochMetrics, panel: number, colour: number, scale = 1) => {
    const curve = (of: readonly Epoch[]) =>
      of.flatMap((epoch) => (epoch[key] === undefined ? [] : [[epoch.epoch, scale * epoch[key]]]));
    const own = {
      ...{ type: 'line', name, xAxisIndex: panel, yAxisIndex: panel, itemStyle: { color: COLOURS[colour] } },
      data: curve(metrics),
    };
    if (!other) return [own];
    const lineStyle = { type: 'dashed', width: 1.5 };
    return [own, { ...own, name: `${name}, ${other.name}`, lineStyle, symbol: 'none', data: curve(other.epochs) }];
  };
  const series = [
    ...line('training', 'train_loss', 0, 0),
    ...line('validation', 'val_loss', 0, 1),
    ...line('training', 'train_accuracy', 1, 0, 100),
    ...line('validation', 'val_accuracy', 1, 1, 100),
  ];
  const epochs = { ...AXIS, type: 'value', name: 'epoch', nameGap: 26, minInterval: 1, min: 1 };
  return svg(880, 320, {
    legend: { bottom: 0, data: [...new Set(series.map(({ name }) => name))], textStyle: { color: '#64748b' } },
    title: ['loss', 'accuracy, %'].map((text, i) => ({
      ...{ text, left: i === 0 ? '27%' : '77%', textAlign: 'center' },
      textStyle: { fontSize: 14, color: '#64748b' },
    })),
    grid: [
      { left: '6%', right: '54%', top: 40, bottom: 70 },
      { left: '56%', right: '3%', top: 40, bottom: 70 },
    ],
    xAxis: [0, 1].map((gridIndex) => ({ ...epochs, gridIndex })),
    yAxis: [0, 1].map((gridIndex) => ({ ...AXIS, type: 'value', scale: true, gridIndex })),
    series,
  });
}

/** Measured values of one experiment, and a reference value to compare them with. */
export interface Measurements {
  readonly name: string;
  readonly values: readonly number[];
  readonly reference: number;
}

/** Draws a row of dots per experiment as an SVG, with the reference value as a diamond. */
export function dotPlot(rows: readonly Measurements[], unit: string, referenceName: string): string {
  const names = rows.map(({ name }) => name);
  return svg(720, 90 + 44 * rows.length, {
    legend: { bottom: 0, textStyle: { color: '#64748b' } },
    grid: { left: 140, right: 30, top: 20, bottom: 70 },
    xAxis: { ...AXIS, type: 'value', scale: true, name: unit, nameGap: 26 },
    yAxis: { ...AXIS, type: 'category', data: names, inverse: true },
    series: [
      {
        type: 'scatter',
        name: 'runs',
        symbolSize: 9,
        data: rows.flatMap(({ name, values }) => values.map((v) => [v, name])),
      },
      {
        ...{ type: 'scatter', name: referenceName, symbol: 'diamond', symbolSize: 12 },
        data: rows.map(({ name, reference }) => [reference, name]),
      },
    ],
  });
}

/** A point of the plane of accuracy and size. */
export interface SizedPoint {
  readonly parameters: number;
  /** In percent. */
  readonly accuracy: number;
  /** Written beside the point. */
  readonly label?: string;
}

/** Draws accuracy against the number of parameters, on a logarithmic axis, as an SVG: a colour and symbol for each series. */
export function accuracyPlane(series: Readonly<Record<string, readonly SizedPoint[]>>): string {
  const symbols = ['circle', 'diamond', 'triangle'];
  // So that the labels of near points of two series do not overlap.
  const sides = ['right', 'left', 'bottom'];
  return svg(720, 420, {
    legend: { bottom: 0, textStyle: { color: '#64748b' } },
    grid: { left: 60, right: 70, top: 20, bottom: 80 },
    xAxis: { ...AXIS, type: 'log', name: 'parameters (beside each net: its epochs)', nameGap: 28, min: 2e4, max: 2e6 },
    yAxis: { ...AXIS, type: 'value', scale: true, name: 'accuracy, %', nameGap: 36 },
    series: Object.entries(series).map(([name, points], i) => ({
      ...{ type: 'scatter', name, symbol: symbols[i], symbolSize: 11 },
      data: points.map(({ parameters, accuracy, label }) => ({
        value: [parameters, accuracy],
        label: { show: label !== undefined, formatter: label, position: sides[i], color: COLOURS[i], fontSize: 11 },
      })),
    })),
  });
}
