import { folderOf, nameOf, type SourceFile } from './source_file.ts';
import { decodeText, linesOf } from './text.ts';

/** Label files are read up to this size, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

const LABEL_FILE = /^(val_annotations\.txt|labels\.csv)$/i;

/** Whether a file gives pictures their classes. */
export const isLabelFile = ({ path }: SourceFile) => LABEL_FILE.test(nameOf(path));

/** The classes that a label file gives. */
export interface Labels {
  readonly path: string;
  /** The class of each picture that the file names. */
  readonly classes: ReadonlyMap<SourceFile, string>;
  /** Names in the file that no picture has. */
  readonly missing: readonly string[];
}

/**
 * Reads a label file: a line for each picture, with its file name and its class, separated by commas, semicolons or tabs.
 * The file name may be a path, and may lack its ending. The first line may be a heading.
 */
export async function readLabels(file: SourceFile, pictures: readonly SourceFile[]): Promise<Labels> {
  const lines = linesOf(decodeText(await file.head(MAX_BYTES), file.path));
  const separator = ['\t', ';', ','].find((mark) => lines[0]?.includes(mark)) ?? ',';
  const rows = lines.map((line) => fieldsOf(line, separator));
  const folder = folderOf(file.path);
  const byName = new Map<string, SourceFile>();
  for (const picture of pictures) {
    const inFolder = folder === '' ? picture.path : picture.path.slice(folder.length + 1);
    for (const name of [inFolder, nameOf(picture.path)]) {
      byName.set(name, picture);
      byName.set(name.replace(/\.[^./]*$/, ''), picture);
    }
  }
  const classes = new Map<SourceFile, string>();
  const missing: string[] = [];
  for (const [i, [name, label]] of rows.entries()) {
    const picture = byName.get(name.replace(/^\.\//, '').replaceAll('\\', '/'));
    if (picture && label) classes.set(picture, label.normalize('NFC'));
    else if (i > 0) missing.push(name);
  }
  return { path: file.path, classes, missing };
}

/** The first two fields of a line. Quotes may enclose a field; two of them stand for one. */
function fieldsOf(line: string, separator: string): string[] {
  const fields = line.match(new RegExp(`("([^"]|"")*"|[^${separator}]*)(${separator}|$)`, 'g')) ?? [];
  return fields.slice(0, 2).map((field) =>
    field
      .replace(new RegExp(`${separator}$`), '')
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replaceAll('""', '"'),
  );
}
