import { printableName } from '../runtime/printable.ts';

/** Formats a heading and rows as a Markdown table that is also readable in a terminal: all columns but the first are right-aligned. */
export function table(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(printableName));
  // The rule of a right-aligned column is at least '-:'.
  const widths = rows[0].map((_, column) => Math.max(2, ...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))),
  );
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [lines[0], rule, ...lines.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
