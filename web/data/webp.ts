/** EXIF's tag of the orientation. */
const ORIENTATION = 0x0112;

/**
 * Returns the EXIF orientation of a WebP file, 1 to 8, and renames its EXIF chunk, so that no decoder applies it.
 * @param bytes changed in place
 */
export function takeOrientation(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const chunk = bytes.subarray(at + 8, at + 8 + size);
    if (nameAt(bytes, at) === 'EXIF') {
      bytes.set([0x6e, 0x6f, 0x6e, 0x65], at);
      return orientationOf(chunk);
    }
    at += 8 + size + (size % 2);
  }
  return 1;
}

const nameAt = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));

/** The orientation in a TIFF directory, which may follow 'Exif\0\0'; 1 if there is none. */
function orientationOf(chunk: Uint8Array): number {
  const exif = nameAt(chunk, 0) === 'Exif' ? chunk.subarray(6) : chunk;
  if (exif.length < 8) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.length);
  const little = exif[0] === 0x49;
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return 1;
  const count = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < count && at + 12 <= exif.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION) continue;
    const orientation = view.getUint16(at + 8, little);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

/**
 * The matrix, as a canvas takes it, that turns a stored picture upright.
 * @param width of the upright picture
 * @param height of the upright picture
 */
export function transformOf(orientation: number, width: number, height: number): readonly number[] {
  const [w, h] = [width, height];
  return [
    [1, 0, 0, 1, 0, 0],
    [-1, 0, 0, 1, w, 0],
    [-1, 0, 0, -1, w, h],
    [1, 0, 0, -1, 0, h],
    [0, 1, 1, 0, 0, 0],
    [0, 1, -1, 0, w, 0],
    [0, -1, -1, 0, w, h],
    [0, -1, 1, 0, 0, h],
  ][orientation - 1];
}
