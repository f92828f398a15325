// Inference of a YYNet, exported by yynet, in ONNX Runtime: on WebGPU, or with --cpu on its CPU kernels.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { exportOnnx, models, paperRecipe, yynet } from '../../dist/index.js';
import { batchNorms, model, options, provideWebGpu, readReference, serve } from './peer.js';

const cpu = options.includes('--cpu');

/** Copies data before writeBuffer(): the runtime's heap is shared memory, which Dawn's binding for Node rejects. */
function copySharedWrites() {
  const { writeBuffer } = GPUQueue.prototype;
  GPUQueue.prototype.writeBuffer = function (buffer, offset, data, first = 0, size = undefined) {
    const view = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
    const unit = view.BYTES_PER_ELEMENT;
    const length = (size ?? view.length - first) * unit;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + first * unit, length);
    writeBuffer.call(this, buffer, offset, bytes.slice());
  };
}

async function loadRuntime() {
  if (cpu) return (await import('onnxruntime-node')).default;
  await provideWebGpu();
  copySharedWrites();
  const ort = await import('onnxruntime-web/webgpu');
  // By default the runtime fetches its binary, but fetch() in Node cannot read files.
  const binary = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm');
  Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: await readFile(binary) });
  return ort;
}

const { images, shape, weights } = await readReference();
const statistics = batchNorms(weights).flatMap(([name, channels]) => [
  [`${name}.running_mean`, { shape: [channels], data: new Float32Array(channels) }],
  [`${name}.running_var`, { shape: [channels], data: new Float32Array(channels).fill(1) }],
]);
const graph = exportOnnx(
  yynet.create(models[model].config),
  { ...weights, ...Object.fromEntries(statistics) },
  paperRecipe,
);
const ort = await loadRuntime();
const session = await ort.InferenceSession.create(graph, {
  executionProviders: [cpu ? 'cpu' : 'webgpu'],
  logSeverityLevel: 3,
});
const input = new ort.Tensor('float32', images, shape);
const { versions } = ort.env;

await serve(versions.node ?? versions.web ?? versions.common, {
  infer: async () => (await session.run({ images: input })).logits.getData(),
});
