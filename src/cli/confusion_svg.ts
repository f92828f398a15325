import type { ConfusionMatrix } from '../train/confusion.ts';

/** Pixels. */
const FONT = 12;
const PADDING = 16;
/** Wide enough for a count of four digits. */
const CELL = 36;
/** Where there are so many classes that cells would show neither names nor counts that can be read. */
const MANY = 40;
const SMALL_CELL = 6;
/** A letter's width at most. */
const LETTER = 0.65 * FONT;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** XML has no place for control characters. */
const escapeXml = (text: string) => text.replace(/[&<>"\p{Cc}]/gu, (character) => ESCAPES[character] ?? ' ');

/** White for 0 to dark blue for 1. */
function shade(share: number): string {
  const [red, green, blue] = [
    [255, 8],
    [255, 48],
    [255, 107],
  ].map(([from, to]) => Math.round(from + (to - from) * share));
  return `rgb(${red},${green},${blue})`;
}

/**
 * A confusion matrix as a picture: a row for each class, a column for each prediction, and a cell the darker the larger
 * its share of the row is.
 */
export function confusionSvg(confusion: ConfusionMatrix, title: string): string {
  const { classNames, classes } = confusion;
  const readable = classNames.length <= MANY;
  const cell = readable ? CELL : SMALL_CELL;
  const margin = PADDING + (readable ? Math.max(...classNames.map(({ length }) => length)) * LETTER : 0);
  const [left, top] = [margin + 2 * FONT, margin + 4 * FONT];
  const side = cell * classNames.length;
  const [width, height] = [Math.max(left + side + PADDING, title.length * LETTER + 2 * PADDING), top + side + PADDING];
  const text = (x: number, y: number, content: string, attributes = '') =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes}>${escapeXml(content)}</text>`;
  const centre = (i: number) => (i + 0.5) * cell;

  const cells = classNames.flatMap((is, row) =>
    classNames.map((taken, column) => {
      const count = confusion.at(row, column);
      const share = classes[row].count && count / classes[row].count;
      const [x, y] = [left + column * cell, top + row * cell];
      const square =
        `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${cell}" height="${cell}" fill="${shade(share)}">` +
        `<title>${escapeXml(`${is}, taken for ${taken}: ${count}`)}</title></rect>`;
      if (!readable || count === 0) return square;
      const fill = share > 0.5 ? ' fill="white"' : '';
      return square + text(x + cell / 2, y + cell / 2 + FONT / 3, String(count), ` text-anchor="middle"${fill}`);
    }),
  );
  const rowNames = classNames.map((name, i) =>
    text(left - FONT / 2, top + centre(i) + FONT / 3, name, ' text-anchor="end"'),
  );
  const columnNames = classNames.map((name, i) => {
    const [x, y] = [left + centre(i) + FONT / 3, top - FONT / 2];
    return text(x, y, name, ` transform="rotate(-90 ${x.toFixed(1)} ${y.toFixed(1)})"`);
  });
  const middle = top + side / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${Math.ceil(height)}" font-family="sans-serif" font-size="${FONT}">
<rect width="100%" height="100%" fill="white"/>
${text(PADDING, PADDING + FONT / 2, title, ' font-weight="bold"')}
${text(left + side / 2, PADDING + 2 * FONT, 'taken for', ' text-anchor="middle" fill="#555"')}
${text(PADDING, middle, 'is', ` text-anchor="middle" fill="#555" transform="rotate(-90 ${PADDING} ${middle.toFixed(1)})"`)}
${readable ? [...rowNames, ...columnNames].join('\n') : ''}
${cells.join('\n')}
<rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${side}" height="${side}" fill="none" stroke="#888"/>
</svg>
`;
}
