import { droppedFiles } from '../data/gather.ts';
import { byId } from '../dom.ts';
import type { FileEntry } from '../messages.ts';
import type { Page } from '../state.ts';
import { addFiles } from './add_files.ts';
import { CardView } from './card_view.ts';
import { type Card, Deck, pictureCount, problemOf } from './deck.ts';
import { Recorder } from './recorder.ts';
import { CardStore } from './store.ts';

export interface CardsPanel {
  readonly deck: Deck;
  /** Adds a card with pictures, or fills an empty one. */
  addClass(name: string | undefined, files: readonly FileEntry[]): Promise<void>;
  stopWebcam(): void;
}

/** Shows the cards, one a class, and keeps them in the browser. */
export async function cardsPanel({ worker, attempt }: Page): Promise<CardsPanel> {
  const list = byId('class-cards');
  const undo = byId<HTMLButtonElement>('cards-undo');
  const hint = byId('cards-hint');
  const store = new CardStore((reason) => {
    byId('cards-unsaved').textContent = `A reload loses these pictures: this browser cannot keep them (${reason}).`;
  });
  const deck = new Deck(await store.load().catch(() => undefined));
  const views = new Map<number, CardView>();
  /** The card in which the webcam is open. */
  let filmed: CardView | undefined;

  const say = (text: string) => {
    byId('cards-said').textContent = text;
  };

  const recorder = new Recorder({
    attempt,
    async onFrame(frame, batch) {
      const id = filmed?.card.id ?? 0;
      const square = await worker.request({ type: 'square', picture: frame }, [frame]);
      if ('picture' in square) deck.addPictures(id, [square.picture], batch);
    },
    onEnd() {
      if (filmed) say(`${filmed.card.name}: ${pictureCount(filmed.card.pictures.length)}`);
    },
  });

  const stopWebcam = () => {
    if (filmed) filmed.webcam.ariaPressed = 'false';
    filmed = undefined;
    recorder.hide();
  };

  const add = (card: Card, files: readonly FileEntry[]) => addFiles({ deck, worker }, card.id, files);

  const context = {
    deck,
    addFiles: (card: Card, files: readonly FileEntry[]) => void attempt(() => add(card, files)),
    addDropped: (card: Card, transfer: DataTransfer) =>
      void attempt(async () => add(card, await droppedFiles(transfer))),
    toggleWebcam(view: CardView) {
      if (view === filmed) return stopWebcam();
      if (filmed) filmed.webcam.ariaPressed = 'false';
      filmed = view;
      view.webcam.ariaPressed = 'true';
      attempt(() =>
        recorder.show(view.slot, view.card.name).catch((error) => {
          stopWebcam();
          throw error;
        }),
      );
    },
  };

  const show = () => {
    const { cards } = deck;
    for (const [id, view] of views) {
      if (deck.card(id)) continue;
      if (view === filmed) stopWebcam();
      view.element.remove();
      views.delete(id);
    }
    cards.forEach((card, i) => {
      const view = views.get(card.id) ?? new CardView(card, context);
      views.set(card.id, view);
      view.show(card, cards);
      if (list.children[i] !== view.element) list.insertBefore(view.element, list.children[i] ?? null);
    });
    const what = deck.undoable;
    undo.disabled = what === undefined;
    undo.title = what ? `Undo ${what}` : '';
    hint.textContent = problemOf(cards) ?? '';
  };

  const undoLast = () => {
    say(`Undone: ${deck.undoable}.`);
    deck.undo();
  };

  byId('class-add').addEventListener('click', () => views.get(deck.addCard())?.focus());
  undo.addEventListener('click', undoLast);
  document.addEventListener('keydown', (event) => {
    const isUndo = event.key.toLowerCase() === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    // In a text field the browser undoes what was typed.
    if (!isUndo || undo.disabled || list.offsetParent === null || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    undoLast();
  });
  deck.watch(show);
  let known = deck.cards;
  deck.watch(() => {
    if (deck.cards !== known) store.save(deck.cards);
    known = deck.cards;
  });

  return {
    deck,
    stopWebcam,
    async addClass(name, files) {
      const empty = deck.cards.find(({ pictures }) => pictures.length === 0);
      const id = empty?.id ?? deck.addCard(name);
      if (empty && name) deck.rename(id, name);
      await add(deck.card(id)!, files);
    },
  };
}
