/** A file's bytes, and its name for error messages. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}
