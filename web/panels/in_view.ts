import { byId } from '../dom.ts';

/** Scrolls to the training, where all cards are in one column. */
export function showTraining(): void {
  if (matchMedia('(max-width: 62rem)').matches) byId('progress-title').scrollIntoView();
}
