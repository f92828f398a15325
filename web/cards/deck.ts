// The cards, one a class, with an undo of every change.

export interface CardPicture {
  readonly id: number;
  /** A square picture. */
  readonly blob: Blob;
}

export interface Card {
  readonly id: number;
  readonly name: string;
  /** The oldest first. */
  readonly pictures: readonly CardPicture[];
}

export type Cards = readonly Card[];

/** A state to go back to. */
interface Past {
  /** What is undone, for the user: 'adding 3 pictures to cat'. */
  readonly what: string;
  readonly cards: Cards;
  readonly batch?: object;
}

/** Number of changes that can be undone. */
const MAX_PAST = 100;

/** Fewer pictures are not enough: three train and one validates. */
export const MIN_PICTURES = 4;

/** Formats a number of pictures. */
export const pictureCount = (count: number) => (count === 1 ? '1 picture' : `${count} pictures`);

/** Holds the cards. Every change makes new ones, so a state can be compared and restored by reference. */
export class Deck {
  cards: Cards = [];
  private past: readonly Past[] = [];
  private lastId = 0;
  private readonly listeners: (() => void)[] = [];

  /** @param cards those kept from an earlier visit */
  constructor(cards: Cards = []) {
    this.lastId = Math.max(0, ...cards.flatMap(({ id, pictures }) => [id, ...pictures.map((picture) => picture.id)]));
    this.cards = cards.length > 0 ? cards : [this.newCard('Class 1'), this.newCard('Class 2')];
  }

  /** Calls the listener now and after every change. */
  watch(listener: () => void): void {
    this.listeners.push(listener);
    listener();
  }

  /** Adds an empty card. @returns its id */
  addCard(name = this.freeName()): number {
    const card = this.newCard(name);
    this.change(`adding ${name}`, [...this.cards, card]);
    return card.id;
  }

  rename(id: number, name: string): void {
    const card = this.card(id);
    if (card && card.name !== name) this.change(`renaming ${card.name}`, this.replace({ ...card, name }));
  }

  removeCard(id: number): void {
    const rest = this.cards.filter((card) => card.id !== id);
    this.change(`deleting ${this.card(id)?.name}`, rest);
  }

  /** Adds pictures to a card; does nothing if it is gone. Changes of one batch are undone together. */
  addPictures(id: number, blobs: readonly Blob[], batch?: object): void {
    const card = this.card(id);
    if (!card) return;
    const added = blobs.map((blob) => ({ id: ++this.lastId, blob }));
    const cards = this.replace({ ...card, pictures: [...card.pictures, ...added] });
    this.change(`adding pictures to ${card.name}`, cards, batch);
  }

  removePictures(ids: ReadonlySet<number>): void {
    this.change(`deleting ${pictureCount(ids.size)}`, this.without(ids));
  }

  /** Moves pictures from any cards to the end of one. */
  movePictures(ids: ReadonlySet<number>, to: number): void {
    const moved = this.cards.flatMap(({ pictures }) => pictures.filter((picture) => ids.has(picture.id)));
    const cards = this.without(ids).map((card) =>
      card.id === to ? { ...card, pictures: [...card.pictures, ...moved] } : card,
    );
    this.change(`moving ${pictureCount(moved.length)}`, cards);
  }

  /** What `undo` would undo. */
  get undoable(): string | undefined {
    return this.past.at(-1)?.what;
  }

  undo(): void {
    const last = this.past.at(-1);
    if (!last) return;
    this.past = this.past.slice(0, -1);
    this.set(last.cards);
  }

  card(id: number): Card | undefined {
    return this.cards.find((card) => card.id === id);
  }

  private change(what: string, cards: Cards, batch?: object): void {
    const last = this.past.at(-1);
    if (!batch || last?.batch !== batch)
      this.past = [...this.past, { what, cards: this.cards, batch }].slice(-MAX_PAST);
    this.set(cards);
  }

  private set(cards: Cards): void {
    this.cards = cards;
    for (const listener of this.listeners) listener();
  }

  private newCard(name: string): Card {
    return { id: ++this.lastId, name, pictures: [] };
  }

  private freeName(): string {
    let number = this.cards.length + 1;
    while (this.cards.some(({ name }) => name === `Class ${number}`)) number++;
    return `Class ${number}`;
  }

  private replace(changed: Card): Cards {
    return this.cards.map((card) => (card.id === changed.id ? changed : card));
  }

  private without(ids: ReadonlySet<number>): Cards {
    return this.cards.map((card) => {
      const pictures = card.pictures.filter(({ id }) => !ids.has(id));
      return pictures.length === card.pictures.length ? card : { ...card, pictures };
    });
  }
}

/** Says why a net cannot be trained on the cards yet; undefined if it can. */
export function problemOf(cards: Cards): string | undefined {
  if (cards.every(({ pictures }) => pictures.length === 0)) {
    return 'Give each class a name, and record or upload pictures of it.';
  }
  const names = cards.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `Two classes are called ${twice}: rename one of them.`;
  const few = cards.find(({ pictures }) => pictures.length < MIN_PICTURES);
  if (few) {
    const has = few.pictures.length === 0 ? 'no pictures' : pictureCount(few.pictures.length);
    return `${few.name} has ${has}: add some, at least ${MIN_PICTURES}, or delete the class.`;
  }
  if (cards.length < 2) return 'Add a second class: a net learns to tell classes apart.';
  return undefined;
}
