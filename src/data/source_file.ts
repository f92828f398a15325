/** A file of the data, wherever it lies: on disk, chosen in a page, or in a zip archive. */
export interface SourceFile {
  /** Path from the data's folder with '/' between the names; a '/' at its end marks an empty folder. */
  readonly path: string;
  /**
   * Returns the first `bytes` bytes, or all of a shorter file.
   * @throws {PictureError} if it cannot be read
   */
  head(bytes: number): Promise<Uint8Array>;
}

/** The last name of a path. */
export const nameOf = (path: string) => path.split('/').at(-1)!;

/** The path of the folder that holds a file; '' for the data's folder. */
export const folderOf = (path: string) => path.split('/').slice(0, -1).join('/');
