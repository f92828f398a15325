import { UserError } from '../runtime/errors.ts';
import { KINDS, type KindName } from './picture_kind.ts';

/** Why a file is left out, besides what it is by its first bytes. */
const REASONS = {
  damaged: { one: 'damaged picture', many: 'damaged pictures' },
  link: { one: 'broken link', many: 'broken links' },
  special: { one: 'device or pipe', many: 'devices or pipes' },
  denied: { one: 'file that cannot be opened', many: 'files that cannot be opened' },
  name: { one: 'file whose name is not UTF-8', many: 'files whose names are not UTF-8', remedy: 'rename' },
  large: { one: 'file that is too large', many: 'files that are too large' },
  loose: { one: 'picture outside the class folders', many: 'pictures outside the class folders' },
  unlabelled: { one: 'picture without a label', many: 'pictures without a label' },
};

type Reason = KindName | keyof typeof REASONS;

/** A file of the data that is not used. */
export interface LeftOut {
  readonly path: string;
  /** What it is, such as 'heic', 'html' or 'damaged'. */
  readonly kind: string;
  /** More than the kind says, in the decoder's or the system's words. */
  readonly detail?: string;
}

/** A file cannot be read as a picture. */
export class PictureError extends Error {
  constructor(
    readonly kind: Reason,
    readonly detail?: string,
  ) {
    super(reasonOf({ kind, detail }));
  }
}

/**
 * The error if most pictures of a folder cannot be read: then something is wrong with the whole folder.
 * @param example one of those that cannot be read
 */
export const mostFailed = (root: string, failed: number, total: number, example: LeftOut): UserError =>
  new UserError(
    `${root}: ${failed} of ${total} files cannot be decoded as pictures, for example ${example.path} (${reasonOf(example)}).`,
  );

/** The file that an error is about, as left out. Errors of decoders mean that the picture is damaged. */
export const leftOutBy = (path: string, error: Error): LeftOut =>
  error instanceof PictureError
    ? { path, kind: error.kind, detail: error.detail }
    : { path, kind: 'damaged', detail: error.message };

const WORDS: Readonly<Record<string, { readonly one: string; readonly many: string; readonly remedy?: string }>> = {
  ...KINDS,
  ...REASONS,
};

/** Why a file is left out, in words without a full stop: 'BMP picture; convert to JPEG or PNG'. */
export function reasonOf({ kind, detail }: Pick<LeftOut, 'kind' | 'detail'>): string {
  const { one, remedy } = WORDS[kind];
  return [detail ? `${one}: ${detail}` : one, ...(remedy ? [remedy] : [])].join('; ');
}

/**
 * Says in one line how many files are left out, by kinds, most first.
 * @param total the number of all files
 */
export function summarizeLeftOut(leftOut: readonly LeftOut[], total: number): string | undefined {
  if (leftOut.length === 0) return undefined;
  const groups = new Map<string, { count: number; example: string }>();
  for (const { path, kind } of leftOut) {
    const { count, example } = groups.get(kind) ?? { count: 0, example: path };
    groups.set(kind, { count: count + 1, example });
  }
  const parts = [...groups]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([kind, { count, example }]) => {
      const { one, many, remedy } = WORDS[kind];
      const files = count === 1 ? `1 ${one}, ${example}` : `${count} ${many} such as ${example}`;
      return remedy ? `${files} (${remedy})` : files;
    });
  return `${leftOut.length} of ${total} files ${leftOut.length === 1 ? 'is' : 'are'} not used: ${parts.join('; ')}.`;
}
