// A YYNet in TensorFlow.js on WebGPU. --own-gradients uses handwritten gradients of GELU and batch norm, which take a third
// of the kernels of tfjs's automatic ones.
import * as tf from '@tensorflow/tfjs';
import { batchNorms, oneHot, options, provideWebGpu, readReference, serve } from './peer.js';

await provideWebGpu();
// The backend registers itself only in a window or a worker. tfjs has already chosen Node as its platform by now.
globalThis.WorkerGlobalScope = class {};
await import('@tensorflow/tfjs-backend-webgpu');
await tf.setBackend('webgpu');

const { images, targets, shape, weights } = await readReference();
const ownGradients = options.includes('--own-gradients');

// PyTorch's weights are [O,C,H,W]; tfjs's are [H,W,C,O], or [H,W,C,1] for a depthwise convolution.
const variables = {};
for (const [name, { shape, data }] of Object.entries(weights)) {
  const order = { 1: [0], 2: [1, 0], 4: name.includes('depthwise') ? [2, 3, 0, 1] : [2, 3, 1, 0] }[shape.length];
  variables[name] = tf.variable(
    tf.tidy(() => tf.transpose(tf.tensor(data, shape), order)),
    true,
    name,
  );
}
const names = Object.keys(variables);
const list = names.map((name) => variables[name]);
const running = {};
for (const [name, channels] of batchNorms(weights)) {
  running[name] = { mean: tf.variable(tf.zeros([channels]), false), variance: tf.variable(tf.ones([channels]), false) };
}

const plainGelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
const ownGelu = tf.customGrad((x, save) => {
  save([x]);
  const gradFunc = (dy, [x]) =>
    tf.tidy(() => {
      const cumulative = tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
      const density = tf.mul(1 / Math.sqrt(2 * Math.PI), tf.exp(tf.mul(-0.5, tf.square(x))));
      return tf.mul(dy, tf.add(cumulative, tf.mul(x, density)));
    });
  return { value: plainGelu(x), gradFunc };
});
const gelu = ownGradients ? ownGelu : plainGelu;

const EPS = 1e-5;
const AXES = [0, 1, 2];
const plainNorm = (x, { mean, variance }, gamma, beta) => tf.batchNorm(x, mean, variance, beta, gamma, EPS);
const ownNorm = (x, { mean, variance }, gamma, beta) =>
  tf.customGrad((x, gamma, beta, save) => {
    save([x, gamma]);
    const gradFunc = (dy, [x, gamma]) =>
      tf.tidy(() => {
        const scale = tf.rsqrt(tf.add(variance, EPS));
        const normalized = tf.mul(tf.sub(x, mean), scale);
        const dbeta = tf.sum(dy, AXES);
        const dgamma = tf.sum(tf.mul(dy, normalized), AXES);
        const n = x.size / gamma.size;
        const statisticsTerm = tf.add(tf.div(dbeta, n), tf.mul(normalized, tf.div(dgamma, n)));
        return [tf.mul(tf.mul(gamma, scale), tf.sub(dy, statisticsTerm)), dgamma, dbeta];
      });
    return { value: plainNorm(x, { mean, variance }, gamma, beta), gradFunc };
  })(x, gamma, beta);

/** Maps images [N,H,W,C] to logits [N,10]. */
function forward(images, training) {
  const weight = (name) => variables[`${name}.weight`];
  const bias = (name) => variables[`${name}.bias`];
  const conv = (x, name, stride, padding) => tf.conv2d(x, weight(name), stride, padding);
  const biased = (x, name, stride, padding) => tf.add(conv(x, name, stride, padding), bias(name));
  const norm = (x, name) => {
    const statistics = running[name];
    if (!training) return plainNorm(x, statistics, weight(name), bias(name));
    const batch = tf.moments(x, AXES);
    const n = x.size / x.shape[3];
    tf.tidy(() => {
      statistics.mean.assign(tf.add(tf.mul(statistics.mean, 0.9), tf.mul(batch.mean, 0.1)));
      statistics.variance.assign(tf.add(tf.mul(statistics.variance, 0.9), tf.mul(batch.variance, (0.1 * n) / (n - 1))));
    });
    return (ownGradients ? ownNorm : plainNorm)(x, batch, weight(name), bias(name));
  };
  const residual = (x, name, stride) => {
    const y = gelu(norm(biased(x, `${name}.conv1`, stride, 1), `${name}.bn1`));
    return gelu(
      tf.add(norm(biased(y, `${name}.conv2`, 1, 1), `${name}.bn2`), biased(x, `${name}.shortcut`, stride, 0)),
    );
  };
  const mbconv = (x, name, stride) => {
    let y = gelu(norm(conv(norm(x, `${name}.bn0`), `${name}.expand`, 1, 0), `${name}.bn1`));
    y = gelu(norm(tf.depthwiseConv2d(y, weight(`${name}.depthwise`), stride, 1), `${name}.bn2`));
    const squeezed = gelu(biased(tf.mean(y, [1, 2], true), `${name}.se.reduce`, 1, 0));
    const gate = tf.sigmoid(biased(squeezed, `${name}.se.expand`, 1, 0));
    y = norm(conv(tf.mul(y, gate), `${name}.project`, 1, 0), `${name}.bn3`);
    return tf.add(y, stride === 1 ? x : conv(tf.maxPool(x, 3, 2, 1), `${name}.shortcut`, 1, 0));
  };
  const branch = (x, name, strides) =>
    strides.reduce((y, stride, i) => (i === 0 ? residual : mbconv)(y, `${name}.${i}`, stride), x);
  const linear = (x, name) => tf.add(tf.matMul(x, weight(name)), bias(name));
  const yang = branch(images, 'yang', [1, 2, 1, 1]);
  const yin = branch(tf.mean(images, 3, true), 'yin', [1, 1, 1, 2]);
  const body = branch(tf.add(yang, yin), 'body', [2, 2, 1]);
  return linear(gelu(linear(tf.mean(body, [1, 2]), 'fc1')), 'fc2');
}

/** Sums tensors, at most seven per tf.addN(): with more than WebGPU can bind, addN silently returns a wrong sum. */
const addAll = (tensors) => {
  let terms = tensors;
  while (terms.length > 1) {
    const sums = [];
    for (let i = 0; i < terms.length; i += 7) sums.push(tf.addN(terms.slice(i, i + 7)));
    terms = sums;
  }
  return terms[0];
};

const moments = list.map((variable) => [0, 1].map(() => tf.variable(tf.zerosLike(variable), false)));
let steps = 0;

/** Clips the gradient to norm 1 and applies AdamW. */
function update(gradients) {
  steps++;
  const [learningRate, decay, beta1, beta2] = [1e-2, 1.56e-2, 0.9, 0.999];
  const norm = tf.sqrt(addAll(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  const clip = tf.minimum(1, tf.div(1, tf.add(norm, 1e-6)));
  list.forEach((variable, i) => {
    const gradient = tf.mul(gradients[i], clip);
    const [first, second] = moments[i];
    first.assign(tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1)));
    second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
    const deviation = tf.add(tf.div(tf.sqrt(second), Math.sqrt(1 - beta2 ** steps)), 1e-8);
    const change = tf.mul(learningRate / (1 - beta1 ** steps), tf.div(first, deviation));
    variable.assign(tf.sub(tf.mul(variable, 1 - learningRate * decay), change));
  });
}

const x = tf.tidy(() => tf.transpose(tf.tensor(images, shape), [0, 2, 3, 1]));
const y = tf.tensor(oneHot(targets, 10), [targets.length, 10]);

await serve(tf.version_core, {
  async infer() {
    const logits = tf.tidy(() => forward(x, false));
    const values = await logits.data();
    logits.dispose();
    return values;
  },
  async train() {
    const { value, grads } = tf.variableGrads(() => tf.losses.softmaxCrossEntropy(y, forward(x, true)), list);
    tf.tidy(() => update(names.map((name) => grads[name])));
    tf.dispose(grads);
    const loss = await value.data();
    value.dispose();
    return loss;
  },
});
