// Windows resets a GPU when one submit takes more than two seconds. Times are estimated for a slow GPU, so that every machine
// cuts a recording into the same submits.

/** An integrated GPU of some years ago: what it computes and moves in a second. */
const FLOPS = 0.4e12;
const BYTES = 30e9;

/** The most seconds of one submit. */
const LONGEST_SUBMIT = 1;

interface Work {
  readonly flops: number;
  readonly bytes: number;
}

/** Seconds that a dispatch takes on the slow GPU, by the larger of its arithmetic and its memory traffic. */
export const slowSeconds = ({ flops, bytes }: Work): number => Math.max(flops / FLOPS, bytes / BYTES);

/** Cuts a list of dispatches into runs of at most a second on the slow GPU. A longer dispatch is a run of its own. */
export function cutSubmits(commands: readonly Work[]): readonly { readonly first: number; readonly end: number }[] {
  const submits: { first: number; end: number }[] = [];
  let seconds = Number.POSITIVE_INFINITY;
  for (const [i, command] of commands.entries()) {
    const own = slowSeconds(command);
    if (seconds + own > LONGEST_SUBMIT) {
      submits.push({ first: i, end: i });
      seconds = 0;
    }
    submits.at(-1)!.end = i + 1;
    seconds += own;
  }
  return submits;
}
