import { open } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { decodeText } from '../data/text.ts';
import { excerpt, UserError } from '../runtime/errors.ts';

/** The most bytes of a recipe in YAML, whose parser is slow; real ones have a few lines. */
const MAX_YAML = 100_000;

/** The most bytes in JSON: the config.json of a run names all classes. */
const MAX_JSON = 16_000_000;

/**
 * Reads a file in YAML or JSON. Warnings of the YAML parser go to stderr, one line each.
 * @throws UserError that names the file
 */
export async function readRecipeFile(file: string): Promise<unknown> {
  const bytes = await readStart(file, MAX_JSON + 1).catch(({ message }: Error) => {
    throw new UserError(`${file} cannot be read: ${message}.`);
  });
  if (bytes.length > MAX_JSON) throw tooLong(file, MAX_JSON);
  const text = decodeText(bytes, file);
  const json = text.trimStart().startsWith('{') ? parseJson(text) : undefined;
  if (json !== undefined) return json;
  if (bytes.length > MAX_YAML) throw tooLong(file, MAX_YAML);
  return parseYaml(text, file);
}

/** Reads at most `limit` bytes, so that a file without an end, such as a device, is no trap. */
async function readStart(file: string, limit: number): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const chunks: Uint8Array[] = [];
    for (let length = 0; length < limit; length += chunks.at(-1)!.length) {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(Math.min(limit - length, 65_536)));
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
    }
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

const tooLong = (file: string, limit: number) =>
  new UserError(`${file} is longer than the ${limit.toLocaleString('en')} bytes that a recipe may have.`);

/** Returns undefined for what is no JSON: YAML too may begin with a brace. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseYaml(text: string, file: string): unknown {
  const firstLine = ({ message }: Error) => excerpt(message.split('\n')[0].replace(/[.:]$/, ''));
  // The parser's own warnings take several lines; those in `warnings` are printed here.
  const document = parseDocument(text, { logLevel: 'error' });
  const [error] = document.errors;
  if (error) throw new UserError(`${file} cannot be read: ${firstLine(error)}.`);
  for (const warning of document.warnings) console.error(`${file}: ${firstLine(warning)}.`);
  try {
    return document.toJS();
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${firstLine(error as Error)}.`);
  }
}
