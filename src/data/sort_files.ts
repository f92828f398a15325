import { inOrder } from './in_order.ts';
import { isLabelFile } from './label_file.ts';
import { type LeftOut, leftOutBy } from './left_out.ts';
import { withoutLitter } from './litter.ts';
import { HEAD_BYTES, KINDS, type KindName, kindOf } from './picture_kind.ts';
import type { SourceFile } from './source_file.ts';

/** Files of these endings are taken for pictures before they are read; what they are is seen when they are decoded. */
const PICTURE = /\.(jpe?g|jpe|jfif|pjpe?g|pjp|a?png|webp|gif|avif|tiff?|bmp|hei[cf])$/i;

/** Number of files that are looked into at once. */
const CONCURRENCY = 16;

/** The files of a data set by what they are. */
export interface SortedFiles {
  readonly pictures: readonly SourceFile[];
  readonly labelFiles: readonly SourceFile[];
  /** Files that are no pictures, and markers of empty folders. */
  readonly others: readonly SourceFile[];
  /** Why each of the other files is not used. */
  readonly leftOut: readonly LeftOut[];
  /** The number of all files. */
  readonly total: number;
}

/** Tells pictures from other files, whatever their names. Litter is dropped. */
export async function sortFiles(files: readonly SourceFile[]): Promise<SortedFiles> {
  const pictures: SourceFile[] = [];
  const labelFiles: SourceFile[] = [];
  const others: SourceFile[] = [];
  const leftOut: LeftOut[] = [];
  const clean = withoutLitter(files);
  const look = async (file: SourceFile): Promise<LeftOut | 'picture'> => {
    if (PICTURE.test(file.path)) return 'picture';
    try {
      const kind: KindName = kindOf(await file.head(HEAD_BYTES));
      return 'picture' in KINDS[kind] ? 'picture' : { path: file.path, kind };
    } catch (error) {
      return leftOutBy(file.path, error as Error);
    }
  };
  const real = clean.filter(({ path }) => !path.endsWith('/'));
  let i = 0;
  for await (const outcome of inOrder(real, CONCURRENCY, look)) {
    const file = real[i++];
    if (outcome === 'picture') {
      pictures.push(file);
      continue;
    }
    others.push(file);
    if (isLabelFile(file)) labelFiles.push(file);
    else leftOut.push(outcome);
  }
  others.push(...clean.filter(({ path }) => path.endsWith('/')));
  return { pictures, labelFiles, others, leftOut, total: real.length };
}
