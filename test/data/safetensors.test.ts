import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/data/safetensors.ts';
import { UserError } from '../../src/runtime/errors.ts';

const tensors = new Map<string, StoredTensor>([
  ['z', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ['conv.weight', { dtype: 'F32', shape: [2, 1, 2], data: Float32Array.of(1, -2, 0.5, Number.NaN) }],
  ['half', { dtype: 'F16', shape: [1], data: Uint16Array.of(0x3c00) }],
  ['brain', { dtype: 'BF16', shape: [1], data: Uint16Array.of(0x3f80) }],
  ['wide', { dtype: 'F64', shape: [1], data: Float64Array.of(1e300) }],
  ['yes', { dtype: 'BOOL', shape: [1], data: Uint8Array.of(1) }],
  ['a', { dtype: 'I32', shape: [], data: Int32Array.of(-7) }],
  ['big', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
  ['u', { dtype: 'U32', shape: [2], data: Uint32Array.of(0, 4294967295) }],
  ['empty', { dtype: 'F32', shape: [0, 5], data: new Float32Array() }],
  ['__proto__', { dtype: 'U8', shape: [1], data: Uint8Array.of(9) }],
]);
const metadata = new Map([
  ['format', 'pt'],
  ['epoch', '3'],
]);

/** A file of any header over `body` zero bytes. */
function file(header: unknown, body = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + body);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const f32 = (begin: number, end: number) => ({ dtype: 'F32', shape: [1], data_offsets: [begin, end] });

function expectError(bytes: Uint8Array, pattern: RegExp) {
  expect(() => decodeSafetensors(bytes)).toThrow(UserError);
  expect(() => decodeSafetensors(bytes)).toThrow(pattern);
}

test('what is written is read back', () => {
  const read = decodeSafetensors(encodeSafetensors(tensors, metadata));
  expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
  expect(read.metadata).toEqual(new Map([...metadata].sort()));
});

test('writes the bytes that the format says', () => {
  const bytes = encodeSafetensors(new Map([['w', tensors.get('a')!]]), new Map([['k', 'v']]));
  const header = '{"__metadata__":{"k":"v"},"w":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}  ';
  expect(header.length % 8).toBe(0);
  expect(bytes).toEqual(
    Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(header), 249, 255, 255, 255),
  );
});

test('the order of the maps does not change the bytes', () => {
  const reversed = encodeSafetensors(new Map([...tensors].reverse()), new Map([...metadata].reverse()));
  expect(reversed).toEqual(encodeSafetensors(tensors, metadata));
});

test('reads a file from within a larger Node buffer, as copies', () => {
  const bytes = encodeSafetensors(tensors);
  const buffer = Buffer.alloc(bytes.length + 3);
  buffer.set(bytes, 3);
  const { data } = decodeSafetensors(buffer.subarray(3)).tensors.get('conv.weight')!;
  buffer.fill(0);
  expect([...data]).toEqual([1, -2, 0.5, Number.NaN]);
});

test('refuses to write what it could not read', () => {
  expect(() => encodeSafetensors(new Map([['w', { dtype: 'U8', shape: [2], data: new Uint8Array(3) }]]))).toThrow(
    /"w"/,
  );
  expect(() => encodeSafetensors(new Map([['__metadata__', tensors.get('a')!]]))).toThrow(/__metadata__/);
});

test('refuses broken headers', () => {
  expectError(new Uint8Array(7), /7 bytes/);
  expectError(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123, 125), /header has 9 bytes, but only 2 follow/);
  expectError(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255), /more than the limit of 16 MB/);
  const large = new Uint8Array(17_000_008).fill(0x20);
  new DataView(large.buffer).setBigUint64(0, 17_000_000n, true);
  expectError(large, /header has 17000000 bytes, more than the limit of 16 MB/);
  expectError(file('{"a":'), /not valid JSON/);
  expectError(file('[]'), /not a JSON object/);
  expectError(file('null'), /not a JSON object/);
  expectError(file({ __metadata__: { epoch: 3 } }), /"epoch" is not a string/);
});

test('refuses broken entries, naming the tensor', () => {
  expectError(file({ w: 1 }), /tensor "w" is not a JSON object/);
  expectError(file({ w: { ...f32(0, 4), dtype: 'BF17' } }, 4), /"w" has dtype BF17, expected one of F64, I64/);
  expectError(file({ w: { ...f32(0, 4), dtype: 'toString' } }, 4), /"w" has dtype toString/);
  expectError(file({ w: { ...f32(0, 4), shape: [-1] } }, 4), /"w" has a shape/);
  expectError(file({ w: { ...f32(0, 4), shape: '1' } }, 4), /"w" has a shape/);
  expectError(file({ w: { ...f32(0, 4), shape: [1.5] } }, 4), /"w" has a shape/);
  expectError(file({ w: { ...f32(0, 4), data_offsets: [0] } }, 4), /"w" has data_offsets/);
  expectError(file({ w: f32(4, 0) }, 4), /"w" is at bytes 4 to 0/);
  expectError(file({ w: f32(0, 8) }, 4), /"w" is at bytes 0 to 8, outside/);
  expectError(file({ w: f32(0, 8) }, 8), /"w" \(F32 \[1\]\) needs 4 bytes, but its offsets span 8/);
  expectError(file({ w: { ...f32(0, 4), shape: [2 ** 52, 2 ** 52] } }, 4), /"w" .* needs/);
});

test('refuses overlaps and gaps', () => {
  expectError(file({ v: f32(0, 4), w: f32(0, 4) }, 4), /"w" overlaps/);
  expectError(file({ v: f32(2, 6), w: f32(0, 4) }, 6), /"v" overlaps/);
  expectError(file({ v: f32(0, 4), w: f32(5, 9) }, 9), /gap of 1 bytes before tensor "w"/);
  expectError(file({ w: f32(0, 4) }, 7), /The last tensor is followed by 3 bytes/);
});
