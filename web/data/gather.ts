import type { FileEntry } from '../messages.ts';

/** Returns the files of an input element, with their paths from the chosen folder if there is one. */
export const pickedFiles = (files: FileList): FileEntry[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Returns all dropped files, including those in folders. Call it synchronously in the drop event, which then clears them. */
export async function droppedFiles({ items }: DataTransfer): Promise<FileEntry[]> {
  // A picture dragged from another page has no file system entry.
  const dropped = [...items].flatMap((item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? []);
  const found = dropped.map((item) => (item instanceof File ? [{ path: item.name, file: item }] : filesIn(item)));
  return (await Promise.all(found)).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<FileEntry[]> {
  const path = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    return new Promise((resolve) => {
      // A file that cannot be read is reported by the worker, with all others that are not used.
      const fail = ({ message }: Error) => resolve([{ path, file: new Blob(), problem: message }]);
      (entry as FileSystemFileEntry).file((file) => resolve([{ path, file }]), fail);
    });
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: FileEntry[] = [];
  for (;;) {
    // readEntries returns the entries in chunks; an empty chunk is the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, ({ message }) => reject(new Error(`${path} cannot be read: ${message}`))),
    );
    if (entries.length === 0) break;
    files.push(...(await Promise.all(entries.map(filesIn))).flat());
  }
  return files.length > 0 ? files : [{ path: `${path}/`, file: new Blob() }];
}
