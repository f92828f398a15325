import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { EpochMetrics } from '../train/hooks.ts';

use([LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** Read well on white and on black, and apart from each other where colours are not seen. */
const COLOURS = ['#c2410c', '#2563eb', '#64748b'];

function svg(width: number, height: number, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, color: COLOURS, ...option });
  const text = chart.renderToSVGString();
  chart.dispose();
  return text;
}

const AXIS = { nameLocation: 'middle', splitLine: { lineStyle: { color: '#8884' } }, axisLabel: { color: '#64748b' } };

/** Loss and accuracy over the epochs, side by side, as an SVG. */
export function curves(metrics: readonly EpochMetrics[]): string {
  const line = (name: string, key: keyof EpochMetrics, panel: number, colour: number, scale = 1) => ({
    ...{ type: 'line', name, xAxisIndex: panel, yAxisIndex: panel, itemStyle: { color: COLOURS[colour] } },
    data: metrics.map((line) => [line.epoch, scale * line[key]!]),
  });
  const epochs = { ...AXIS, type: 'value', name: 'epoch', nameGap: 26, minInterval: 1, min: 1 };
  return svg(880, 320, {
    legend: { bottom: 0, data: ['training', 'validation'], textStyle: { color: '#64748b' } },
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
    series: [
      line('training', 'train_loss', 0, 0),
      line('validation', 'val_loss', 0, 1),
      line('training', 'train_accuracy', 1, 0, 100),
      line('validation', 'val_accuracy', 1, 1, 100),
    ],
  });
}

/** Some measurements of one thing, beside what somebody else found. */
export interface Measured {
  readonly name: string;
  readonly values: readonly number[];
  readonly other: number;
}

/** A row of dots for each thing that was measured, as an SVG. */
export function dots(rows: readonly Measured[], unit: string, otherName: string): string {
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
        ...{ type: 'scatter', name: otherName, symbol: 'diamond', symbolSize: 12 },
        data: rows.map(({ name, other }) => [other, name]),
      },
    ],
  });
}
