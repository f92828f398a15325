import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Constants, declarationsOf, type KernelSource, specialize } from '../src/runtime/codegen.ts';
import { UserError } from '../src/runtime/errors.ts';
// @ts-expect-error: a plain script, shared with the build.
import { includesOf, removeComments } from './wgsl-text.mjs';

/** Reads a kernel and what it includes. Unlike the build, it keeps spaces. */
export async function readKernel(path: string): Promise<KernelSource> {
  const file = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UserError(`${path} cannot be read: ${error.message}.`);
  });
  const text: string = removeComments(file);
  const includes: Record<string, KernelSource> = {};
  for (const name of includesOf(text)) includes[name] = await readKernel(join(path, '..', name).replaceAll('\\', '/'));
  return { path, text, includes };
}

/**
 * Expands a kernel as a launch on a GPU does.
 * @throws UserError that names all constants that are missing, ShaderError for a directive that is wrong
 */
export function expandKernel(source: KernelSource, constants: Constants): string {
  const missing = missingConstants(source, constants);
  if (missing.length === 0) return specialize(source, constants, false).code;
  // The name of an activation brings these with it.
  const names = missing.map((name) => name.replace(/^ACTIVATION_(VALUE|SLOPE)$/, 'ACTIVATION'));
  throw new UserError(`${source.path} needs ${[...new Set(names)].join(', ')}: give each as NAME=VALUE.`);
}

/** The constants that a kernel needs but does not get. */
function missingConstants(source: KernelSource, given: Constants): string[] {
  const { sizes, batch } = declarationsOf(source);
  const missing = [...sizes.keys(), ...batch.keys()].filter((name) => !Object.hasOwn(given, name));
  for (;;) {
    // With a value for each missing constant, the rest of the template can be expanded.
    const constants = { ...given, ...Object.fromEntries(missing.map((name) => [name, 1])) };
    try {
      return [...missing, ...undeclared(specialize(source, constants, false).code)];
    } catch (error) {
      const name = /'(\w+)' is not defined$/.exec((error as Error).message)?.[1];
      if (!name) throw error;
      missing.push(name);
    }
  }
}

/** Names in capitals that WGSL code uses but does not declare. */
function undeclared(code: string): string[] {
  const used = [...code.matchAll(/(?<![.\w])[A-Z][A-Z0-9_]*\b(?! *:)/g)].map(([name]) => name);
  const declared = [...code.matchAll(/\b(?:const|alias|struct|let|var(?:<\w+>)?) *([A-Z][A-Z0-9_]*)\b/g)];
  const known = new Set(declared.map(([, name]) => name));
  return [...new Set(used)].filter((name) => !known.has(name));
}
