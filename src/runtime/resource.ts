/** Something that holds GPU memory until it is disposed of. */
export abstract class Resource {
  /** Releases all memory that it holds. It must not be used again. */
  abstract dispose(): void;

  /** Calls `dispose` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Calls `create`, which gives `hold` all that it makes and that has to be disposed of. If it fails, disposes of what it has
 * made, the newest first.
 */
export async function createHolding<T>(
  create: (hold: <R extends Pick<Resource, 'dispose'>>(made: R) => R) => Promise<T>,
): Promise<T> {
  const held: Pick<Resource, 'dispose'>[] = [];
  try {
    return await create((made) => {
      held.unshift(made);
      return made;
    });
  } catch (error) {
    for (const made of held) made.dispose();
    throw error;
  }
}
