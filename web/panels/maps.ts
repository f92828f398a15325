import { byId } from '../dom.ts';
import { drawFilters, drawMaps, drawPicture, greyOf, greyRamp, warmRamp } from '../draw.ts';
import type { Filters, Sample, Seen } from '../messages.ts';
import type { Page } from '../state.ts';

export interface MapsPanel {
  /** Shows what both branches make of a picture. */
  choose(sample: Sample): Promise<void>;
  /** Shows what the net makes by now of the picture chosen before, or else of this one. */
  refresh(sample?: Sample): Promise<void>;
  showFilters(filters: Filters): void;
  /** Forgets which picture was chosen. */
  clear(): void;
}

interface Source {
  /** What both branches make of a validation picture. */
  see(index: number): Promise<Seen>;
  attempt: Page['attempt'];
}

const canvas = (id: string) => byId<HTMLCanvasElement>(id);

/** Feature maps of Yin and Yang side by side, and their first filters. */
export function mapsPanel({ see, attempt }: Source): MapsPanel {
  const depth = byId<HTMLInputElement>('depth');
  let chosen: Sample | undefined;
  let seen: Seen | undefined;

  const draw = () => {
    byId('depth-value').textContent = depth.value;
    if (!seen) return;
    const { picture, maps, yin } = seen;
    const block = depth.valueAsNumber - 1;
    drawPicture(canvas('yin-picture'), greyOf(picture, yin));
    drawPicture(canvas('yang-picture'), picture);
    drawMaps(canvas('yin-maps'), maps.yin[block], greyRamp);
    drawMaps(canvas('yang-maps'), maps.yang[block], warmRamp);
    canvas('yin-maps').ariaLabel = `Yin’s feature maps after block ${block + 1}: ${maps.yin[block].shape.join(' × ')}`;
    canvas('yang-maps').ariaLabel =
      `Yang’s feature maps after block ${block + 1}: ${maps.yang[block].shape.join(' × ')}`;
  };

  const look = async () => {
    if (!chosen) return;
    seen = await see(chosen.index);
    depth.max = String(seen.maps.yin.length);
    draw();
  };

  depth.addEventListener('input', draw);
  return {
    async choose(sample) {
      chosen = sample;
      await attempt(look);
    },
    async refresh(sample) {
      chosen ??= sample;
      await attempt(look);
    },
    showFilters({ yin, yang }) {
      drawFilters(canvas('yin-filters'), yin.shape, yin.data);
      drawFilters(canvas('yang-filters'), yang.shape, yang.data);
    },
    clear() {
      chosen = seen = undefined;
    },
  };
}
