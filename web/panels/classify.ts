import type { ClassProbability } from '../../src/index.ts';
import { isUnlike } from '../../src/inference/prediction.ts';
import { percent } from '../../src/report/format.ts';
import { byId, create } from '../dom.ts';
import type { Page } from '../state.ts';
import { Camera } from './camera.ts';
import { dropTarget } from './drop.ts';

/** Number of classes shown. */
const TOP = 5;
/** Pause between two webcam frames, in milliseconds. */
const PAUSE = 150;

/** Classifies a picture that is dropped, pasted, chosen, or taken by the webcam. */
export function classifyPanel({ worker, store, attempt }: Page): void {
  const pick = byId<HTMLInputElement>('pick-picture');
  const live = byId<HTMLButtonElement>('live');
  const video = byId<HTMLVideoElement>('live-video');
  const shown = byId<HTMLCanvasElement>('classified');
  const guesses = byId('guesses');
  const camera = new Camera(video);

  const classify = async (picture: Blob | ImageBitmap) => {
    const prediction = await worker.request(
      { type: 'classify', picture },
      picture instanceof ImageBitmap ? [picture] : [],
    );
    byId('guesses-hint').hidden = true;
    guesses.replaceChildren(...prediction.classes.slice(0, TOP).map(listItem));
    byId('unlike').hidden = !isUnlike(prediction);
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

  const classifyWebcam = async () => {
    shown.hidden = true;
    video.hidden = false;
    live.ariaPressed = 'true';
    await camera.start();
    // A screen reader must not announce several results a second.
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
      classifyWebcam().catch((error) => {
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

function listItem({ class: name, probability }: ClassProbability): HTMLLIElement {
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
