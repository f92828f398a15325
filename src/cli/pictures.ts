import { UserError } from '../runtime/errors.ts';
import type { YYNetConfig } from '../yinyang/config.ts';

/**
 * The channels that pictures must have for a net.
 * @throws UserError if it takes neither grey nor RGB pictures
 */
export function channelsOf({ inputChannels }: Pick<YYNetConfig, 'inputChannels'>): 1 | 3 {
  if (inputChannels === 1 || inputChannels === 3) return inputChannels;
  throw new UserError(`The net takes pictures of ${inputChannels} channels, but files have 1 or 3.`);
}
