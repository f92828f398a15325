import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { PbfReader } from 'pbf';
import type { HostTensor } from '../../src/nn/parameters.ts';

env.wasm.numThreads = 1; // more would need workers

/** Calls `use` with a session of ONNX Runtime. */
export async function withSession<T>(file: Uint8Array, use: (session: InferenceSession) => Promise<T> | T): Promise<T> {
  const session = await InferenceSession.create(file);
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

/** All that ONNX Runtime computes, by name. */
export const onnxOutputs = (file: Uint8Array, { shape, data }: HostTensor) =>
  withSession(
    file,
    async (session) =>
      (await session.run({ images: new Tensor('float32', data, shape) })) as Readonly<Record<string, Tensor>>,
  );

/** The logits that ONNX Runtime computes. */
export const onnxLogits = async (file: Uint8Array, images: HostTensor) => (await onnxOutputs(file, images)).logits;

/** What runtimes do not show of an ONNX file. */
interface OnnxFile {
  /** How many nodes there are of each type. */
  readonly nodes: Record<string, number>;
  readonly metadata: Record<string, string>;
}

/** Decodes a part of an ONNX file. The tags are those of onnx.proto3. */
export function readOnnx(file: Uint8Array): OnnxFile {
  const onnx: OnnxFile = { nodes: {}, metadata: {} };
  new PbfReader(file).readFields((tag, { nodes, metadata }, pbf) => {
    if (tag === 7) pbf.readMessage(countNode, nodes);
    if (tag !== 14) return;
    const [key, value] = pbf.readMessage<string[]>((_, entry, pbf) => entry.push(pbf.readString()), []);
    metadata[key] = value;
  }, onnx);
  return onnx;
}

function countNode(tag: number, nodes: OnnxFile['nodes'], pbf: PbfReader): void {
  if (tag !== 1) return;
  const [type] = pbf.readMessage<string[]>((tag, types, pbf) => tag === 4 && types.push(pbf.readString()), []);
  nodes[type] = (nodes[type] ?? 0) + 1;
}
