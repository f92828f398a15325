// A page's HTML, in which `<!-- part NAME.html -->` stands for web/parts/NAME.html.
import { readFile } from 'node:fs/promises';

/** @param file a path or a file URL */
export async function readPage(file) {
  let html = await readFile(file, 'utf8');
  for (const [mark, name] of html.matchAll(/<!-- part ([\w-]+\.html) -->/g)) {
    const part = await readFile(new URL(`../web/parts/${name}`, import.meta.url), 'utf8');
    html = html.replace(mark, () => part);
  }
  return html;
}
