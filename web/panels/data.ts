import { type Cards, problemOf } from '../cards/deck.ts';
import { oneClass } from '../cards/one_class.ts';
import { type CardsPanel, cardsPanel } from '../cards/panel.ts';
import { droppedFiles, pickedFiles } from '../data/gather.ts';
import { byId } from '../dom.ts';
import type { DataSummary, FileEntry, Source } from '../messages.ts';
import type { Page } from '../state.ts';
import { showDataSummary } from './data_summary.ts';
import { dropTarget } from './drop.ts';

export interface DataPanel {
  /** Opens the built-in data set, unless there is something else by now, and enables the controls. */
  begin(): Promise<void>;
  /** Shows a data set that is open in the worker. */
  show(data: DataSummary): void;
  /** Reads the cards' pictures if they changed since they were read. Anything else is open already. */
  prepare(): Promise<void>;
}

/** Chooses the source of the pictures, and opens it in the worker. */
export async function dataPanel(page: Page): Promise<DataPanel> {
  const { worker, store, attempt } = page;
  const sources = byId<HTMLFieldSetElement>('sources');
  const reading = byId<HTMLProgressElement>('reading');
  const valSplit = byId<HTMLInputElement>('val-split');
  const cards = await cardsPanel(page);
  /** The cards whose pictures are open. */
  let opened: Cards | undefined;

  const updateTrainable = () => {
    const { source, data } = store.state;
    store.update({ trainable: source === 'cards' ? problemOf(cards.deck.cards) === undefined : data !== undefined });
  };

  const show = (data?: DataSummary) => {
    opened = undefined;
    store.update({ data });
    showDataSummary(data);
    updateTrainable();
  };

  const open = async (from: Source) => {
    show(undefined);
    reading.hidden = from.kind === 'shapes';
    reading.removeAttribute('value');
    try {
      show(await worker.request({ type: 'data', source: from }));
    } finally {
      reading.hidden = true;
    }
  };

  const share = () => {
    const fraction = valSplit.valueAsNumber / 100;
    if (!(fraction > 0 && fraction < 1)) throw new Error('Validation split: expected 1 to 90 percent.');
    return fraction;
  };

  const showSource = (kind: Source['kind']) => {
    store.update({ source: kind });
    for (const part of document.querySelectorAll<HTMLElement>('[data-source]')) {
      part.hidden = part.dataset.source !== kind;
      // Invalid fields that are hidden must not block the form.
      if (part instanceof HTMLFieldSetElement) part.disabled = part.hidden;
    }
    for (const radio of sources.querySelectorAll('input')) radio.checked = radio.value === kind;
    if (kind !== 'cards') cards.stopWebcam();
    updateTrainable();
  };

  const choose = async (kind: Source['kind']) => {
    showSource(kind);
    if (kind === 'shapes') await open({ kind: 'shapes' });
    else show(undefined);
  };

  const takeFiles = async (files: readonly FileEntry[]) => {
    const found = oneClass(files);
    if (found) {
      if (store.state.source !== 'cards') await choose('cards');
      await cards.addClass(found.name, found.files);
    } else {
      showSource('files');
      await open({ kind: 'files', name: nameOf(files), files, valSplit: share() });
    }
  };

  sources.addEventListener('change', ({ target }) =>
    attempt(() => choose((target as HTMLInputElement).value as Source['kind'])),
  );
  for (const id of ['pick-folder', 'pick-files']) {
    const input = byId<HTMLInputElement>(id);
    input.addEventListener('change', () => {
      const files = pickedFiles(input.files!);
      // Choosing the same files again must fire another event.
      input.value = '';
      attempt(() => takeFiles(files));
    });
  }
  for (const id of ['data-drop', 'cards-drop']) {
    dropTarget(byId(id), (transfer) => attempt(async () => takeFiles(await droppedFiles(transfer))));
  }
  worker.on('reading', ({ done, total }) => {
    reading.max = total;
    reading.value = done;
  });
  store.watch(({ phase }) => {
    sources.disabled = phase !== 'idle';
  });
  cards.deck.watch(updateTrainable);
  const hasCards = cards.deck.cards.some(({ pictures }) => pictures.length > 0);
  showSource(hasCards ? 'cards' : 'shapes');

  return {
    async begin() {
      if (store.state.source === 'shapes' && !store.state.data) await open({ kind: 'shapes' });
      else store.update({ phase: 'idle' });
    },
    show(data) {
      showSource(sourceOf(data));
      show(data);
    },
    async prepare() {
      const wanted = cards.deck.cards;
      if (store.state.source !== 'cards' || opened === wanted) return;
      await open(cardSource(cards, share()));
      opened = wanted;
    },
  };
}

const sourceOf = ({ builtIn, fromCards }: DataSummary): Source['kind'] =>
  builtIn ? 'shapes' : fromCards ? 'cards' : 'files';

const cardSource = ({ deck }: CardsPanel, valSplit: number): Source => ({
  kind: 'cards',
  classes: deck.cards.map(({ name, pictures }) => ({ name, pictures: pictures.map(({ blob }) => blob) })),
  valSplit,
});

/** Returns the top folder that all files share, or the first file's name without .zip. */
function nameOf(files: readonly FileEntry[]): string {
  const [first = ''] = files.map(({ path }) => path.split('/')[0]);
  return files.every(({ path }) => path.startsWith(`${first}/`))
    ? first
    : (files[0]?.path ?? '').replace(/\.zip$/i, '');
}
