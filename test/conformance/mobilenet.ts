import { crossEntropy } from '../../src/autograd/ops/cross_entropy.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { configOf, importState } from '../../src/mobilenet/import.ts';
import { MobileNetV3Small } from '../../src/mobilenet/mobilenet.ts';
import { keysOf } from '../../src/mobilenet/naming.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { type Case, under } from './fixture.ts';
import { type Setup, upload, uploadActivation } from './setup.ts';
import type { Results } from './verdict.ts';

/** A MobileNetV3-Small under timm's names: evaluation as checkpoints are evaluated, then one training step. */
export async function runMobileNet(setup: Setup, { tensors, attrs }: Case): Promise<Results> {
  const { device } = setup;
  const { eps: bnEps, momentum: bnMomentum } = attrs.batch_norm as { eps: number; momentum: number };
  const { 'in.x': images, 'in.target': classes } = tensors;
  const given = under('param.', tensors);
  const config = configOf(given, { inputSize: images.shape[2], dropout: 0, bnEps, bnMomentum });
  const { state, naming } = importState(given, config);
  const net = new MobileNetV3Small(config);
  const parameters = new ParameterSet(device, net, new Random(0));
  parameters.loadStateDict(state);
  const x = uploadActivation(setup, images);
  const targets = upload(device, classes);

  const evaluated = device.tidy(() =>
    net.forward({ tape: new Tape(device), training: false, folded: net.foldBatchNorm(device) }, x),
  );
  const { logits, loss } = device.tidy(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    const logits = net.forward({ tape, training: true }, x);
    const loss = tape.run(crossEntropy, { logits }, { targets, labelSmoothing: 0 });
    tape.backward(loss);
    return { logits, loss };
  });
  const keyOf = keysOf(naming);
  const named = (prefix: string, arrays: Awaited<ReturnType<ParameterSet['stateDict']>>) =>
    Object.entries(arrays).map(([name, { data }]): [string, Float32Array] => [`${prefix}${keyOf(name)}`, data]);
  return new Map<string, ArrayLike<number>>([
    ['eval.logits', await device.read(evaluated)],
    ['out.logits', await device.read(logits)],
    ['out.loss', await device.read(loss)],
    ...named('grad.', await parameters.readFlat(parameters.gradients)),
    ...named('out.', await parameters.stateDict()),
  ]);
}
