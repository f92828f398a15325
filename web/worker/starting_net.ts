import { decodeStartingNet, type StartingNet, UserError } from '../../src/index.ts';
import { STARTING_NET } from '../start.ts';

/**
 * Fetches the net that comes with the page.
 * @throws {UserError} if the page's server does not send it
 */
export async function fetchStartingNet(): Promise<StartingNet> {
  const { file, title } = STARTING_NET;
  try {
    const response = await fetch(new URL(file, import.meta.url), { mode: 'same-origin' });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return decodeStartingNet(new Uint8Array(await response.arrayBuffer()));
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '');
    throw new UserError(
      `${file}, ${title}, cannot be read from the page's server (${reason}): reload the page, or choose random weights under 'Start from' in the expert view.`,
    );
  }
}
