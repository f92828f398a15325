import type { ActivationKind } from '../../src/autograd/ops/activation.ts';
import { crossEntropy } from '../../src/autograd/ops/cross_entropy.ts';
import type { FusionFormula } from '../../src/autograd/ops/fuse.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { ParameterSet, type StateDict } from '../../src/nn/parameters.ts';
import { presets, type YYNetConfig } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { type Case, under } from './fixture.ts';
import { prefixed, type Setup, upload, uploadActivation } from './setup.ts';
import type { Results } from './verdict.ts';

interface Training {
  steps: number;
  learning_rate: number;
  weight_decay: number;
  label_smoothing?: number;
  amsgrad: boolean;
  betas: [number, number];
  max_norm: number;
}

interface PresetAttrs extends Training {
  channels: number;
  classes: number;
  activation: ActivationKind;
  gate: ActivationKind;
  fusion: FusionFormula;
  yin: 'mean' | 'first';
}

/** A net that differs from YYNet-16 in a few settings. */
export function runPreset(setup: Setup, fixture: Case): Promise<Results> {
  const { channels, classes, activation, gate, fusion, yin, ...training } = fixture.attrs as unknown as PresetAttrs;
  const config = { ...presets['yynet-16'], channels, bodyChannels: channels, classes, activation, gate, fusion, yin };
  return runNet(setup, fixture, config, training);
}

/** A net of any config. */
export function runConfig(setup: Setup, fixture: Case): Promise<Results> {
  const { config, ...training } = fixture.attrs as unknown as Training & { config: YYNetConfig };
  return runNet(setup, fixture, config, training);
}

/** A whole net: evaluation after one training-mode forward pass, then training steps on one batch. */
async function runNet(setup: Setup, { tensors }: Case, config: YYNetConfig, training: Training): Promise<Results> {
  const { device, precision } = setup;
  const net = new YYNet(config);
  const parameters = new ParameterSet(device, net, new Random(0));
  const initial = { ...(await parameters.stateDict()), ...(under('param.', tensors) as StateDict) };
  parameters.loadStateDict(initial);
  const x = uploadActivation(setup, tensors['in.x']);
  const targets = upload(device, tensors['in.target']);
  const results = new Map<string, ArrayLike<number>>();

  device.tidy(() => net.forward({ tape: new Tape(device), training: true }, x));
  const evaluated = device.tidy(() => net.forward({ tape: new Tape(device), training: false }, x));
  results.set('eval.logits', await device.read(evaluated));

  parameters.loadStateDict(initial);
  const { amsgrad, max_norm: maxNorm, learning_rate: learningRate, weight_decay: weightDecay } = training;
  const { label_smoothing: labelSmoothing = 0, betas } = training;
  const scaled = precision === 'mixed';
  const optimizer = new AdamW(device, parameters, { amsgrad, maxNorm, averageDecay: 0.9, beta2: betas[1], scaled });
  // The initial scale may overflow, and a step that is skipped is not one of the reference's.
  const scale = scaled ? 1024 : 1;
  device.write(optimizer.guard, Float32Array.of(scale, 0, 0));
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = 0; step < training.steps; step++) {
    optimizer.prepare({ learningRate, weightDecay, beta1: betas[0] });
    const { logits, loss, norm } = device.tidy(() => {
      const tape = new Tape(device);
      parameters.watch(tape);
      const logits = net.forward({ tape, training: true }, x);
      const loss = tape.run(crossEntropy, { logits }, { targets, labelSmoothing });
      tape.backward(loss, optimizer.lossScale);
      return { logits, loss, norm: optimizer.step() };
    });
    losses.push((await device.read(loss))[0]);
    norms.push((await device.read(norm))[0]);
    if (step === 0) {
      results.set('out.logits.0', await device.read(logits));
      for (const [name, data] of prefixed('grad.', await parameters.readFlat(parameters.gradients)))
        results.set(
          name,
          data.map((value) => value / scale),
        );
    }
  }
  return results.set('out.losses', losses).set('out.grad_norms', norms);
}
