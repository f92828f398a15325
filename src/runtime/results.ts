import type { Storage } from './memory.ts';
import type { Tensor } from './tensor.ts';

/** @throws Error if what the function of `tidy` or `record` returned is a promise */
export function requireSynchronous(method: string, result: unknown): void {
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return;
  Promise.resolve(result).catch(() => {}); // this error tells the reason for its own
  throw new Error(
    `${method}(): the function must not be asynchronous, as its tensors would be released while it uses them`,
  );
}

/** The storages of all tensors in a value, which may be nested. */
export function storagesIn(value: unknown, seen = new Set<unknown>()): Storage[] {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value) || seen.has(value)) return [];
  seen.add(value);
  if ('storage' in value && 'dtype' in value) return [(value as Tensor).storage];
  const parts = value instanceof Map || value instanceof Set ? [...value.values()] : Object.values(value);
  return parts.flatMap((part) => storagesIn(part, seen));
}
