import type { FileEntry } from '../messages.ts';

/** What was picked, by the path inside the picked folder where there is one. */
export const pickedFiles = (files: FileList): FileEntry[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** All files that were dropped, those inside of folders too. To be called as the drop happens: it is gone later. */
export async function droppedFiles({ items }: DataTransfer): Promise<FileEntry[]> {
  // A file that lies nowhere, such as a picture dragged out of another page, is no entry.
  const dropped = [...items].flatMap((item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? []);
  const found = dropped.map((item) => (item instanceof File ? [{ path: item.name, file: item }] : filesIn(item)));
  return (await Promise.all(found)).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<FileEntry[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ''), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FileEntry[] = [];
  for (;;) {
    // Some at a time, until there are no more.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    found.push(...(await Promise.all(some.map(filesIn))).flat());
  }
}
