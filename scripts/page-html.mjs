// Reads a page's HTML and replaces each `<!-- part NAME.html -->` by the content of web/parts/NAME.html.
import { readFile } from 'node:fs/promises';

/**
 * @param file a path or a file URL
 * @returns the HTML
 */
export async function readPage(file) {
  let html = await readFile(file, 'utf8');
  for (const [comment, name] of html.matchAll(/<!-- part ([\w-]+\.html) -->/g)) {
    const part = await readFile(new URL(`../web/parts/${name}`, import.meta.url), 'utf8');
    html = html.replace(comment, () => part);
  }
  return html;
}
