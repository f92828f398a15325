import { type ConfusionMatrix, largestConfusions } from '../inference/confusion.ts';
import { escapeMarkup } from './markup.ts';

/** Sizes in pixels. */
const FONT_SIZE = 12;
const PADDING = 16;
/** Fits a count of four digits. */
const CELL = 36;
/** With more classes, cells are small and have neither names nor counts. */
const MAX_LABELLED_CLASSES = 40;
const SMALL_CELL = 6;
/** A larger matrix has more elements than viewers take, so the largest confusions are listed instead. */
export const MAX_MATRIX_CLASSES = 200;
const MAX_LISTED = 40;
const LINE = 1.5 * FONT_SIZE;
/** Estimated maximum width of a letter. */
const LETTER_WIDTH = 0.65 * FONT_SIZE;

/** Returns a colour from white for 0 to dark blue for 1. */
function colourOf(fraction: number): string {
  const [red, green, blue] = [
    [255, 8],
    [255, 48],
    [255, 107],
  ].map(([from, to]) => Math.round(from + (to - from) * fraction));
  return `rgb(${red},${green},${blue})`;
}

const text = (x: number, y: number, content: string, attributes = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes}>${escapeMarkup(content)}</text>`;

const document = (width: number, height: number, title: string, content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${Math.ceil(height)}" font-family="sans-serif" font-size="${FONT_SIZE}">
<rect width="100%" height="100%" fill="white"/>
${text(PADDING, PADDING + FONT_SIZE / 2, title, ' font-weight="bold"')}
${content}
</svg>
`;

/**
 * Draws a confusion matrix as an SVG: a row per class, a column per predicted class. The darkness of a cell is its fraction
 * of the row's pictures. Of more than 200 classes, the largest confusions are listed.
 */
export const confusionSvg = (confusion: ConfusionMatrix, title: string): string =>
  confusion.classNames.length > MAX_MATRIX_CLASSES ? listSvg(confusion, title) : matrixSvg(confusion, title);

function listSvg({ classNames, counts }: ConfusionMatrix, title: string): string {
  const pairs = largestConfusions(counts, classNames.length, MAX_LISTED);
  const lines = [
    pairs.length > 0 ? `The largest confusions of ${classNames.length} classes:` : 'There are no confusions.',
    ...pairs.map(
      ({ label, prediction, count }) => `${count} × ${classNames[label]}, predicted ${classNames[prediction]}`,
    ),
  ];
  const width = Math.max(...[title, ...lines].map(({ length }) => length)) * LETTER_WIDTH + 2 * PADDING;
  const top = PADDING + 2 * LINE;
  const content = lines.map((line, i) => text(PADDING, top + i * LINE, line)).join('\n');
  return document(width, top + lines.length * LINE + PADDING, title, content);
}

function matrixSvg(confusion: ConfusionMatrix, title: string): string {
  const { classNames, classes } = confusion;
  const labelled = classNames.length <= MAX_LABELLED_CLASSES;
  const cell = labelled ? CELL : SMALL_CELL;
  const margin = PADDING + (labelled ? Math.max(...classNames.map(({ length }) => length)) * LETTER_WIDTH : 0);
  const [left, top] = [margin + 2 * FONT_SIZE, margin + 4 * FONT_SIZE];
  const gridSize = cell * classNames.length;
  const [width, height] = [
    Math.max(left + gridSize + PADDING, title.length * LETTER_WIDTH + 2 * PADDING),
    top + gridSize + PADDING,
  ];
  const centreOf = (i: number) => (i + 0.5) * cell;

  const cells = classNames.flatMap((actual, row) =>
    classNames.map((predicted, column) => {
      const count = confusion.at(row, column);
      const fraction = classes[row].count && count / classes[row].count;
      const [x, y] = [left + column * cell, top + row * cell];
      const square =
        `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${cell}" height="${cell}" fill="${colourOf(fraction)}">` +
        `<title>${escapeMarkup(`${actual}, predicted ${predicted}: ${count}`)}</title></rect>`;
      if (!labelled || count === 0) return square;
      const fill = fraction > 0.5 ? ' fill="white"' : '';
      return square + text(x + cell / 2, y + cell / 2 + FONT_SIZE / 3, String(count), ` text-anchor="middle"${fill}`);
    }),
  );
  const rowNames = classNames.map((name, i) =>
    text(left - FONT_SIZE / 2, top + centreOf(i) + FONT_SIZE / 3, name, ' text-anchor="end"'),
  );
  const columnNames = classNames.map((name, i) => {
    const [x, y] = [left + centreOf(i) + FONT_SIZE / 3, top - FONT_SIZE / 2];
    return text(x, y, name, ` transform="rotate(-90 ${x.toFixed(1)} ${y.toFixed(1)})"`);
  });
  const middle = top + gridSize / 2;
  const content = `${text(left + gridSize / 2, PADDING + 2 * FONT_SIZE, 'predicted', ' text-anchor="middle" fill="#555"')}
${text(PADDING, middle, 'actual', ` text-anchor="middle" fill="#555" transform="rotate(-90 ${PADDING} ${middle.toFixed(1)})"`)}
${labelled ? [...rowNames, ...columnNames].join('\n') : ''}
${cells.join('\n')}
<rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${gridSize}" height="${gridSize}" fill="none" stroke="#888"/>`;
  return document(width, height, title, content);
}
