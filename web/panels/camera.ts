/** A webcam shown in a video element. */
export class Camera {
  private stream?: MediaStream;
  private starting?: Promise<void>;

  constructor(private readonly video: HTMLVideoElement) {}

  /**
   * Resolves when it shows what it sees, however often it is asked.
   * @throws Error in a sentence where there is no webcam, or the visitor says no
   */
  start(): Promise<void> {
    this.starting ??= this.turnOn().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  private async turnOn(): Promise<void> {
    if (this.on) return;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user' } });
    } catch (error) {
      const refused = (error as DOMException).name === 'NotAllowedError';
      throw new Error(
        refused
          ? 'The browser may not use the webcam: allow it beside the address.'
          : 'There is no webcam that answers.',
      );
    }
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  stop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }

  get on(): boolean {
    return this.stream !== undefined;
  }

  /** What it sees now. */
  snapshot(): Promise<ImageBitmap> {
    return createImageBitmap(this.video);
  }
}
