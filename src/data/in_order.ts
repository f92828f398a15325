/**
 * Maps items, at most `concurrency` at once, and yields the results in the items' order.
 * @param f must not reject
 */
export async function* inOrder<T, R>(
  items: readonly T[],
  concurrency: number,
  f: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const pending: Promise<R>[] = [];
  for (const item of items) {
    if (pending.length === concurrency) yield await pending.shift()!;
    pending.push(f(item));
  }
  for (const result of pending) yield await result;
}
