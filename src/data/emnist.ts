const DIGITS = '0123456789';
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Small letters that do not look like their capitals. */
const DISTINCT = 'abdefghnqrt';

/** The characters of each part of EMNIST in the order of the labels. */
const PARTS: Readonly<Record<string, string>> = {
  byclass: DIGITS + CAPITALS + CAPITALS.toLowerCase(),
  bymerge: DIGITS + CAPITALS + DISTINCT,
  balanced: DIGITS + CAPITALS + DISTINCT,
  letters: CAPITALS,
  digits: DIGITS,
  mnist: DIGITS,
};

/** Returns the class names of a part of EMNIST; undefined if the part is unknown or has fewer classes. */
export function emnistClasses(part: string, count: number): readonly string[] | undefined {
  const classes = [...(PARTS[part] ?? '')];
  return classes.length >= count ? classes : undefined;
}
