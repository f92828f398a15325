import { byId } from '../dom.ts';
import { drawFilters, drawMaps, drawPicture, greyMap, toGrey, warmMap } from '../draw.ts';
import type { Filters, PictureMaps, Sample } from '../messages.ts';
import type { Page } from '../state.ts';

export interface MapsPanel {
  /** Shows the feature maps of a picture. */
  choose(sample: Sample): Promise<void>;
  /** Updates the feature maps of the chosen picture to the current net. Chooses `sample` if none is chosen. */
  refresh(sample?: Sample): Promise<void>;
  showFilters(filters: Filters): void;
  /** Resets the choice of picture. */
  clear(): void;
}

interface Source {
  /** Returns the feature maps of a validation picture. */
  loadMaps(index: number): Promise<PictureMaps>;
  attempt: Page['attempt'];
}

const canvas = (id: string) => byId<HTMLCanvasElement>(id);

/** Shows the feature maps of both branches side by side, and the filters of their first convolutions. */
export function mapsPanel({ loadMaps, attempt }: Source): MapsPanel {
  const depth = byId<HTMLInputElement>('depth');
  let chosen: Sample | undefined;
  let shown: PictureMaps | undefined;

  const draw = () => {
    byId('depth-value').textContent = depth.value;
    if (!shown) return;
    const { picture, maps, yin } = shown;
    const block = depth.valueAsNumber - 1;
    drawPicture(canvas('yin-picture'), toGrey(picture, yin));
    drawPicture(canvas('yang-picture'), picture);
    drawMaps(canvas('yin-maps'), maps.yin[block], greyMap);
    drawMaps(canvas('yang-maps'), maps.yang[block], warmMap);
    canvas('yin-maps').ariaLabel = `Yin’s feature maps after block ${block + 1}: ${maps.yin[block].shape.join(' × ')}`;
    canvas('yang-maps').ariaLabel =
      `Yang’s feature maps after block ${block + 1}: ${maps.yang[block].shape.join(' × ')}`;
  };

  const load = async () => {
    if (!chosen) return;
    shown = await loadMaps(chosen.index);
    depth.max = String(shown.maps.yin.length);
    draw();
  };

  depth.addEventListener('input', draw);
  return {
    async choose(sample) {
      chosen = sample;
      await attempt(load);
    },
    async refresh(sample) {
      chosen ??= sample;
      await attempt(load);
    },
    showFilters({ yin, yang }) {
      drawFilters(canvas('yin-filters'), yin.shape, yin.data);
      drawFilters(canvas('yang-filters'), yang.shape, yang.data);
    },
    clear() {
      chosen = shown = undefined;
    },
  };
}
