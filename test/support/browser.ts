import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { unpack } from '../../src/runtime/swiftshader.ts';

const FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // A webcam that shows a test picture, and may be used.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // Nothing leaves the machine.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

/**
 * Starts headless Chromium with WebGPU on SwiftShader, both out of the npm package @sparticuz/chromium with all
 * libraries they need. Whoever starts it closes it.
 * @throws Error where it cannot start.
 */
export async function startBrowser(): Promise<Browser> {
  const files = ['chromium.br', 'al2023.tar.br', 'swiftshader.tar.br', 'fonts.tar.br'];
  const folder = await unpack('chromium', files);
  if (!folder) {
    throw new Error('The browser tests need Linux x64 and the npm package @sparticuz/chromium, which npm ci installs.');
  }
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    chromiumSandbox: false, // root has none
    args: FLAGS,
    env: {
      ...process.env,
      LD_LIBRARY_PATH: `${join(folder, 'lib')}:${folder}`,
      FONTCONFIG_FILE: await fonts(folder),
      // Of the locale C this browser makes a language tag that its own Intl refuses.
      LANG: 'en_US.UTF-8',
    },
  });
}

/** The configuration that makes a machine without fonts show text. */
async function fonts(folder: string): Promise<string> {
  const cache = join(folder, 'fonts-cache');
  await mkdir(cache, { recursive: true });
  const file = join(folder, 'fonts-here.conf');
  await writeFile(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
    <fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${cache}</cachedir></fontconfig>`,
  );
  return file;
}
