import type { NetConfig } from '../nn/architecture.ts';
import { UserError } from '../runtime/errors.ts';

/**
 * Returns the number of channels of a net's pictures.
 * @throws UserError if it is neither 1 (grey) nor 3 (RGB)
 */
export function channelsOf({ inputChannels }: Pick<NetConfig, 'inputChannels'>): 1 | 3 {
  if (inputChannels === 1 || inputChannels === 3) return inputChannels;
  throw new UserError(`The net expects pictures of ${inputChannels} channels, but files have 1 or 3.`);
}
