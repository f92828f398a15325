// Shared by the peers in JavaScript: the reference, WebGPU, and the protocol with run.js.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { decodeSafetensors } from '../../dist/engine.js';
import { requestNodeAdapter } from '../../dist/node.js';

/** Usage: node PEER.js REFERENCE ADAPTER MODEL [OPTION …] */
export const [, , referenceFile, adapterName, model, ...options] = process.argv;

/** Reads the initial weights, by their PyTorch names, and the batch. */
export async function readReference() {
  const { tensors } = decodeSafetensors(await readFile(referenceFile));
  const { pixels, images, targets } = Object.fromEntries(tensors);
  const weights = [...tensors].filter(([name]) => name.startsWith('weights.'));
  return {
    ...{ pixels: pixels.data, images: images.data, targets: targets.data, shape: images.shape },
    weights: Object.fromEntries(weights.map(([name, tensor]) => [name.slice('weights.'.length), tensor])),
  };
}

/** Returns [name, channels] of each batch norm. */
export const batchNorms = (weights) =>
  Object.entries(weights)
    .filter(([name]) => /\.bn\d\.weight$/.test(name))
    .map(([name, { shape }]) => [name.slice(0, -'.weight'.length), shape[0]]);

/** Returns one-hot rows [targets.length, classes]. */
export function oneHot(targets, classes) {
  const rows = new Float32Array(targets.length * classes);
  targets.forEach((target, i) => {
    rows[i * classes + target] = 1;
  });
  return rows;
}

/** Defines the WebGPU globals of a browser; navigator.gpu uses the same adapter as yynet. */
export async function provideWebGpu() {
  const { globals } = await import('webgpu');
  const { gpu } = await requestNodeAdapter({ adapter: adapterName });
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node' } });
}

/**
 * Runs a function per line of stdin, 'infer' or 'train', and prints { ms, values } as JSON: the time, and the logits or the
 * loss before the step.
 * @param functions infer() and train()
 */
export async function serve(version, functions) {
  console.log(JSON.stringify({ version }));
  for await (const request of createInterface({ input: process.stdin })) {
    const begin = performance.now();
    const values = await functions[request]();
    const ms = performance.now() - begin;
    console.log(JSON.stringify({ ms, values: [...values] }));
  }
  process.exit();
}
