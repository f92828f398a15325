import type { Device } from '../../src/runtime/device.ts';
import type { Shape, Tensor } from '../../src/runtime/tensor.ts';

/** Whether the adapter stores f16. Where it does not, tests hold it to refusing mixed precision instead. */
export const hasHalf = (device: Device) => device.gpu.features.has('shader-f16');

/** The nearest f16, as bits; ties to even. */
function toBits(value: number): number {
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  const unit = 2 ** (exponent - 10);
  const units = magnitude / unit;
  let whole = Math.floor(units);
  const rest = units - whole;
  if (rest > 0.5 || (rest === 0.5 && whole % 2 === 1)) whole++;
  return sign | (whole + (exponent + 14) * 1024);
}

function fromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * (1024 + fraction) * 2 ** (exponent - 25) : sign * fraction * 2 ** -24;
}

/** A tensor of f16, each element the nearest to a number. */
export const uploadHalf = (device: Device, data: ArrayLike<number>, shape: Shape): Tensor =>
  device.upload(Uint16Array.from(data, toBits), shape, 'f16');

/** A tensor's elements, whatever it stores. */
export async function readAny(device: Device, tensor: Tensor): Promise<Float32Array> {
  if (tensor.dtype !== 'f16') return device.read(tensor);
  return Float32Array.from(new Uint16Array(await device.readBytes(tensor)), fromBits);
}

/** Numbers as f16 would keep them. */
export const rounded = (data: ArrayLike<number>) => Float32Array.from(data, (value) => fromBits(toBits(value)));
