import { byId, create } from '../dom.ts';
import type { FileEntry } from '../messages.ts';
import type { Page } from '../state.ts';
import { Camera } from './camera.ts';

/** A class needs so many snapshots: some to train on, one to validate. */
const ENOUGH = 4;
/** Snapshots are this wide and high at most, far more than the net sees. */
const SIZE = 128;

/** Snapshots into classes. `use` is given them as files CLASS/1.png. */
export function webcamPanel({ attempt }: Page, use: (files: FileEntry[]) => Promise<void>): Pick<Camera, 'stop'> {
  const camera = new Camera(byId<HTMLVideoElement>('camera'));
  const start = byId<HTMLButtonElement>('camera-start');
  const name = byId<HTMLInputElement>('class-name');
  const list = byId('snapshots');
  const useThem = byId<HTMLButtonElement>('snapshots-use');
  const classes = new Map<string, Blob[]>();

  const enable = () => {
    useThem.disabled = classes.size < 2 || [...classes.values()].some((pictures) => pictures.length < ENOUGH);
  };

  const addClass = () => {
    const wanted = name.value.trim().replaceAll('/', '-');
    if (!wanted || classes.has(wanted)) return name.focus();
    const pictures: Blob[] = [];
    classes.set(wanted, pictures);
    const count = create('span', { textContent: `${wanted}: 0 of at least ${ENOUGH}` });
    const snap = create('button', { type: 'button', textContent: `Take a picture of ${wanted}` });
    snap.addEventListener('click', () =>
      attempt(async () => {
        await turnOn();
        pictures.push(await toFile(await camera.snapshot()));
        count.textContent = `${wanted}: ${pictures.length}${pictures.length < ENOUGH ? ` of at least ${ENOUGH}` : ''}`;
        enable();
      }),
    );
    list.append(create('li', {}, count, snap));
    name.value = '';
    enable();
    snap.focus();
  };

  const turnOn = async () => {
    await camera.start();
    start.hidden = true;
  };

  start.addEventListener('click', () => attempt(turnOn));
  byId('class-add').addEventListener('click', addClass);
  name.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    addClass();
  });
  useThem.addEventListener('click', () =>
    attempt(() =>
      use(
        [...classes].flatMap(([path, pictures]) => pictures.map((file, i) => ({ path: `${path}/${i + 1}.png`, file }))),
      ),
    ),
  );
  return {
    stop() {
      camera.stop();
      start.hidden = false;
    },
  };
}

/** The middle square as a PNG file. */
async function toFile(bitmap: ImageBitmap): Promise<Blob> {
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(SIZE, SIZE);
  const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  canvas.getContext('2d')!.drawImage(bitmap, x, y, side, side, 0, 0, SIZE, SIZE);
  bitmap.close();
  return canvas.convertToBlob();
}
