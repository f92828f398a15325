import { byId, download } from '../dom.ts';
import type { Page } from '../state.ts';
import type { SettingsPanel } from './settings.ts';

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** Saves and loads checkpoints, and exports ONNX. */
export function filesPanel({ worker, store, attempt }: Page, settings: SettingsPanel): void {
  const load = byId<HTMLInputElement>('load-checkpoint');
  const buttons = [
    ['save-checkpoint', 'safetensors', 'yynet.safetensors'],
    ['save-onnx', 'onnx', 'yynet.onnx'],
  ] as const;
  for (const [id, format, name] of buttons) {
    const button = byId<HTMLButtonElement>(id);
    button.addEventListener('click', () =>
      attempt(async () => download(name, await worker.request({ type: 'save', format }))),
    );
    store.watch(({ net }) => {
      button.disabled = !net;
    });
  }
  load.addEventListener('change', () => {
    const [file] = load.files!;
    load.value = '';
    attempt(async () => {
      const net = await worker.request({ type: 'load', file });
      store.update({ net });
      settings.write(net.settings);
      const { config, classNames, step, resumable } = net;
      byId('status').textContent =
        `Loaded ${file.name}: YYNet-${config.channels} for ${classNames.length} classes` +
        `${step === undefined ? '' : `, trained for ${step} steps`}.${resumable ? ' Press Resume to continue training.' : ''}`;
    });
  });
  store.watch(({ phase, ready }) => {
    load.disabled = phase !== 'idle' || !ready;
  });
  worker.on('unsaved', ({ reason }) => {
    byId('autosaved').textContent = `The run cannot be saved in this browser (${reason}): save the checkpoint.`;
  });
  worker.on('saved', ({ at }) => {
    byId('autosaved').textContent = `Saved in this browser at ${clock.format(at)}. It can be restored after a reload.`;
  });
}
