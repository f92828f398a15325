import type { Insight, Sample } from '../../src/index.ts';
import { percent } from '../../src/train/format.ts';
import { byId, create } from '../dom.ts';
import { drawPicture } from '../draw.ts';
import type { MapsPanel } from './maps.ts';

/** More classes than this do not fit into a table: their most frequent confusions are listed. */
const TABLE_CLASSES = 20;
const LISTED = 12;

export interface InsightPanel {
  show(insight: Insight): void;
  /** Where there are no pictures to show it on. */
  hide(): void;
}

/** Predictions and confusions on pictures that the net was not trained on. */
export function insightPanel(maps: MapsPanel): InsightPanel {
  const onlyMistakes = byId<HTMLInputElement>('only-mistakes');
  let latest: Insight | undefined;

  const showSamples = () => {
    if (!latest) return;
    const { samples, mistakes, classNames } = latest;
    const shown = onlyMistakes.checked ? mistakes : samples;
    byId('samples').replaceChildren(
      ...shown.map((sample) =>
        create(
          'li',
          {},
          sampleButton(sample, classNames, () => maps.choose(sample)),
        ),
      ),
    );
    if (shown.length === 0) byId('samples').append(create('li', { textContent: 'None.' }));
  };

  onlyMistakes.addEventListener('change', showSamples);
  return {
    show(insight) {
      latest = insight;
      const { accuracy, count, of } = insight;
      byId('learned').hidden = false;
      byId('insight-summary').textContent =
        `${percent(accuracy)} of ${count === of ? `the ${of}` : `${count} of the ${of}`} pictures held back are right.`;
      showSamples();
      byId('confusion').replaceChildren(
        insight.classNames.length <= TABLE_CLASSES ? confusionTable(insight) : confusionList(insight),
      );
      maps.refresh(insight.samples[0]);
    },
    hide() {
      byId('learned').hidden = true;
    },
  };
}

function sampleButton(
  { label, prediction, probability, picture }: Sample,
  classNames: readonly string[],
  onChoose: () => void,
): HTMLButtonElement {
  const canvas = create('canvas');
  drawPicture(canvas, picture);
  const right = label === prediction;
  const taken = create('span', {
    className: right ? 'right' : 'wrong',
    textContent: `${right ? '✓' : '✗'} ${classNames[prediction]}`,
  });
  const button = create('button', { type: 'button', title: percent(probability) }, canvas, taken);
  button.ariaLabel = right
    ? `${classNames[label]}, right, ${percent(probability)} sure`
    : `${classNames[label]}, wrongly taken for ${classNames[prediction]}, ${percent(probability)} sure`;
  button.addEventListener('click', onChoose);
  return button;
}

function confusionTable({ classNames, confusion }: Insight): HTMLTableElement {
  const classes = classNames.length;
  const head = create(
    'tr',
    {},
    create('th', { scope: 'col', textContent: 'is ↓ taken for →' }),
    ...classNames.map((textContent) => create('th', { scope: 'col', textContent })),
  );
  const rows = classNames.map((name, label) => {
    const counts = [...confusion.subarray(label * classes, (label + 1) * classes)];
    const total = counts.reduce((a, b) => a + b, 0);
    const cells = counts.map((count, prediction) => {
      const cell = create('td', { textContent: count > 0 ? String(count) : '' });
      if (prediction === label) cell.className = 'same';
      cell.style.setProperty('--share', String(total > 0 ? count / total : 0));
      return cell;
    });
    return create('tr', {}, create('th', { scope: 'row', textContent: name }), ...cells);
  });
  return create('table', {}, create('thead', {}, head), create('tbody', {}, ...rows));
}

function confusionList({ classNames, confusion }: Insight): HTMLOListElement {
  const classes = classNames.length;
  const pairs = [...confusion]
    .map((count, i) => ({ count, label: Math.floor(i / classes), prediction: i % classes }))
    .filter(({ count, label, prediction }) => count > 0 && label !== prediction)
    .sort((a, b) => b.count - a.count)
    .slice(0, LISTED);
  const lines = pairs.map(({ count, label, prediction }) =>
    create('li', { textContent: `${count} × ${classNames[label]}, taken for ${classNames[prediction]}` }),
  );
  return create('ol', {}, ...lines);
}
