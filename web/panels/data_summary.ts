import { byId, create } from '../dom.ts';
import { drawPicture } from '../draw.ts';
import type { DataSummary } from '../messages.ts';

/** Shows what the open data set has: its size, one picture of each class, and what the user should know. */
export function showDataSummary(data?: DataSummary): void {
  const count = (pictures: number) => pictures.toLocaleString('en');
  byId('data-summary').textContent = data
    ? `${data.name}: ${data.classes.length} classes, ${count(data.train)} training and ${count(data.validation)} validation pictures.`
    : '';
  showSamples(data);
  showNotices(data);
}

function showSamples(data?: DataSummary): void {
  // The cards show their pictures themselves.
  const samples = data?.fromCards ? [] : (data?.samples ?? []);
  const items = samples.map(({ label, picture }) => {
    const canvas = create('canvas', { ariaHidden: 'true' });
    drawPicture(canvas, picture);
    return create('li', {}, canvas, create('span', { textContent: data!.classes[label] }));
  });
  byId('data-samples').replaceChildren(...items);
}

function showNotices(
  { notices, leftOut }: Pick<DataSummary, 'notices' | 'leftOut'> = { notices: [], leftOut: [] },
): void {
  const list = (lines: readonly string[]) => lines.map((textContent) => create('li', { textContent }));
  const details = byId<HTMLDetailsElement>('left-out');
  details.hidden = leftOut.length === 0;
  const [summary = '', ...others] = leftOut.length > 0 ? notices : ['', ...notices];
  details.querySelector('summary')!.textContent = summary;
  details.querySelector('ul')!.replaceChildren(...list(leftOut.map(({ path, reason }) => `${path}: ${reason}`)));
  byId('data-notices').replaceChildren(...list(others));
}
