import { create } from '../dom.ts';
import { Camera } from '../panels/camera.ts';

/** Time between two pictures, in milliseconds. */
const INTERVAL = 125;

interface Handlers {
  /** Receives a frame; those that are recorded while the button is held have the same batch. */
  onFrame(frame: ImageBitmap, batch: object): Promise<void>;
  /** The button was released. */
  onEnd(): void;
  attempt(action: () => Promise<void>): Promise<void>;
}

/** The webcam's picture, and a button that records while it is held. It moves from card to card. */
export class Recorder {
  readonly element: HTMLElement;
  private readonly video = create('video', { muted: true, playsInline: true });
  private readonly button = create('button', { type: 'button', className: 'record', textContent: 'Hold to record' });
  private readonly camera = new Camera(this.video);
  /** What is being recorded. */
  private batch?: object;
  /** Whether a press of the button has recorded, so that the click that follows must not. */
  private pressed = false;

  constructor(private readonly handlers: Handlers) {
    this.element = create('div', { className: 'recorder' }, this.video, this.button);
    this.video.ariaLabel = 'Webcam';
    this.listen();
  }

  /** Shows the recorder in an element of a card, and starts the webcam. */
  async show(slot: HTMLElement, className: string): Promise<void> {
    slot.append(this.element);
    this.button.ariaLabel = `Hold to record pictures of ${className}`;
    await this.camera.start();
    // A video that moves in the document is paused.
    await this.video.play();
    this.button.focus({ preventScroll: true });
  }

  hide(): void {
    this.stop();
    this.camera.stop();
    this.element.remove();
  }

  private listen(): void {
    const { button } = this;
    const stop = () => this.stop();
    button.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      // The end of the press must reach the button wherever the pointer is then.
      button.setPointerCapture(event.pointerId);
      this.press();
    });
    for (const type of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur'])
      button.addEventListener(type, stop);
    button.addEventListener('keydown', (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      if (!event.repeat) this.press();
    });
    button.addEventListener('keyup', (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      this.stop();
      this.pressed = false;
    });
    // Screen readers click without a press: one picture.
    button.addEventListener('click', () => {
      if (!this.pressed) {
        this.press();
        this.stop();
      }
      this.pressed = false;
    });
    // A long touch would open a menu.
    button.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  private press(): void {
    this.pressed = true;
    if (!this.batch) this.handlers.attempt(() => this.record());
  }

  private stop(): void {
    this.batch = undefined;
    this.button.classList.remove('on');
  }

  /** Records one frame at least. */
  private async record(): Promise<void> {
    const batch = {};
    this.batch = batch;
    this.button.classList.add('on');
    try {
      // The button may be pressed while the webcam starts.
      await this.camera.start();
      do {
        const next = performance.now() + INTERVAL;
        await this.handlers.onFrame(await this.camera.snapshot(), batch);
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
      } while (this.batch === batch);
    } finally {
      if (this.batch === batch) this.stop();
      this.handlers.onEnd();
    }
  }
}
