import type { Figures } from '../../src/engine.ts';
import { percent } from '../../src/report/format.ts';
import { byId, create } from '../dom.ts';
import type { Page } from '../state.ts';

/** Times the kernels of a training step. */
export function kernelsPanel({ worker, store, attempt }: Page): void {
  const button = byId<HTMLButtonElement>('profile');
  const hint = byId('kernels-hint');
  const table = byId<HTMLTableElement>('kernel-times');

  button.addEventListener('click', () =>
    attempt(async () => {
      const { rows, total, roofline } = await worker.request({ type: 'profile' });
      table.tBodies[0].replaceChildren(...[total, ...rows].map(row));
      table.parentElement!.hidden = false;
      hint.textContent =
        `One training step (median of three). Measured roofline of your GPU: ` +
        `${(roofline.flopsPerSecond / 1e9).toFixed(0)} GFLOP/s in registers, ${(roofline.bytesPerSecond / 1e9).toFixed(1)} GB/s memory copy.`;
    }),
  );
  store.watch(({ ready, timestamps, phase, net, data }) => {
    button.disabled = !timestamps || phase !== 'idle' || !net || !data;
    if (ready && !timestamps) hint.textContent = 'Kernels cannot be timed: this adapter does not support timestamps.';
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
