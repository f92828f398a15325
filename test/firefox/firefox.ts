import { execFileSync } from 'node:child_process';
import puppeteer, { type Browser } from 'puppeteer-core';

/**
 * Starts this machine's own Firefox (`$FIREFOX`, or the one in PATH), headless, with WebGPU on whatever adapter there is.
 * Whoever starts it closes it. Driven by puppeteer-core: playwright-core asks Firefox 153 for commands it does not have.
 * @throws Error where there is no Firefox.
 */
export function startFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? inPath('firefox', 'firefox-esr'),
    // Behind a preference on Linux, as is any adapter on the CPU.
    extraPrefsFirefox: { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true },
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
