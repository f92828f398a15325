import { byId, download } from '../dom.ts';
import type { Page } from '../state.ts';
import type { SettingsPanel } from './settings.ts';

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** Saves and loads checkpoints, and exports ONNX. */
export function filesPanel({ engine, store, attempt }: Page, settings: SettingsPanel): void {
  const load = byId<HTMLInputElement>('load-checkpoint');
  const buttons = [
    ['save-checkpoint', 'safetensors', 'yynet.safetensors'],
    ['save-onnx', 'onnx', 'yynet.onnx'],
  ] as const;
  for (const [id, format, name] of buttons) {
    const button = byId<HTMLButtonElement>(id);
    button.addEventListener('click', () =>
      attempt(async () => download(name, await engine.ask({ type: 'save', format }))),
    );
    store.watch(({ net }) => {
      button.disabled = !net;
    });
  }
  load.addEventListener('change', () => {
    const [file] = load.files!;
    load.value = '';
    attempt(async () => {
      const net = await engine.ask({ type: 'load', file });
      store.update({ net });
      settings.write(net.settings);
      const { config, classNames, step, resumable } = net;
      byId('status').textContent =
        `Loaded ${file.name}: YYNet-${config.channels} for ${classNames.length} classes` +
        `${step === undefined ? '' : `, trained for ${step} steps`}.${resumable ? ' Resume goes on from there.' : ''}`;
    });
  });
  store.watch(({ phase, ready }) => {
    load.disabled = phase !== 'idle' || !ready;
  });
  engine.on('unsaved', ({ reason }) => {
    byId('autosaved').textContent = `This browser cannot save the run by itself (${reason}): save the checkpoint.`;
  });
  engine.on('saved', ({ at }) => {
    byId('autosaved').textContent = `Saved in this browser at ${clock.format(at)}: it is there after a reload.`;
  });
}
