/** A file's bytes and the name to call it by in errors. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}
