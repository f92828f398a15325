/** Shows the webcam in a video element. */
export class Camera {
  private stream?: MediaStream;
  private starting?: Promise<void>;

  constructor(private readonly video: HTMLVideoElement) {}

  /**
   * Starts the webcam; resolves when the video plays. May be called again while it starts or runs.
   * @throws Error with a sentence for the user, if there is no webcam or its use is not allowed
   */
  start(): Promise<void> {
    this.starting ??= this.startOnce().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  private async startOnce(): Promise<void> {
    if (this.on) return;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user' } });
    } catch (error) {
      const blocked = (error as DOMException).name === 'NotAllowedError';
      throw new Error(
        blocked ? 'The webcam is blocked: allow it in the address bar of the browser.' : 'No webcam was found.',
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

  /** Returns the current frame. */
  snapshot(): Promise<ImageBitmap> {
    return createImageBitmap(this.video);
  }
}
