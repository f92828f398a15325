/** Marker of the start of a scan, after which the compressed pixels follow. */
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/**
 * Whether a JPEG file has its end marker; decoders differ in what they do without. A thumbnail in the header has an end
 * marker of its own, which does not count.
 */
export function hasEndMarker(bytes: Uint8Array): boolean {
  let scan = 2;
  while (scan + 4 <= bytes.length && bytes[scan] === 0xff && bytes[scan + 1] !== START_OF_SCAN) {
    // Markers may be preceded by any number of fill bytes.
    if (bytes[scan + 1] === 0xff) scan++;
    else scan += 2 + bytes[scan + 2] * 256 + bytes[scan + 3];
  }
  for (let i = bytes.length - 2; i >= scan; i--) if (bytes[i] === 0xff && bytes[i + 1] === END_OF_IMAGE) return true;
  return false;
}
