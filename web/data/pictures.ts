import { isOneOf, shuffledIndices, splitRandom, TRAIN, VALIDATION } from '../../src/data/split.ts';
import { type Dataset, inMemory, presets, type Splits, UserError } from '../../src/index.ts';
import type { FileEntry, FileSource } from '../messages.ts';
import { decode } from './decode.ts';
import type { OnReading, Skipped } from './files.ts';
import { gather, split } from './split.ts';

const PICTURE = /\.(jpe?g|png|webp|gif|bmp|avif)$/i;

/** What pictures are made to be, all in colour. */
const FORMAT = { size: presets['yynet-16'].inputSize, channels: presets['yynet-16'].inputChannels };

/** Pictures decoded at once. */
const UNDER_WAY = 8;

interface Labelled extends FileEntry {
  readonly label: number;
  /** Undefined where no folder says whether it trains or validates. */
  readonly validates?: boolean;
}

/**
 * Decodes CLASS/… or train/CLASS/… and val/CLASS/…. Where no folder validates, a share of each class does.
 * @throws UserError where there are too few classes, or most files are no pictures
 */
export async function openPictures(
  files: readonly FileEntry[],
  { name, valSplit }: Pick<FileSource, 'name' | 'valSplit'>,
  onReading: OnReading,
): Promise<{ splits: Splits; skipped: readonly Skipped[] }> {
  const { classes, pictures } = label(files.filter(({ path }) => PICTURE.test(path)));
  const { all, decoded, skipped } = await decodeAll(name, classes, pictures, onReading);
  if (skipped.length > pictures.length / 2) {
    const [{ path, reason }] = skipped;
    throw new UserError(
      `${skipped.length} of ${pictures.length} files are no pictures that can be read, such as ${path} (${reason}).`,
    );
  }
  // Shuffled, so that the first of them are a fair sample.
  const order = shuffledIndices(decoded, splitRandom(0));
  const at = (validates: boolean) =>
    gather(
      all,
      order.filter((i) => decoded[i].validates === validates),
    );
  const given = decoded.some(({ validates }) => validates);
  const splits = given ? { train: at(false), validation: at(true) } : split(all, valSplit);
  if (splits.train.length === 0 || splits.validation.length === 0) {
    throw new UserError(
      'There are too few pictures; expected at least two of each class, to train on and to validate.',
    );
  }
  return { splits, skipped };
}

/** Tells the pictures' classes by their folders, below the folder that all lie in. */
function label(files: readonly FileEntry[]): { classes: string[]; pictures: Labelled[] } {
  const folders = files.map(({ path }) => path.split('/').slice(0, -1));
  const [first = []] = folders;
  const differs = first.findIndex((name, depth) => folders.some((folder) => folder[depth] !== name));
  const shared = differs < 0 ? first.length : differs;
  const lies = (folder: string[], names: readonly string[]) => shared < folder.length && isOneOf(names, folder[shared]);
  const split = folders.some((folder) => lies(folder, TRAIN));
  const known = [...TRAIN, ...VALIDATION];
  const classOf = (folder: string[]) => folder[split && lies(folder, known) ? shared + 1 : shared];
  const classes = [...new Set(folders.map(classOf))].filter((name) => name !== undefined).sort();
  if (classes.length < 2) {
    const only = classes[0] ?? first.at(-1);
    const got = only ? `of '${only}' alone` : 'in no folders';
    throw new UserError(
      files.length === 0
        ? 'There are no pictures among these files; expected pictures in a folder for each class, or CIFAR-10 files (.bin).'
        : `There are pictures ${got}; expected a folder for each class, and at least two.`,
    );
  }
  const pictures = files.flatMap((entry, i) => {
    const name = classOf(folders[i]);
    const validates = split ? lies(folders[i], VALIDATION) : undefined;
    return name === undefined ? [] : [{ ...entry, label: classes.indexOf(name), validates }];
  });
  return { classes, pictures };
}

async function decodeAll(
  name: string,
  classes: readonly string[],
  pictures: readonly Labelled[],
  onReading: OnReading,
) {
  const size = FORMAT.channels * FORMAT.size ** 2;
  const outcomes: (Uint8Array | Skipped)[] = [];
  let next = 0;
  let done = 0;
  const decodeSome = async () => {
    while (next < pictures.length) {
      const i = next++;
      const { path, file } = pictures[i];
      outcomes[i] = await decode(file, FORMAT).then(
        ({ pixels }) => pixels,
        ({ message }: Error) => ({ path, reason: message }),
      );
      onReading('Reading pictures', ++done, pictures.length);
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, decodeSome));
  const decoded = pictures.filter((_, i) => outcomes[i] instanceof Uint8Array);
  const images = new Uint8Array(decoded.length * size);
  const skipped: Skipped[] = [];
  let end = 0;
  for (const outcome of outcomes) {
    if (outcome instanceof Uint8Array) {
      images.set(outcome, end);
      end += size;
    } else skipped.push(outcome);
  }
  const labels = Int32Array.from(decoded, ({ label }) => label);
  const { size: width, channels } = FORMAT;
  const all: Dataset = inMemory({ name, classes, channels, height: width, width, images, labels });
  return { all, decoded, skipped };
}
