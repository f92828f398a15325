/** A heading and rows as a table in Markdown, which reads as well in a terminal; numbers stand to the right of a name. */
export function table(rows: readonly (readonly string[])[]): string {
  // A rule has at least a dash and a colon.
  const widths = rows[0].map((_, column) => Math.max(2, ...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))),
  );
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [lines[0], rule, ...lines.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
