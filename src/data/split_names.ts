/** What the pictures of a folder are for. */
export type SplitName = 'train' | 'val' | 'test';

const NAMES: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  test: 'test',
  testing: 'test',
};

/** What may follow a split's name: train_set, val-images, Test data. */
const ADDITION = /[ _-]?(set|images|data)$/;

/** The split that a folder of this name holds, in any case; undefined for all other names. */
export function splitOf(name: string): SplitName | undefined {
  const plain = name.trim().toLowerCase().replace(ADDITION, '');
  return Object.hasOwn(NAMES, plain) ? NAMES[plain] : undefined;
}
