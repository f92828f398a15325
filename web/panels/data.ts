import { droppedFiles, pickedFiles } from '../data/gather.ts';
import { byId, create } from '../dom.ts';
import { drawPicture } from '../draw.ts';
import type { DataSummary, FileEntry, Source } from '../messages.ts';
import type { Page } from '../state.ts';
import { dropTarget } from './drop.ts';
import { webcamPanel } from './webcam.ts';

export interface DataPanel {
  open(source: Source): Promise<void>;
  /** Shows a data set that the worker has opened already. */
  show(data: DataSummary): void;
}

/** Where pictures come from, and what they look like. */
export function dataPanel(page: Page): DataPanel {
  const { engine, store, attempt } = page;
  const sources = byId<HTMLFieldSetElement>('sources');
  const reading = byId<HTMLProgressElement>('reading');
  const valSplit = byId<HTMLInputElement>('val-split');

  const show = (data?: DataSummary) => {
    store.update({ data });
    showSummary(data);
    showSamples(data);
    showSkipped(data);
  };

  const open = async (source: Source) => {
    show(undefined);
    reading.hidden = source.kind === 'shapes';
    reading.removeAttribute('value');
    try {
      show(await engine.ask({ type: 'data', source }));
    } finally {
      reading.hidden = true;
    }
  };

  const openFiles = async (files: readonly FileEntry[], name = nameOf(files)) => {
    const share = valSplit.valueAsNumber / 100;
    if (!(share > 0 && share < 1)) throw new Error('Held back to validate: expected from 1 to 90 percent.');
    await open({ kind: 'files', name, files, valSplit: share });
  };

  const choose = (kind: string) => {
    for (const part of document.querySelectorAll<HTMLElement>('[data-source]')) {
      part.hidden = part.dataset.source !== kind;
      // What is hidden must not keep the form from being sent.
      if (part instanceof HTMLFieldSetElement) part.disabled = part.hidden;
    }
    for (const radio of sources.querySelectorAll('input')) radio.checked = radio.value === kind;
  };

  const camera = webcamPanel(page, (files) => openFiles(files, 'webcam'));
  sources.addEventListener('change', ({ target }) => {
    const kind = (target as HTMLInputElement).value;
    choose(kind);
    if (kind !== 'webcam') camera.stop();
    if (kind === 'shapes') attempt(() => open({ kind: 'shapes' }));
    else show(undefined);
  });
  for (const id of ['pick-folder', 'pick-files']) {
    const input = byId<HTMLInputElement>(id);
    input.addEventListener('change', () => {
      const files = pickedFiles(input.files!);
      // So that the same choice counts again.
      input.value = '';
      attempt(() => openFiles(files));
    });
  }
  dropTarget(byId('data-drop'), (transfer) => attempt(async () => openFiles(await droppedFiles(transfer))));
  engine.on('reading', ({ done, total }) => {
    reading.max = total;
    reading.value = done;
  });
  store.watch(({ phase }) => {
    sources.disabled = phase !== 'idle';
  });

  return {
    open,
    show(data) {
      choose(data.builtIn ? 'shapes' : 'files');
      show(data);
    },
  };
}

/** What all paths begin with, or the first file's name. */
function nameOf(files: readonly FileEntry[]): string {
  const [first = ''] = files.map(({ path }) => path.split('/')[0]);
  return files.every(({ path }) => path.startsWith(`${first}/`))
    ? first
    : (files[0]?.path ?? '').replace(/\.zip$/i, '');
}

function showSummary(data?: DataSummary): void {
  const count = (pictures: number) => pictures.toLocaleString('en');
  byId('data-summary').textContent = data
    ? `${data.name}: ${data.classes.length} classes, ${count(data.train)} pictures to train on and ${count(data.validation)} to validate.`
    : '';
}

function showSamples(data?: DataSummary): void {
  const items = data?.samples.map(({ label, picture }) => {
    const canvas = create('canvas', { ariaHidden: 'true' });
    drawPicture(canvas, picture);
    return create('li', {}, canvas, create('span', { textContent: data.classes[label] }));
  });
  byId('data-samples').replaceChildren(...(items ?? []));
}

function showSkipped({ skipped }: Pick<DataSummary, 'skipped'> = { skipped: [] }): void {
  const details = byId<HTMLDetailsElement>('skipped');
  details.hidden = skipped.length === 0;
  const what = skipped.length === 1 ? 'file that is no readable picture is' : 'files that are no readable pictures are';
  details.querySelector('summary')!.textContent = `${skipped.length} ${what} left out`;
  details
    .querySelector('ul')!
    .replaceChildren(...skipped.map(({ path, reason }) => create('li', { textContent: `${path}: ${reason}` })));
}
