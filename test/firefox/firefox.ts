import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import puppeteer, { type Browser } from 'puppeteer-core';

/**
 * Starts this machine's own Firefox (`$FIREFOX`, or the one in PATH), headless, with WebGPU on whatever adapter there is.
 * Whoever starts it closes it. Driven by puppeteer-core: playwright-core asks Firefox 153 for commands it does not have.
 * @param downloads the folder where files are saved
 * @throws Error where there is no Firefox.
 */
export function startFirefox(downloads = tmpdir()): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? inPath('firefox', 'firefox-esr'),
    extraPrefsFirefox: {
      // Needed on Linux, the second for adapters on the CPU.
      'dom.webgpu.enabled': true,
      'gfx.webgpu.ignore-blocklist': true,
      // A webcam that shows a test picture, and may be used.
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'browser.download.folderList': 2, // the one that is named here
      'browser.download.dir': downloads,
    },
  });
}

function inPath(...names: string[]): string {
  for (const name of names) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {} // the next name
  }
  throw new Error(`These tests need Firefox: there is no ${names.join(' and no ')} in PATH, and FIREFOX names none.`);
}
