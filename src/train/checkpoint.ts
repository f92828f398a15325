import * as v from 'valibot';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../data/safetensors.ts';
import { collect, collectShapes, type NamedTensors } from '../interop/tensors.ts';
import type { OptimizerState } from '../nn/adamw.ts';
import { Parameter } from '../nn/module.ts';
import type { StateDict } from '../nn/parameters.ts';
import { UserError } from '../runtime/errors.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';
import type { Recipe } from './recipe.ts';
import { configSchema, count, parse, recipeSchema } from './schema.ts';

/** How far a training is. */
export interface Position {
  /** The epoch under way, counted from 1; past the last one when all is done. */
  readonly epoch: number;
  /** Batches of that epoch that are done. */
  readonly batch: number;
  /** Steps taken since the beginning. */
  readonly step: number;
  /** The random generator of the pictures' order, as the epoch began. */
  readonly order: readonly [number, number, number, number];
  /** The best validation accuracy so far; 0 before the first. */
  readonly best: number;
}

/** What a training needs to go on with the same bits. */
export interface TrainingState {
  readonly position: Position;
  /** The weights themselves, not averaged, by the parameters' names. */
  readonly weights: StateDict;
  readonly optimizer: OptimizerState;
  /** Σ loss and number of correct answers since the epoch began, [2]. */
  readonly totals: Float32Array<ArrayBuffer>;
}

/** A trained net with what is needed to use it, and to train it on. */
export interface Checkpoint {
  readonly config: YYNetConfig;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly classNames: readonly string[];
  /** Of the training pictures (see `fingerprint`), or '' where they are not known. */
  readonly fingerprint: string;
  /** The averaged weights and the running statistics: what is evaluated and exported. */
  readonly state: StateDict;
  /** Absent where the net was not trained here. */
  readonly training?: TrainingState;
}

/** Tensors under this prefix are the training's; all others are PyTorch's state dict. */
const TRAINING = 'training.';

const word = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));

const headerSchema = v.strictObject({
  config: configSchema,
  recipe: recipeSchema,
  seed: count,
  classNames: v.array(v.string()),
  fingerprint: v.string(),
  position: v.optional(
    v.strictObject({
      epoch: count,
      batch: count,
      step: count,
      order: v.strictTuple([word, word, word, word]),
      best: v.number(),
    }),
  ),
});

/** A checkpoint as a safetensors file, of which `state` is what PyTorch reads as a state dict. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { state, training, ...rest } = checkpoint;
  const tensors = new Map(Object.entries(state).map(([name, { shape, data }]) => [name, f32(shape, data)]));
  if (training) {
    const { weights, optimizer, totals } = training;
    const vectors = [['weights', weights] as const, ...optimizer.moments.map((m, i) => [`moment.${i}`, m] as const)];
    for (const [vector, dict] of vectors) {
      for (const [name, { shape, data }] of Object.entries(dict))
        tensors.set(`${TRAINING}${vector}.${name}`, f32(shape, data));
    }
    tensors.set(`${TRAINING}guard`, f32([3], optimizer.guard));
    tensors.set(`${TRAINING}totals`, f32([2], totals));
  }
  // Parsed, so that the same settings give the same bytes in whatever order they came.
  const header = parse(headerSchema, { ...rest, position: training?.position }, 'the checkpoint');
  const metadata = new Map(
    Object.entries(header).flatMap(([key, value]) => (value === undefined ? [] : [[key, JSON.stringify(value)]])),
  );
  return encodeSafetensors(tensors, metadata);
}

const f32 = (shape: readonly number[], data: Float32Array) => ({ dtype: 'F32' as const, shape, data }) as StoredTensor;

/**
 * Reads a checkpoint, trusting nothing in it.
 * @throws UserError in one sentence
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (!metadata.has('config')) {
    throw new UserError(
      'These safetensors are no checkpoint of ours, as they tell no config; yy-import makes one of them.',
    );
  }
  const { position, ...header } = parse(
    headerSchema,
    Object.fromEntries([...metadata].map(readField)),
    'the checkpoint',
  );
  const { config, recipe, classNames } = header;
  requireCount('class names', classNames.length, config.classes);
  requireCount('means', recipe.mean.length, config.inputChannels);
  requireCount('deviations', recipe.std.length, config.inputChannels);
  const plain = [...tensors].filter(([name]) => !name.startsWith(TRAINING));
  const state = collect(Object.fromEntries(plain), config);
  if (!position) return { ...header, state };
  return { ...header, state, training: decodeTraining(tensors, header, position) };
}

function decodeTraining(
  tensors: ReadonlyMap<string, StoredTensor>,
  { config, recipe }: Pick<Checkpoint, 'config' | 'recipe'>,
  position: Position,
): TrainingState {
  const shapes = [...new YYNet(config).named()].flatMap(([name, variable]) =>
    variable instanceof Parameter ? [[name, variable.shape] as const] : [],
  );
  const moments = ['moment.0', 'moment.1', ...(recipe.amsgrad ? ['moment.2'] : [])];
  const under = (prefix: string) => shapes.map(([name, shape]) => [`${prefix}.${name}`, shape] as const);
  const found: NamedTensors = Object.fromEntries(
    [...tensors].flatMap(([name, tensor]) => (name.startsWith(TRAINING) ? [[name, tensor]] : [])),
  );
  const wanted = [...['weights', ...moments].flatMap(under), ['guard', [3]] as const, ['totals', [2]] as const];
  const all = collectShapes(found, wanted, (name) => TRAINING + name);
  const vector = (prefix: string) => Object.fromEntries(shapes.map(([name]) => [name, all[`${prefix}.${name}`]]));
  return {
    position,
    weights: vector('weights'),
    optimizer: { steps: position.step, moments: moments.map(vector), guard: all.guard.data },
    totals: all.totals.data,
  };
}

function readField([key, text]: [string, string]): [string, unknown] {
  try {
    return [key, JSON.parse(text)];
  } catch {
    throw new UserError(`The checkpoint's '${key}' is not JSON.`);
  }
}

function requireCount(what: string, got: number, expected: number): void {
  if (got !== expected) throw new UserError(`The checkpoint has ${got} ${what}, but its net needs ${expected}.`);
}
