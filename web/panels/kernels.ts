import type { Figures } from '../../src/index.ts';
import { percent } from '../../src/train/format.ts';
import { byId, create } from '../dom.ts';
import type { Page } from '../state.ts';

/** Where a training step's time goes, kernel by kernel. */
export function kernelsPanel({ engine, store, attempt }: Page): void {
  const button = byId<HTMLButtonElement>('profile');
  const hint = byId('kernels-hint');
  const table = byId<HTMLTableElement>('kernel-times');

  button.addEventListener('click', () =>
    attempt(async () => {
      const { rows, total, roofline } = await engine.ask({ type: 'profile' });
      table.tBodies[0].replaceChildren(...[total, ...rows].map(row));
      table.parentElement!.hidden = false;
      hint.textContent =
        `One step, as the median of three. Your GPU’s roofline, measured just now: ` +
        `${(roofline.flopsPerSecond / 1e9).toFixed(0)} GFLOP/s on registers, ${(roofline.bytesPerSecond / 1e9).toFixed(1)} GB/s to copy memory.`;
    }),
  );
  store.watch(({ ready, timestamps, phase, net, data }) => {
    button.disabled = !timestamps || phase !== 'idle' || !net || !data;
    if (ready && !timestamps)
      hint.textContent = 'This adapter has no timestamps, without which no kernel can be timed.';
  });
}

const row = ({ kernel, calls, ms, share, gflop_s, gb_s, roofline }: Figures) =>
  create(
    'tr',
    {},
    create('th', { scope: 'row', textContent: kernel }),
    ...[String(calls), ms.toFixed(3), percent(share), gflop_s.toFixed(1), gb_s.toFixed(1), percent(roofline)].map(
      (textContent) => create('td', { textContent }),
    ),
  );
