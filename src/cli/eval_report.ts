import { type ConfusionMatrix, largestConfusions } from '../inference/confusion.ts';
import { percent } from '../report/format.ts';
import { REPORT_STYLE } from './eval_report_style.ts';
import { escapeMarkup } from './markup.ts';

/** A larger matrix is not read: the largest confusions are listed instead. */
const MAX_TABLE_CLASSES = 30;
const MAX_LISTED = 40;

/** A picture in the gallery. */
export interface ShownMistake {
  readonly label: number;
  readonly prediction: number;
  readonly probability: number;
  readonly unlike: boolean;
  /** Of an image, such as a data: address. */
  readonly address: string;
}

/** An evaluation, for people. */
export interface Evaluated {
  readonly checkpoint: string;
  readonly data: string;
  readonly loss: number;
  /** Share of the pictures that are unlike those of training, where the net can tell. */
  readonly unlike?: number;
  readonly confusion: ConfusionMatrix;
  /** The surest first. */
  readonly mistakes: readonly ShownMistake[];
  /** The curves of training as an SVG, if there are any. */
  readonly curves?: string;
}

/** One page of HTML that needs no other file: accuracy, classes, confusions, the surest mistakes, and the curves of training. */
export function evalReport(evaluated: Evaluated): string {
  const { checkpoint, data, confusion, mistakes, curves } = evaluated;
  const title = `${checkpoint} on ${data}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeMarkup(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${figures(evaluated)}
${section('Classes', classTable(confusion))}
${confusionSection(confusion)}
${mistakes.length > 0 ? section('The surest mistakes', gallery(confusion.classNames, mistakes)) : ''}
${curves ? section('Training', `<div class="curves">${curves}</div>`) : ''}
</body>
</html>
`;
}

const section = (heading: string, content: string) => `<section>\n<h2>${heading}</h2>\n${content}\n</section>`;

function figures({ loss, unlike, confusion }: Evaluated): string {
  const rows = [
    ['accuracy', percent(confusion.accuracy)],
    ['guessing gives', percent(1 / confusion.classNames.length)],
    ['pictures', String(confusion.total)],
    ['loss', loss.toFixed(4)],
    ...(unlike === undefined ? [] : [['unlike the training pictures', percent(unlike)]]),
  ];
  return `<dl class="figures">${rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>`;
}

function classTable({ classes, classNames, counts }: ConfusionMatrix): string {
  const takenFor = new Map<number, string>();
  for (const { label, prediction, count } of largestConfusions(counts, classNames.length, counts.length)) {
    if (!takenFor.has(label)) takenFor.set(label, `${classNames[prediction]} (${count})`);
  }
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  const rows = classes.map(({ name, count, precision, recall }, label) => {
    const bar = recall === null ? '' : `<meter value="${recall}" aria-hidden="true"></meter>`;
    const cells = [String(count), share(recall) + bar, share(precision)].map((cell) => `<td>${cell}</td>`);
    const most = `<td class="name">${escapeMarkup(takenFor.get(label) ?? '')}</td>`;
    return `<tr><th scope="row">${escapeMarkup(name)}</th>${cells.join('')}${most}</tr>`;
  });
  const head = ['class', 'pictures', 'recall', 'precision', 'most often taken for'];
  return table('', head, rows);
}

function table(kind: string, head: readonly string[], rows: readonly string[]): string {
  const cells = head.map((name) => `<th scope="col">${escapeMarkup(name)}</th>`).join('');
  return `<div class="scroll"><table class="${kind}">\n<thead><tr>${cells}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table></div>`;
}

function confusionSection(confusion: ConfusionMatrix): string {
  if (confusion.classNames.length > MAX_TABLE_CLASSES)
    return section('The largest confusions', confusionList(confusion));
  const note = '<p class="soft">Rows are the true classes, columns the predicted ones.</p>';
  return section('Confusion matrix', note + matrix(confusion));
}

function matrix(confusion: ConfusionMatrix): string {
  const { classNames, classes } = confusion;
  const rows = classNames.map((name, label) => {
    const cells = classNames.map((predicted, prediction) => {
      const count = confusion.at(label, prediction);
      const kind = label === prediction ? 'right' : count === 0 ? 'none' : 'wrong';
      const share = classes[label].count && count / classes[label].count;
      const says = escapeMarkup(`${name}, taken for ${predicted}: ${count}`);
      return `<td class="${kind}" style="--share:${share.toFixed(3)}" title="${says}">${count}</td>`;
    });
    return `<tr><th scope="row">${escapeMarkup(name)}</th>${cells.join('')}</tr>`;
  });
  return table('matrix', ['', ...classNames], rows);
}

function confusionList({ classNames, counts }: ConfusionMatrix): string {
  const rows = largestConfusions(counts, classNames.length, MAX_LISTED).map(({ label, prediction, count }) => {
    const names = [label, prediction].map((k) => `<td class="name">${escapeMarkup(classNames[k])}</td>`);
    return `<tr>${names.join('')}<td>${count}</td></tr>`;
  });
  return rows.length > 0 ? table('', ['class', 'taken for', 'pictures'], rows) : '<p>There are none.</p>';
}

function gallery(classNames: readonly string[], mistakes: readonly ShownMistake[]): string {
  const shown = mistakes.map(({ label, prediction, probability, unlike, address }) => {
    const [actual, predicted] = [label, prediction].map((k) => escapeMarkup(classNames[k]));
    const mark = unlike ? '<br><span>unlike the training pictures</span>' : '';
    const caption = `<strong>${predicted}</strong> ${percent(probability)}<br><span>is ${actual}</span>${mark}`;
    return `<figure><img src="${address}" alt="${actual}, taken for ${predicted}"><figcaption>${caption}</figcaption></figure>`;
  });
  return `<div class="gallery">\n${shown.join('\n')}\n</div>`;
}
