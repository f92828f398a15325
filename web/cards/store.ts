// Keeps the cards in the browser's IndexedDB, so that they survive a reload. Each picture has its own key.
import { delMany, getMany, keys, setMany } from 'idb-keyval';
import type { Card, CardPicture, Cards } from './deck.ts';

const CARDS_KEY = 'yynet.cards';
const PICTURE_PREFIX = 'yynet.picture.';

/** A card without its pictures' contents. */
type StoredCard = Omit<Card, 'pictures'> & { readonly pictures: readonly number[] };

const keyOf = (id: number) => PICTURE_PREFIX + id;

/** Saves the states of the cards one after the other. */
export class CardStore {
  private stored = new Set<number>();
  private latest?: Cards;
  private saving = false;

  /** @param onFailure receives the reason, once, if the browser cannot keep the pictures */
  constructor(private readonly onFailure: (reason: string) => void) {}

  /** Returns the cards of the last visit. Pictures that the browser has lost are left out. */
  async load(): Promise<Cards> {
    const [cards = []] = await getMany<readonly StoredCard[] | undefined>([CARDS_KEY]);
    const ids = cards.flatMap(({ pictures }) => pictures);
    const blobs = await getMany<Blob | undefined>(ids.map(keyOf));
    const found = new Map<number, CardPicture>();
    ids.forEach((id, i) => {
      const blob = blobs[i];
      if (blob) found.set(id, { id, blob });
    });
    const names = (await keys()).filter((key) => typeof key === 'string' && key.startsWith(PICTURE_PREFIX));
    this.stored = new Set(names.map((key) => Number(String(key).slice(PICTURE_PREFIX.length))));
    return cards.map((card) => ({ ...card, pictures: card.pictures.flatMap((id) => found.get(id) ?? []) }));
  }

  /** Saves cards; while it saves, only the last of further states is kept to be saved next. */
  async save(cards: Cards): Promise<void> {
    this.latest = cards;
    if (this.saving) return;
    this.saving = true;
    try {
      while (this.latest) {
        const next = this.latest;
        this.latest = undefined;
        await this.write(next);
      }
    } catch (error) {
      this.onFailure((error as Error).message);
    } finally {
      this.saving = false;
    }
  }

  private async write(cards: Cards): Promise<void> {
    const pictures = cards.flatMap((card) => card.pictures);
    const kept = new Set(pictures.map(({ id }) => id));
    const outline: StoredCard[] = cards.map((card) => ({ ...card, pictures: card.pictures.map(({ id }) => id) }));
    const added = pictures.filter(({ id }) => !this.stored.has(id));
    await setMany([[CARDS_KEY, outline], ...added.map(({ id, blob }): [string, Blob] => [keyOf(id), blob])]);
    await delMany([...this.stored].filter((id) => !kept.has(id)).map(keyOf));
    this.stored = kept;
  }
}
