import { pickedFiles } from '../data/gather.ts';
import { create } from '../dom.ts';
import type { FileEntry } from '../messages.ts';
import { dropTarget } from '../panels/drop.ts';
import { type Card, type Cards, type Deck, pictureCount } from './deck.ts';
import { droppedPictures, Thumbnails } from './thumbnails.ts';

/** What a card needs of the panel that it is in. */
export interface CardContext {
  readonly deck: Deck;
  addFiles(card: Card, files: readonly FileEntry[]): void;
  addDropped(card: Card, transfer: DataTransfer): void;
  /** Opens the webcam in this card, or closes it. */
  toggleWebcam(view: CardView): void;
}

/** One card: its name, count, pictures, and the ways to add, delete and move them. */
export class CardView {
  readonly element: HTMLLIElement;
  readonly webcam = create('button', { type: 'button', textContent: 'Webcam', ariaPressed: 'false' });
  /** Where the webcam is shown. */
  readonly slot = create('div');
  private readonly name = create('input', { type: 'text', className: 'class-name', maxLength: 40 });
  private readonly count = create('span', { className: 'count' });
  private readonly remove = create('button', { type: 'button', className: 'icon', textContent: '×' });
  private readonly upload = create('input', { type: 'file', accept: 'image/*', multiple: true });
  private readonly chosen = create('b');
  private readonly target = create('select');
  private readonly selection: HTMLElement;
  private readonly thumbnails: Thumbnails;
  private shown?: Card;

  /** @param card what it is of; nothing is shown before `show` */
  constructor(
    public card: Card,
    private readonly context: CardContext,
  ) {
    this.thumbnails = new Thumbnails({
      onChoose: () => this.showSelection(),
      onDelete: (ids) => context.deck.removePictures(ids),
    });
    this.selection = this.createSelection();
    this.target.ariaLabel = 'Move the chosen pictures to';
    this.element = create(
      'li',
      { className: 'class-card' },
      create('div', { className: 'title' }, this.name, this.remove),
      create(
        'div',
        { className: 'buttons' },
        this.webcam,
        create('label', { className: 'file' }, this.upload, create('span', { textContent: 'Upload' })),
        this.count,
      ),
      this.slot,
      this.selection,
      this.thumbnails.element,
    );
    this.listen();
  }

  /** @param all the cards, to which pictures can be moved */
  show(card: Card, all: Cards): void {
    const { name, pictures } = card;
    if (document.activeElement !== this.name) this.name.value = name;
    this.name.ariaLabel = `Name of the class ${name}`;
    this.remove.ariaLabel = this.remove.title = `Delete the class ${name}`;
    this.webcam.ariaLabel = `Webcam for ${name}`;
    this.upload.ariaLabel = `Upload pictures of ${name}`;
    this.count.textContent = pictureCount(pictures.length);
    if (pictures !== this.shown?.pictures || name !== this.shown.name) this.thumbnails.show(pictures, name);
    this.card = this.shown = card;
    const others = all.filter(({ id }) => id !== card.id);
    this.target.replaceChildren(
      new Option('Move to…', ''),
      ...others.map((other) => new Option(other.name, String(other.id))),
    );
    this.target.disabled = others.length === 0;
    this.showSelection();
  }

  focus(): void {
    this.name.focus();
    this.name.select();
  }

  private createSelection(): HTMLElement {
    const { deck } = this.context;
    const remove = create('button', { type: 'button', textContent: 'Delete' });
    remove.addEventListener('click', () => deck.removePictures(new Set(this.thumbnails.chosen)));
    const none = create('button', { type: 'button', className: 'quiet', textContent: 'Choose none' });
    none.addEventListener('click', () => this.thumbnails.chooseNone());
    this.target.addEventListener('change', () =>
      deck.movePictures(new Set(this.thumbnails.chosen), Number(this.target.value)),
    );
    return create('div', { className: 'selection', hidden: true }, this.chosen, remove, this.target, none);
  }

  private showSelection(): void {
    const { size } = this.thumbnails.chosen;
    this.selection.hidden = size === 0;
    this.chosen.textContent = `${size} chosen`;
  }

  private listen(): void {
    const { name, upload, context } = this;
    const rename = () => {
      const text = name.value.trim() || this.card.name;
      name.value = text;
      context.deck.rename(this.card.id, text);
    };
    name.addEventListener('change', rename);
    name.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      // Enter would send the form, which trains.
      event.preventDefault();
      rename();
    });
    this.remove.addEventListener('click', () => context.deck.removeCard(this.card.id));
    this.webcam.addEventListener('click', () => context.toggleWebcam(this));
    upload.addEventListener('change', () => {
      const files = pickedFiles(upload.files!);
      // Choosing the same files again must fire another event.
      upload.value = '';
      context.addFiles(this.card, files);
    });
    dropTarget(this.element, (transfer) => {
      const pictures = droppedPictures(transfer);
      if (pictures) context.deck.movePictures(pictures, this.card.id);
      else context.addDropped(this.card, transfer);
    });
  }
}
