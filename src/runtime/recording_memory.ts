import type { DispatchCommand } from './command.ts';
import type { Memory, Storage } from './memory.ts';

/** From which command to which a storage holds something that is read. */
interface Lifetime {
  readonly storage: Storage;
  readonly first: number;
  last: number;
}

/**
 * Gives the storages that were made in a recording their buffers. Results have buffers of their own, since another recording
 * may run before they are read. Temporaries share buffers, with each other by their lifetimes and with other recordings.
 *
 * @param results storages that keep their values after a run
 * @param makeRoom gives unused memory back to the GPU
 * @returns what frees the buffers
 * @throws MemoryError if the GPU refuses them, even after making room; then all of them are given back
 */
export async function allocateStorages(
  commands: readonly DispatchCommand[],
  results: readonly Storage[],
  memory: Memory,
  makeRoom: () => Promise<void>,
): Promise<() => void> {
  const made = [...new Set(results)].filter(({ buffer }) => !buffer);
  const slots = slotsOf(lifetimesOf(commands, new Set(made)));
  const sizes = slots.map(([largest]) => largest.storage.bytes);
  for (let attempt = 0; ; attempt++) {
    const own = made.map(({ bytes }) => memory.take(bytes));
    const shared = memory.share(sizes);
    try {
      await memory.granted([...own, ...shared]);
    } catch (error) {
      for (const buffer of own) memory.putBack(buffer);
      memory.unshare(shared);
      await makeRoom();
      if (attempt === 0) continue;
      throw error;
    }
    made.forEach((storage, i) => {
      storage.role = 'result';
      storage.buffer = own[i];
    });
    slots.forEach((slot, i) => {
      for (const { storage } of slot) {
        storage.role = 'temporary';
        storage.buffer = shared[i];
      }
    });
    return () => {
      for (const storage of made) memory.release(storage);
      memory.unshare(shared);
    };
  }
}

/** When each temporary is in use. */
function lifetimesOf(commands: readonly DispatchCommand[], results: ReadonlySet<Storage>): Lifetime[] {
  const found = new Map<Storage, Lifetime>();
  commands.forEach((command, i) => {
    for (const { storage } of command.tensors) {
      if (storage.buffer || results.has(storage)) continue;
      const lifetime = found.get(storage);
      if (lifetime) lifetime.last = i;
      else found.set(storage, { storage, first: i, last: i });
    }
  });
  return [...found.values()];
}

/** Largest first, each storage joins the first slot that no other one uses during its lifetime. */
function slotsOf(lifetimes: readonly Lifetime[]): Lifetime[][] {
  const slots: Lifetime[][] = [];
  for (const lifetime of [...lifetimes].sort((a, b) => b.storage.bytes - a.storage.bytes)) {
    const isFree = (slot: Lifetime[]) =>
      slot.every((other) => other.last < lifetime.first || lifetime.last < other.first);
    const slot = slots.find(isFree);
    if (slot) slot.push(lifetime);
    else slots.push([lifetime]);
  }
  return slots;
}
