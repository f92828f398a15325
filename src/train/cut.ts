/** Cuts a number of things into `parts` runs of nearly equal size. Returns the size of each. */
export function cut(total: number, parts: number): number[] {
  const start = (i: number) => Math.floor((i * total) / parts);
  return Array.from({ length: parts }, (_, i) => start(i + 1) - start(i));
}
