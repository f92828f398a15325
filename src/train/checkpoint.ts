import * as v from 'valibot';
import { count, parse } from '../data/parse.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../data/safetensors.ts';
import type { Calibration, TrainedNet } from '../inference/loaded_net.ts';
import { type NamedTensors, pickTensors, requireSound, stateOf } from '../interop/state.ts';
import type { Architecture, NetConfig } from '../nn/architecture.ts';
import { type Module, Parameter } from '../nn/module.ts';
import type { OptimizerState } from '../nn/optimizer.ts';
import type { StateDict } from '../nn/parameters.ts';
import { excerpt, UserError } from '../runtime/errors.ts';
import { Freezing } from './freezing.ts';
import { momentCount } from './optimization.ts';
import { phaseAt, stepsInPhase } from './phases.ts';
import { checkPosition, type Position } from './position.ts';
import type { Recipe } from './recipe.ts';
import { recipeSchema } from './schema.ts';

/** What a training needs to resume with the same bits. */
export interface TrainingState {
  readonly position: Position;
  /** The trainable weights themselves, not averaged, by the parameters' names. */
  readonly weights: StateDict;
  readonly optimizer: OptimizerState;
  /** Σ loss and number of correct answers since the epoch began, [2]. */
  readonly totals: Float32Array<ArrayBuffer>;
}

/** A trained net with what is needed to use it, and to resume its training. */
export interface Checkpoint<Config extends NetConfig = NetConfig> extends TrainedNet<Config> {
  readonly recipe: Recipe;
  readonly seed: number;
  /** Of the training pictures (see `fingerprint`), or '' where they are not known. */
  readonly fingerprint: string;
  /** The averaged weights and the running statistics: what is evaluated and exported. */
  readonly state: StateDict;
  /** Absent where the net was not trained here. */
  readonly training?: TrainingState;
}

/** Tensors under these prefixes belong to the training and the calibration; all others are PyTorch's state dict. */
const TRAINING = 'training.';
const CALIBRATION = 'calibration.';

const word = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

const headerSchema = v.strictObject({
  architecture: v.optional(v.string()),
  config: v.custom<object>((value) => typeof value === 'object' && value !== null),
  recipe: recipeSchema,
  seed: count,
  classNames: v.array(v.string()),
  fingerprint: v.string(),
  calibration: v.optional(v.strictObject({ temperature: positive, threshold: v.optional(positive) })),
  position: v.optional(
    v.strictObject({
      epoch: count,
      batch: count,
      step: count,
      order: v.strictTuple([word, word, word, word]),
      best: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
      bestEpoch: v.optional(count, 0),
    }),
  ),
});

const SOURCE = 'the checkpoint';

/**
 * Encodes a checkpoint as a safetensors file. PyTorch reads its `state` as a state dict.
 * @throws UserError if a number in it is not finite
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { architecture, config, state, training, calibration, ...rest } = checkpoint;
  requireSound(state);
  const tensors = new Map(Object.entries(state).map(([name, { shape, data }]) => [name, f32(shape, data)]));
  if (training) {
    const { weights, optimizer, totals } = training;
    const vectors = [['weights', weights] as const, ...optimizer.moments.map((m, i) => [`moment.${i}`, m] as const)];
    for (const [vector, dict] of vectors) {
      requireSound(dict);
      for (const [name, { shape, data }] of Object.entries(dict)) {
        tensors.set(`${TRAINING}${vector}.${name}`, f32(shape, data));
      }
    }
    tensors.set(`${TRAINING}guard`, f32([3], optimizer.guard));
    tensors.set(`${TRAINING}totals`, f32([2], totals));
  }
  if (calibration?.space) {
    const { weight, bias } = calibration.space;
    for (const [name, { shape, data }] of Object.entries({ weight, bias })) {
      requireSound({ [CALIBRATION + name]: { shape, data } });
      tensors.set(CALIBRATION + name, f32(shape, data));
    }
  }
  // Keys in one order, so that the same settings always give the same bytes.
  const sorted = Object.fromEntries(
    Object.keys(architecture.config).map((key) => [key, (config as object as Record<string, unknown>)[key]]),
  );
  const fields = {
    ...{ ...rest, architecture: architecture.name, config: sorted, position: training?.position },
    calibration: calibration && { temperature: calibration.temperature, threshold: calibration.space?.threshold },
  };
  const header = parse(headerSchema, fields, SOURCE);
  const metadata = new Map(
    Object.entries(header).flatMap(([key, value]) => (value === undefined ? [] : [[key, JSON.stringify(value)]])),
  );
  return encodeSafetensors(tensors, metadata);
}

const f32 = (shape: readonly number[], data: Float32Array) => ({ dtype: 'F32' as const, shape, data }) as StoredTensor;

/**
 * Decodes a checkpoint and checks everything in it.
 * @param architectures those that it may have; a checkpoint that names none has the first
 * @throws UserError in one sentence
 */
export function decodeCheckpoint<Config extends NetConfig>(
  bytes: Uint8Array,
  architectures: readonly Architecture<Config>[],
): Checkpoint<Config> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (!metadata.has('config')) {
    throw new UserError('Not a yynet checkpoint: it has no config. Convert a PyTorch state dict with yy-import.');
  }
  // Before any is read: a damaged file may have a million.
  const unknown = [...metadata.keys()].find((key) => !Object.hasOwn(headerSchema.entries, key));
  if (unknown) throw new UserError(`'${excerpt(unknown)}' in ${SOURCE} is wrong: it is no field of one.`);
  const fields = Object.fromEntries([...metadata].map(readField));
  const { architecture: name, position, calibration: measured, ...header } = parse(headerSchema, fields, SOURCE);
  const architecture = findArchitecture(architectures, name);
  const config = architecture.check(header.config, SOURCE, (key) => `config.${key}`);
  const { recipe, classNames } = header;
  requireCount('class names', classNames.length, config.classes);
  requireCount('means', recipe.mean.length, config.inputChannels);
  requireCount('deviations', recipe.std.length, config.inputChannels);
  const net = architecture.create(config);
  const { module } = net;
  const plain = [...tensors].filter(([name]) => ![TRAINING, CALIBRATION].some((prefix) => name.startsWith(prefix)));
  const state = stateOf(Object.fromEntries(plain), module);
  const calibration = decodeCalibration(tensors, measured);
  const checkpoint = { ...header, architecture, config, state, ...(calibration && { calibration }) };
  if (!position) return checkpoint;
  checkPosition(position, recipe);
  new Freezing(net, recipe).apply(phaseAt(recipe, position).freeze);
  return { ...checkpoint, training: decodeTraining(tensors, module, recipe, position) };
}

/** @throws UserError if its tensors are not those of a feature space, or there are some without a threshold */
function decodeCalibration(
  tensors: ReadonlyMap<string, StoredTensor>,
  measured?: { readonly temperature: number; readonly threshold?: number },
): Calibration | undefined {
  const own = [...tensors].filter(([name]) => name.startsWith(CALIBRATION));
  const found: NamedTensors = Object.fromEntries(own);
  const { temperature, threshold } = measured ?? {};
  const features = tensors.get(`${CALIBRATION}bias`)?.shape[0] ?? 0;
  const expected = [['weight', [features, features]] as const, ['bias', [features]] as const];
  const { weight, bias } = pickTensors(found, threshold ? expected : [], (name) => CALIBRATION + name);
  if (temperature === undefined) return undefined;
  return threshold ? { temperature, space: { weight, bias, threshold } } : { temperature };
}

function findArchitecture<Config extends NetConfig>(
  architectures: readonly Architecture<Config>[],
  name = architectures[0].name,
): Architecture<Config> {
  const found = architectures.find((architecture) => architecture.name === name);
  if (found) return found;
  const known = architectures.map((architecture) => architecture.name).join(', ');
  throw new UserError(`The checkpoint is of the architecture '${excerpt(name)}', expected one of ${known}.`);
}

function decodeTraining(
  tensors: ReadonlyMap<string, StoredTensor>,
  module: Module,
  recipe: Recipe,
  position: Position,
): TrainingState {
  const shapes = [...module.named()].flatMap(([name, variable]) =>
    variable instanceof Parameter && variable.trainable ? [[name, variable.shape] as const] : [],
  );
  const moments = Array.from({ length: momentCount(recipe) }, (_, i) => `moment.${i}`);
  const under = (prefix: string) => shapes.map(([name, shape]) => [`${prefix}.${name}`, shape] as const);
  const found: NamedTensors = Object.fromEntries([...tensors].filter(([name]) => name.startsWith(TRAINING)));
  const expected = [...['weights', ...moments].flatMap(under), ['guard', [3]] as const, ['totals', [2]] as const];
  const all = pickTensors(found, expected, (name) => TRAINING + name);
  requireNonNegative(all, [
    'guard',
    'totals',
    ...squares(recipe)
      .flatMap(under)
      .map(([name]) => name),
  ]);
  const vector = (prefix: string) => Object.fromEntries(shapes.map(([name]) => [name, all[`${prefix}.${name}`]]));
  return {
    position,
    weights: vector('weights'),
    optimizer: { steps: stepsInPhase(recipe, position), moments: moments.map(vector), guard: all.guard.data },
    totals: all.totals.data,
  };
}

/** The moments of AdamW that are means of squares, or the largest of them. */
const squares = ({ optimizer, amsgrad }: Recipe) =>
  optimizer === 'adamw' ? ['moment.1', ...(amsgrad ? ['moment.2'] : [])] : [];

/** @throws UserError naming the first array with a number below 0 */
function requireNonNegative(state: StateDict, names: readonly string[]): void {
  const wrong = names.find((name) => state[name].data.some((value) => value < 0));
  if (wrong) throw new UserError(`Tensor '${TRAINING}${wrong}' has numbers below 0.`);
}

function readField([key, text]: [string, string]): [string, unknown] {
  try {
    return [key, JSON.parse(text)];
  } catch {
    throw new UserError(`The checkpoint's '${excerpt(key)}' is not JSON.`);
  }
}

function requireCount(what: string, got: number, expected: number): void {
  if (got !== expected) throw new UserError(`The checkpoint has ${got} ${what}, but its net needs ${expected}.`);
}
