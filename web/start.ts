import { CIFAR10_CLASSES } from '../src/data/cifar.ts';
import { presets } from '../src/index.ts';
import type { DataSummary, Settings, Source } from './messages.ts';

/** The net that comes with the page: its file beside the scripts, its name in a sentence, its width. */
export const STARTING_NET = {
  file: 'cifar10-yynet-16.safetensors',
  title: 'the net trained on CIFAR-10',
  channels: presets['yynet-16'].channels,
};

/**
 * What a training of these pictures starts from by default: own pictures are few, and learn more from a net that has seen
 * others.
 */
export const defaultStart = (source: Source['kind'], data?: Pick<DataSummary, 'classes'>): Settings['start'] =>
  source === 'shapes' || `${data?.classes}` === `${CIFAR10_CLASSES}` ? 'random' : 'cifar10';

/** Whether a net of that width can start from the one that comes with the page. */
export const canStart = ({ channels }: Pick<Settings, 'channels'>) => channels === STARTING_NET.channels;
