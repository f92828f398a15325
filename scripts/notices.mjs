// Collects the licences of the packages whose modules the build has bundled.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

const LICENCE = /^(licen[cs]e|copying|notice)/i;

/** The folder of the package that a bundled module belongs to, or undefined for a module of this repository. */
const packageOf = (module) => module.match(/^\0?(.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+)[/\\]/)?.[1];

/**
 * Returns the text of THIRD_PARTY_NOTICES: a section a package, in order.
 * @param modules paths of bundled modules
 * @throws Error for a package without a licence's text
 */
export async function thirdPartyNotices(modules) {
  const folders = new Set([...modules].map(packageOf).filter(Boolean));
  const sections = new Map();
  for (const folder of folders) {
    const { name, version, license, homepage } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    // Some packages have a folder of licences.
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const pathOf = ({ parentPath, name }) => relative(folder, join(parentPath, name));
    const files = entries
      .filter((entry) => entry.isFile())
      .map(pathOf)
      .filter((file) => LICENCE.test(file))
      .sort();
    if (files.length === 0) throw new Error(`${name} ${version} is bundled, but its package has no licence's text.`);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const heading = `${name} ${version} (${license})${homepage ? `\n${homepage}` : ''}`;
    sections.set(name, `${heading}\n\n${texts.map((text) => text.trim().replaceAll('\r\n', '\n')).join('\n\n')}\n`);
  }
  const names = [...sections.keys()].sort();
  const intro = 'This package contains modules of the following packages, under their own licences.\n';
  return [intro, ...names.map((name) => sections.get(name))].join(`\n${'-'.repeat(80)}\n\n`);
}
