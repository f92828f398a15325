import { inOrder } from '../../src/data/in_order.ts';
import { type LeftOut, summarizeLeftOut } from '../../src/data/left_out.ts';
import { withoutLitter } from '../../src/data/litter.ts';
import type { FileEntry } from '../messages.ts';
import type { WorkerClient } from '../worker_client.ts';
import type { Deck } from './deck.ts';

/** Number of pictures decoded concurrently. */
const CONCURRENCY = 4;

/**
 * Adds the pictures among files to a card, in their order.
 * @throws Error naming the class and the files that are no pictures, after the others were added
 */
export async function addFiles(
  { deck, worker }: { readonly deck: Deck; readonly worker: WorkerClient },
  cardId: number,
  entries: readonly FileEntry[],
): Promise<void> {
  const files = withoutLitter(entries).filter(({ path }) => !path.endsWith('/'));
  const leftOut: LeftOut[] = [];
  const batch = {};
  const squareOf = (picture: FileEntry) => worker.request({ type: 'square', picture });
  for await (const square of inOrder(files, CONCURRENCY, squareOf)) {
    if ('picture' in square) deck.addPictures(cardId, [square.picture], batch);
    else leftOut.push(square.leftOut);
  }
  const name = deck.card(cardId)?.name ?? 'Deleted class';
  const summary = summarizeLeftOut(leftOut, files.length);
  if (summary) throw new Error(`${name}: ${summary}`);
  if (files.length === 0) throw new Error(`${name}: there are no pictures in this folder.`);
}
