import { findTensor, type NamedTensors, stateOf } from '../interop/state.ts';
import type { StateDict } from '../nn/parameters.ts';
import { UserError } from '../runtime/errors.ts';
import { type MobileNetV3Config, mobilenetV3SmallConfig, scalings, shapeOf } from './config.ts';
import { MobileNetV3Small } from './mobilenet.ts';
import { keysOf, type Naming, namingOf } from './naming.ts';

/** A state dict under our names, with the config that its shapes show. */
export interface ImportedState {
  /** By yynet's names, for `ParameterSet.loadStateDict`. */
  readonly state: StateDict;
  readonly config: MobileNetV3Config;
  readonly naming: Naming;
}

/**
 * Converts a state dict with yynet's, timm's or torchvision's names, detected from its keys.
 * @throws {UserError} that names the first tensor that is missing, unknown, of a wrong shape or not float32
 */
export function importState(tensors: NamedTensors, config: MobileNetV3Config = configOf(tensors)): ImportedState {
  const naming = namingOf(Object.keys(tensors))!;
  const keyOf = keysOf(naming);
  return { state: stateOf(withLinearHead(tensors, keyOf), new MobileNetV3Small(config), keyOf), config, naming };
}

/** Makes the weight of the hidden layer, which is a 1×1 convolution in timm's net, that of a linear layer. */
export function withLinearHead(tensors: NamedTensors, keyOf: (name: string) => string): NamedTensors {
  const key = keyOf('fc1.weight');
  const { shape, data } = findTensor(tensors, key, 'the weight of the hidden layer');
  return `${shape.slice(2)}` === '1,1' ? { ...tensors, [key]: { shape: shape.slice(0, 2), data } } : tensors;
}

/** torchvision trains with batch normalisations of its own. */
const RATES = { torchvision: { bnEps: 1e-3, bnMomentum: 0.01 }, timm: {}, yynet: {} } as const;

/** Width multipliers to try: those of published nets first. */
const WIDTHS = [1, 0.75, 0.5, 0.35, 1.25, ...Array.from({ length: 788 }, (_, i) => (i + 13) / 100)];

/**
 * Infers the config of a net from its state dict. Tensor shapes determine the width multiplier and its rule, the channels and
 * the classes. Input size and dropout are the paper's; the rates of the normalisations those of the program whose names the
 * tensors have.
 * @param overrides replace inferred values
 * @throws {UserError} if a tensor that determines a width is missing, or no width multiplier gives the widths
 */
export function configOf(tensors: NamedTensors, overrides: Partial<MobileNetV3Config> = {}): MobileNetV3Config {
  const naming = namingOf(Object.keys(tensors))!;
  const keyOf = keysOf(naming);
  const extent = (name: string, axis: number) => {
    const key = keyOf(name);
    const { shape } = findTensor(tensors, key, "its shape to determine the net's widths");
    if (shape[axis] > 0) return shape[axis];
    throw new UserError(`Tensor '${key}' has shape [${shape}], expected a width at axis ${axis}.`);
  };
  const widths = [
    extent('conv1.weight', 0),
    ...shapeOf(mobilenetV3SmallConfig).blocks.flatMap((_, i) => [
      extent(`blocks.${i}.depthwise.weight`, 0),
      extent(`blocks.${i}.project.weight`, 0),
    ]),
    ...[extent('conv2.weight', 0), extent('fc1.weight', 0)],
  ];
  const choices = WIDTHS.flatMap((width) => scalings.map((scaling) => ({ width, scaling })));
  const found = choices.find((choice) => `${widthsOf(choice)}` === `${widths}`);
  if (!found) throw new UserError(`No width multiplier of MobileNetV3-Small gives the widths ${widths}.`);
  return {
    ...mobilenetV3SmallConfig,
    ...RATES[naming],
    ...found,
    inputChannels: extent('conv1.weight', 1),
    classes: overrides.classes ?? extent('fc2.weight', 0),
    ...overrides,
  };
}

/** The widths in the order in which `configOf` reads them. */
function widthsOf(config: Pick<MobileNetV3Config, 'width' | 'scaling'>): number[] {
  const { stem, blocks, last, hidden } = shapeOf(config);
  const inner = blocks.flatMap(({ expand, channels }) => [expand === 'absent' ? stem : expand, channels]);
  return [stem, ...inner, last, hidden];
}
