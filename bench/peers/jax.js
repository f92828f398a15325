// A YYNet in jax-js on WebGPU. The training step is one jitted function, inference another.
import { readFile } from 'node:fs/promises';
import { batchNorms, oneHot, provideWebGpu, readReference, serve } from './peer.js';

await provideWebGpu();
const jax = await import('@jax-js/jax');
const { numpy: np, lax, nn, jit, valueAndGrad, tree } = jax;
await jax.init('webgpu');
jax.defaultDevice('webgpu');

const { images, targets, shape, weights } = await readReference();
const names = Object.keys(weights);

// jax-js functions consume their arguments; `.ref` adds a reference so that an array can be used again.

const gelu = (x) => nn.gelu(x, { approximate: false });
const perChannel = (vector) => vector.reshape([1, -1, 1, 1]);
const conv = (x, weight, stride, padding, groups = 1) => {
  const pad = [padding, padding];
  return lax.convGeneralDilated(x, weight, [stride, stride], [pad, pad], { featureGroupCount: groups });
};
const subsample = (x) => {
  const [n, c, h, w] = x.shape;
  return x.reshape([n, c, h / 2, 2, w / 2, 2]).slice([], [], [], 0, [], 0);
};

/** Computes stride 2 as stride 1 plus subsampling: jax-js returns wrong input gradients for stride 2 on WebGPU. */
function depthwise(x, weight, stride) {
  const y = conv(x, weight, 1, 1, x.shape[1]);
  return stride === 1 ? y : subsample(y);
}

/** 3×3, stride 2. reduceWindow has no padding and np.pad pads with zeros only, so a mask sets the border. */
function maxPool(x) {
  const [, , h, w] = x.shape;
  const pad = [1, 1];
  const inside = np.pad(np.ones([h, w]), [pad, pad]).reshape([1, 1, h + 2, w + 2]);
  const padded = np.where(inside.less(0.5), -1e30, np.pad(x, [[0, 0], [0, 0], pad, pad]));
  return lax.reduceWindow(padded, (window) => np.max(window), [3, 3], [2, 2]);
}

/** Returns the logits. In training, writes the updated running statistics to `updated`; pass none for inference. */
function forward(x, parameters, running, updated) {
  const weight = (name) => parameters[`${name}.weight`];
  const bias = (name) => parameters[`${name}.bias`];
  const biased = (x, name, stride, padding) => conv(x, weight(name), stride, padding).add(perChannel(bias(name)));
  const norm = (x, name) => {
    const [meanName, varianceName] = [`${name}.mean`, `${name}.variance`];
    let mean;
    let variance;
    if (updated) {
      const n = x.shape[0] * x.shape[2] * x.shape[3];
      mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
      variance = np.mean(np.square(x.ref.sub(mean.ref)), [0, 2, 3], { keepdims: true });
      const update = (old, batch, factor) => old.mul(0.9).add(lax.stopGradient(batch).reshape([-1]).mul(factor));
      updated[meanName] = update(running[meanName], mean.ref, 0.1);
      updated[varianceName] = update(running[varianceName], variance.ref, (0.1 * n) / (n - 1));
    } else {
      mean = perChannel(running[meanName]);
      variance = perChannel(running[varianceName]);
    }
    const scale = perChannel(weight(name)).div(np.sqrt(variance.add(1e-5)));
    return x
      .sub(mean)
      .mul(scale)
      .add(perChannel(bias(name)));
  };
  const residual = (x, name, stride) => {
    const y = gelu(norm(biased(x.ref, `${name}.conv1`, stride, 1), `${name}.bn1`));
    return gelu(norm(biased(y, `${name}.conv2`, 1, 1), `${name}.bn2`).add(biased(x, `${name}.shortcut`, stride, 0)));
  };
  const mbconv = (x, name, stride) => {
    let y = gelu(norm(conv(norm(x.ref, `${name}.bn0`), weight(`${name}.expand`), 1, 0), `${name}.bn1`));
    y = gelu(norm(depthwise(y, weight(`${name}.depthwise`), stride), `${name}.bn2`));
    const squeezed = gelu(biased(np.mean(y.ref, [2, 3], { keepdims: true }), `${name}.se.reduce`, 1, 0));
    const gate = nn.sigmoid(biased(squeezed, `${name}.se.expand`, 1, 0));
    y = norm(conv(y.mul(gate), weight(`${name}.project`), 1, 0), `${name}.bn3`);
    return y.add(stride === 1 ? x : conv(maxPool(x), weight(`${name}.shortcut`), 1, 0));
  };
  const branch = (x, name, strides) =>
    strides.reduce((y, stride, i) => (i === 0 ? residual : mbconv)(y, `${name}.${i}`, stride), x);
  const linear = (x, name) => np.matmul(x, weight(name).transpose()).add(bias(name));
  const yin = branch(np.mean(x.ref, [1], { keepdims: true }), 'yin', [1, 1, 1, 2]);
  const yang = branch(x, 'yang', [1, 2, 1, 1]);
  const body = branch(yang.add(yin), 'body', [2, 2, 1]);
  return linear(gelu(linear(np.mean(body, [2, 3]), 'fc1')), 'fc2');
}

const lossAndGradients = valueAndGrad(
  (parameters, running, x, y) => {
    const updated = {};
    const logits = forward(x, parameters, running, updated);
    return [
      nn
        .logSoftmax(logits)
        .mul(y)
        .sum()
        .mul(-1 / targets.length),
      updated,
    ];
  },
  { hasAux: true },
);

/** Clips the gradient to norm 1 and applies AdamW; `corrections` are 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ). */
function update(parameters, first, second, gradients, corrections) {
  const [learningRate, decay, beta1, beta2] = [1e-2, 1.56e-2, 0.9, 0.999];
  const squares = names.map((name) => np.square(gradients[name].ref).sum());
  const norm = np.sqrt(squares.reduce((a, b) => a.add(b)));
  const clip = np.minimum(np.array(1), np.reciprocal(norm.add(1e-6)));
  const [correction1, correction2] = [corrections.ref.slice(0), corrections.slice(1)];
  const next = [{}, {}, {}];
  for (const name of names) {
    const gradient = gradients[name].mul(clip.ref);
    const m = first[name].mul(beta1).add(gradient.ref.mul(1 - beta1));
    const v = second[name].mul(beta2).add(np.square(gradient).mul(1 - beta2));
    next[1][name] = m.ref;
    next[2][name] = v.ref;
    const change = m
      .mul(correction1.ref)
      .mul(learningRate)
      .div(np.sqrt(v.mul(correction2.ref)).add(1e-8));
    next[0][name] = parameters[name].mul(1 - learningRate * decay).sub(change);
  }
  for (const used of [clip, correction1, correction2]) used.dispose();
  return next;
}

const trainingStep = jit((parameters, first, second, running, x, y, corrections) => {
  const [[loss, updated], gradients] = lossAndGradients(tree.ref(parameters), running, x, y);
  return [loss, updated, ...update(parameters, first, second, gradients, corrections)];
});
const inference = jit((parameters, running, x) => forward(x, parameters, running));

const zeros = () => Object.fromEntries(names.map((name) => [name, np.zeros(weights[name].shape)]));
let parameters = Object.fromEntries(
  names.map((name) => [name, np.array(weights[name].data).reshape(weights[name].shape)]),
);
let [first, second] = [zeros(), zeros()];
let running = Object.fromEntries(
  batchNorms(weights).flatMap(([name, channels]) => [
    [`${name}.mean`, np.zeros([channels])],
    [`${name}.variance`, np.ones([channels])],
  ]),
);
let steps = 0;
const x = np.array(images).reshape(shape);
const y = np.array(oneHot(targets, 10)).reshape([targets.length, 10]);
const { version } = JSON.parse(await readFile(new URL('node_modules/@jax-js/jax/package.json', import.meta.url)));

await serve(version, {
  infer: () => inference(tree.ref(parameters), tree.ref(running), x.ref).data(),
  async train() {
    steps++;
    const corrections = np.array(Float32Array.of(1 / (1 - 0.9 ** steps), 1 / (1 - 0.999 ** steps)));
    let loss;
    [loss, running, parameters, first, second] = trainingStep(
      ...[parameters, first, second, running, x.ref, y.ref, corrections],
    );
    await jax.blockUntilReady(parameters);
    return loss.data();
  },
});
