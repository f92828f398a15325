import { largestConfusions } from '../../src/inference/confusion.ts';
import type { Insight, Sample } from '../../src/inference/insight.ts';
import { percent } from '../../src/report/format.ts';
import { byId, create } from '../dom.ts';
import { drawPicture } from '../draw.ts';
import type { MapsPanel } from './maps.ts';

/** With more classes than this, the most frequent confusions are listed instead of the whole matrix. */
const MAX_TABLE_CLASSES = 20;
const MAX_LISTED = 12;

export interface InsightPanel {
  show(insight: Insight): void;
  /** Hides the panel, for when no data set is open. */
  hide(): void;
}

/** Shows predictions and the confusion matrix on the validation pictures. */
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
        `${percent(accuracy)} of ${count === of ? `the ${of}` : `${count} of the ${of}`} validation pictures are classified correctly.`;
      showSamples();
      byId('confusion').replaceChildren(
        insight.classNames.length <= MAX_TABLE_CLASSES ? confusionTable(insight) : confusionList(insight),
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
  const correct = label === prediction;
  const caption = create('span', {
    className: correct ? 'right' : 'wrong',
    textContent: `${correct ? '✓' : '✗'} ${classNames[prediction]}`,
  });
  const button = create('button', { type: 'button', title: percent(probability) }, canvas, caption);
  button.ariaLabel = correct
    ? `${classNames[label]}, correct, probability ${percent(probability)}`
    : `${classNames[label]}, predicted as ${classNames[prediction]}, probability ${percent(probability)}`;
  button.addEventListener('click', onChoose);
  return button;
}

function confusionTable({ classNames, confusion }: Insight): HTMLTableElement {
  const classes = classNames.length;
  const head = create(
    'tr',
    {},
    create('th', { scope: 'col', textContent: 'true ↓ predicted →' }),
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
  const pairs = largestConfusions(confusion, classNames.length, MAX_LISTED);
  const lines = pairs.map(({ count, label, prediction }) =>
    create('li', { textContent: `${count} × ${classNames[label]} predicted as ${classNames[prediction]}` }),
  );
  return create('ol', {}, ...lines);
}
