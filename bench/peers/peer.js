// What the peers in JavaScript share: the reference they start from, WebGPU, and how they answer run.js.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { decodeSafetensors, requestNodeAdapter } from '../../dist/node.js';

/** A peer is started as: node PEER.js REFERENCE ADAPTER [OPTION …] */
export const [, , referenceFile, adapterName, ...options] = process.argv;

/** The weights to start from, by their PyTorch names, and the batch. */
export async function readReference() {
  const { tensors } = decodeSafetensors(await readFile(referenceFile));
  const { pixels, images, targets } = Object.fromEntries(tensors);
  const weights = [...tensors].filter(([name]) => name.startsWith('weights.'));
  return {
    ...{ pixels: pixels.data, images: images.data, targets: targets.data, shape: images.shape },
    weights: Object.fromEntries(weights.map(([name, tensor]) => [name.slice('weights.'.length), tensor])),
  };
}

/** The layers that have running statistics, with their number of channels. */
export const batchNorms = (weights) =>
  Object.entries(weights)
    .filter(([name]) => /\.bn\d\.weight$/.test(name))
    .map(([name, { shape }]) => [name.slice(0, -'.weight'.length), shape[0]]);

/** Rows of zeros with a one at each target. */
export function oneHot(targets, classes) {
  const rows = new Float32Array(targets.length * classes);
  targets.forEach((target, i) => {
    rows[i * classes + target] = 1;
  });
  return rows;
}

/** Puts WebGPU on the adapter that our engine would take where a page has it. */
export async function provideWebGpu() {
  const { globals } = await import('webgpu');
  const { gpu } = await requestNodeAdapter({ adapter: adapterName });
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node' } });
}

/**
 * Answers each line of stdin, 'infer' or 'train', with the milliseconds that took and its values: the logits, or the
 * loss before the step.
 */
export async function serve(version, answers) {
  console.log(JSON.stringify({ version }));
  for await (const request of createInterface({ input: process.stdin })) {
    const begin = performance.now();
    const values = await answers[request]();
    const ms = performance.now() - begin;
    console.log(JSON.stringify({ ms, values: [...values] }));
  }
  process.exit();
}
