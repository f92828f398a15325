import type { Guess } from '../../src/index.ts';
import { percent } from '../../src/train/format.ts';
import { byId, create } from '../dom.ts';
import type { Page } from '../state.ts';
import { Camera } from './camera.ts';
import { dropTarget } from './drop.ts';

/** So many of the classes are named. */
const NAMED = 5;
/** Between two looks through the webcam, in milliseconds. */
const PAUSE = 150;

/** Tells what a picture is: dropped, pasted, chosen, or seen by the webcam. */
export function classifyPanel({ engine, store, attempt }: Page): void {
  const pick = byId<HTMLInputElement>('pick-picture');
  const live = byId<HTMLButtonElement>('live');
  const video = byId<HTMLVideoElement>('live-video');
  const shown = byId<HTMLCanvasElement>('classified');
  const guesses = byId('guesses');
  const camera = new Camera(video);

  const classify = async (picture: Blob | ImageBitmap) => {
    const list = await engine.ask({ type: 'classify', picture }, picture instanceof ImageBitmap ? [picture] : []);
    byId('guesses-hint').hidden = true;
    guesses.replaceChildren(...list.slice(0, NAMED).map(line));
  };

  const classifyFile = (file: File) =>
    attempt(async () => {
      stop();
      await classify(file);
      const bitmap = await createImageBitmap(file);
      shown.width = bitmap.width;
      shown.height = bitmap.height;
      shown.getContext('2d')!.drawImage(bitmap, 0, 0);
      bitmap.close();
      shown.ariaLabel = `The picture ${file.name}`;
      shown.hidden = false;
    });

  const stop = () => {
    camera.stop();
    video.hidden = true;
    live.ariaPressed = 'false';
  };

  const watch = async () => {
    shown.hidden = true;
    video.hidden = false;
    live.ariaPressed = 'true';
    await camera.start();
    // A live answer several times a second is no news for a screen reader.
    guesses.ariaLive = 'off';
    while (camera.on) {
      await classify(await camera.snapshot());
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    guesses.ariaLive = 'polite';
  };

  live.addEventListener('click', () => {
    if (camera.on) return stop();
    attempt(() =>
      watch().catch((error) => {
        stop();
        throw error;
      }),
    );
  });
  pick.addEventListener('change', () => {
    classifyFile(pick.files![0]);
    pick.value = '';
  });
  dropTarget(byId('classify-drop'), ({ files }) => {
    if (files.length > 0) classifyFile(files[0]);
  });
  document.addEventListener('paste', ({ clipboardData }) => {
    if (clipboardData?.files.length) classifyFile(clipboardData.files[0]);
  });
  store.watch(({ net, ready }) => {
    pick.disabled = live.disabled = !net || !ready;
    byId('classify-when').hidden = net !== undefined;
  });
}

function line({ class: name, probability }: Guess): HTMLLIElement {
  const meter = create('meter', { min: 0, max: 1, value: probability });
  meter.ariaLabel = name;
  return create(
    'li',
    {},
    create('span', { textContent: name }),
    create('span', { textContent: percent(probability) }),
    meter,
  );
}
