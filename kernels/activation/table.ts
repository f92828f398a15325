import type { OnnxBuilder } from '../common/onnx.ts';

/** One activation. Its WGSL is the body of a function of `x: V`, one value or a vector of four (common/vector.wgsl). */
export interface Activation {
  readonly value: string;
  readonly slope: string;
  /** The slope from the value, as the body of a function of `y: V`. A gate then saves nothing but its value for backward. */
  readonly slopeOfValue?: string;
  /** Floating-point operations of one value and of one slope; an exponential or a division counts as one. */
  readonly flops: { readonly value: number; readonly slope: number };
  /** The value in float64. */
  readonly reference: (x: number) => number;
  /** Adds the ONNX nodes. Returns the name of the output. */
  readonly onnx: (graph: Pick<OnnxBuilder, 'node' | 'scalar'>, x: string) => string;
}

/**
 * Density and cumulative distribution of the standard normal distribution at x. The tail Φ(−|x|) is e^(−x²/2)·P(t) with
 * t = 1 / (1 + 0.26·|x|). P is a minimax fit with a relative error of at most 2e-7 in the tail, however small that is.
 */
const NORMAL = `
  let bell = exp(-0.5 * x * x);
  let t = 1.0 / (1.0 + 0.26 * abs(x));
  let fit = ((((((-0.07464932 * t + 0.23522753) * t - 0.11572669) * t + 0.17344107) * t + 0.07048196) * t
      + 0.10775428) * t + 0.10347108) * t;
  let tail = bell * fit;
  let density = 0.3989422804 * bell;
  let cumulative = select(1.0 - tail, tail, x < V());`;

const SIGMOID = '1.0 / (1.0 + exp(min(-x, V(80.0))))'; // e^88 is infinite in f32

/** Every activation. Types, choices of commands and files, kernels, references and ONNX rules are derived from it. */
export const activations = {
  /** x·Φ(x), exact: PyTorch's gelu(approximate='none'). */
  gelu: {
    value: `${NORMAL}
  return x * cumulative;`,
    slope: `${NORMAL}
  return cumulative + x * density;`,
    flops: { value: 22, slope: 24 },
    reference: (x) => (x / 2) * erfc(-x / Math.SQRT2),
    onnx(graph, x) {
      // Opset 17 has no Gelu. ONNX Runtime fuses these five nodes into one if they come in this order.
      const erf = graph.node('Erf', [graph.node('Div', [x, graph.scalar(Math.SQRT2)])]);
      const twice = graph.node('Mul', [x, graph.node('Add', [erf, graph.scalar(1)])]);
      return graph.node('Mul', [twice, graph.scalar(0.5)]);
    },
  },
  /** x·sigmoid(x). */
  silu: {
    value: `
  return x * (${SIGMOID});`,
    slope: `
  let s = ${SIGMOID};
  return s * (1.0 + x * (1.0 - s));`,
    flops: { value: 5, slope: 8 },
    reference: (x) => x / (1 + Math.exp(-x)),
    onnx: (graph, x) => graph.node('Mul', [x, graph.node('Sigmoid', [x])]),
  },
  sigmoid: {
    value: `
  return ${SIGMOID};`,
    slope: `
  let e = exp(-abs(x));
  return e / ((1.0 + e) * (1.0 + e));`,
    slopeOfValue: `
  return y * (1.0 - y);`,
    flops: { value: 4, slope: 5 },
    reference: (x) => 1 / (1 + Math.exp(-x)),
    onnx: (graph, x) => graph.node('Sigmoid', [x]),
  },
  /** x/6 + 1/2, clamped to [0, 1]. */
  hard_sigmoid: {
    value: `
  return saturate(x / 6.0 + 0.5);`,
    slope: `
  return select(V(), V(1.0 / 6.0), abs(x) < V(3.0));`,
    slopeOfValue: `
  return select(V(), V(1.0 / 6.0), (y > V()) & (y < V(1.0)));`,
    flops: { value: 4, slope: 2 },
    reference: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
    onnx: (graph, x) => graph.node('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  },
  /** max(x, 0). The slope at 0 is 0. */
  relu: {
    value: `
  return select(x, V(), x < V());`,
    slope: `
  return select(V(), V(1.0), x > V());`,
    flops: { value: 1, slope: 1 },
    reference: (x) => Math.max(x, 0),
    onnx: (graph, x) => graph.node('Relu', [x]),
  },
  /** x·hard_sigmoid(x). The slope is 0 at −3 and 1 at 3. */
  hard_swish: {
    value: `
  return x * saturate(x / 6.0 + 0.5);`,
    slope: `
  return select(select(x / 3.0 + 0.5, V(1.0), x >= V(3.0)), V(), x <= V(-3.0));`,
    flops: { value: 5, slope: 4 },
    reference: (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
    onnx: (graph, x) => graph.node('HardSwish', [x]),
  },
} satisfies Record<string, Activation>;

/** The name of an activation. */
export type ActivationKind = keyof typeof activations;

/** The names of all activations. */
export const activationKinds = Object.keys(activations) as ActivationKind[];

const NONE: Activation = {
  value: 'return x;',
  slope: 'return V(1.0);',
  flops: { value: 0, slope: 0 },
  reference: (x) => x,
  onnx: (_, x) => x,
};

/** The row of an activation; of 'none', the identity. */
export const activationOf = (kind: ActivationKind | 'none'): Activation => (kind === 'none' ? NONE : activations[kind]);

/** The constants of common/activation.wgsl. */
export function activationConstants(kind: ActivationKind | 'none') {
  const { value, slope } = activationOf(kind);
  return { ACTIVATION: kind, ACTIVATION_VALUE: value, ACTIVATION_SLOPE: slope };
}

/** 1 − erf(x): its Taylor series near zero, its continued fraction in the tails. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 100; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
