import { create } from '../dom.ts';
import type { CardPicture } from './deck.ts';

/** Width and height of thumbnails, in pixels. */
const SIZE = 96;
/** Type of dragged pictures: their ids as JSON. */
const DRAGGED = 'application/x-yynet-pictures';

/** The ids of pictures that were dropped; undefined if something else was. */
export function droppedPictures(transfer: DataTransfer): Set<number> | undefined {
  return transfer.types.includes(DRAGGED) ? new Set(JSON.parse(transfer.getData(DRAGGED))) : undefined;
}

interface Handlers {
  /** The chosen pictures have changed. */
  onChoose(): void;
  onDelete(ids: ReadonlySet<number>): void;
}

/**
 * The pictures of a card, the newest first. A click chooses one, with Shift all from the last one to it; the keyboard has
 * the arrow keys, Space and Delete. They can be dragged.
 */
export class Thumbnails {
  readonly element = create('ul', { className: 'thumbnails', role: 'listbox', ariaMultiSelectable: 'true' });
  readonly chosen = new Set<number>();
  private readonly items = new Map<number, HTMLLIElement>();
  /** The pictures' ids in the order shown. */
  private order: readonly number[] = [];
  /** The picture that Tab reaches. */
  private current?: number;
  /** The picture that was chosen last, where a range begins. */
  private anchor?: number;

  constructor(private readonly handlers: Handlers) {
    this.element.addEventListener('keydown', (event) => this.onKey(event));
  }

  show(pictures: readonly CardPicture[], className: string): void {
    const { element, items, chosen } = this;
    const hadFocus = element.contains(document.activeElement);
    const place = Math.max(0, this.order.indexOf(this.current ?? -1));
    this.order = pictures.map(({ id }) => id).reverse();
    const present = new Set(this.order);
    for (const [id, item] of items) {
      if (present.has(id)) continue;
      item.remove();
      items.delete(id);
      chosen.delete(id);
    }
    for (const picture of pictures) if (!items.has(picture.id)) items.set(picture.id, this.item(picture));
    this.order.forEach((id, i) => {
      const item = items.get(id)!;
      item.ariaLabel = `Picture ${pictures.length - i} of ${className}`;
      if (element.children[i] !== item) element.insertBefore(item, element.children[i] ?? null);
    });
    element.hidden = pictures.length === 0;
    element.ariaLabel = `Pictures of ${className}`;
    if (!hadFocus) [this.current] = this.order;
    else if (!present.has(this.current!)) this.current = this.order[Math.min(place, this.order.length - 1)];
    this.showState();
    if (hadFocus) this.focusCurrent();
  }

  chooseNone(): void {
    this.chosen.clear();
    this.changed();
  }

  private item({ id, blob }: CardPicture): HTMLLIElement {
    const canvas = create('canvas', { width: SIZE, height: SIZE });
    drawThumbnail(canvas, blob);
    const item = create('li', { role: 'option', draggable: true }, canvas);
    item.addEventListener('focus', () => {
      this.current = id;
      this.showState();
    });
    item.addEventListener('click', ({ shiftKey }) => this.choose(id, shiftKey));
    item.addEventListener('dragstart', ({ dataTransfer }) => {
      const ids = this.chosen.has(id) ? [...this.chosen] : [id];
      dataTransfer!.setData(DRAGGED, JSON.stringify(ids));
      dataTransfer!.effectAllowed = 'move';
    });
    return item;
  }

  /** Chooses a picture or no longer; with `range` all pictures from the one chosen last to it. */
  private choose(id: number, range: boolean): void {
    const from = this.order.indexOf(this.anchor ?? -1);
    if (range && from >= 0) {
      const ends = [from, this.order.indexOf(id)].sort((a, b) => a - b);
      for (const each of this.order.slice(ends[0], ends[1] + 1)) this.chosen.add(each);
    } else if (!this.chosen.delete(id)) this.chosen.add(id);
    this.anchor = this.current = id;
    this.changed();
    this.focusCurrent();
  }

  private changed(): void {
    this.showState();
    this.handlers.onChoose();
  }

  private showState(): void {
    for (const [id, item] of this.items) {
      item.ariaSelected = String(this.chosen.has(id));
      item.tabIndex = id === this.current ? 0 : -1;
    }
  }

  private focusCurrent(): void {
    this.items.get(this.current ?? -1)?.focus();
  }

  private onKey(event: KeyboardEvent): void {
    const at = this.order.indexOf(this.current ?? -1);
    const last = this.order.length - 1;
    const columns = this.columns();
    const targets: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + columns,
      ArrowUp: at - columns,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target !== undefined) this.current = this.order[Math.min(Math.max(target, 0), last)];
    else if (event.key === ' ') this.choose(this.current!, false);
    else if (event.key === 'Delete' || event.key === 'Backspace') {
      this.handlers.onDelete(new Set(this.chosen.size > 0 ? this.chosen : [this.current!]));
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      for (const id of this.order) this.chosen.add(id);
      this.changed();
    } else if (event.key === 'Escape') this.chooseNone();
    else return;
    event.preventDefault();
    this.showState();
    this.focusCurrent();
  }

  private columns(): number {
    return getComputedStyle(this.element).gridTemplateColumns.split(' ').length;
  }
}

async function drawThumbnail(canvas: HTMLCanvasElement, blob: Blob): Promise<void> {
  const bitmap = await createImageBitmap(blob, { resizeWidth: SIZE, resizeHeight: SIZE, resizeQuality: 'medium' });
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
  bitmap.close();
}
