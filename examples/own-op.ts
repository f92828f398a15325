// An op of one's own with its own WGSL: y = |x|, checked against finite differences.   npm run example own-op
import { defineOp, gradcheck, type KernelSource, Random, size, type Tensor } from 'yynet/engine';
import { openNodeDevice } from 'yynet/node';

const THREADS = 64;

/** COUNT becomes a WGSL constant of the launch. */
const kernel = (path: string, bindings: string, statement: string): KernelSource => ({
  path,
  text: `
${bindings}
@compute @workgroup_size(${THREADS}) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if i < COUNT { ${statement} }
}`,
});

const forwardKernel = kernel(
  'abs/forward',
  `@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;`,
  'y[i] = abs(x[i]);',
);
const backwardKernel = kernel(
  'abs/backward',
  `@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;`,
  'dx[i] = dy[i] * sign(x[i]);',
);

/** The constants and workgroups of a dispatch with one thread an element. */
const elements = (x: Tensor) => ({
  constants: { COUNT: size(x) },
  workgroups: [Math.ceil(size(x) / THREADS)] as const,
  flops: size(x),
});

/** y = |x|, of any shape, f32. */
const abs = defineOp({
  name: 'abs',
  shape({ x }: { x: Tensor }, _attrs: object) {
    if (x.dtype !== 'f32') throw new Error(`abs: x must be f32, got ${x.dtype}`);
    return x.shape;
  },
  forward(device, { x }, attrs) {
    const y = device.tensor(this.shape({ x }, attrs));
    device.dispatch({ kernel: forwardKernel, ...elements(x), reads: { x }, writes: { y } });
    return { y, saved: { x } };
  },
  backward(device, dy, { x }, _attrs, wanted) {
    if (!wanted.x) return;
    device.dispatch({ kernel: backwardKernel, ...elements(x), reads: { x, dy }, writes: { dx: wanted.x.tensor } });
  },
});

const device = await openNodeDevice();
const random = new Random(1);
// Numbers away from 0, where |x| has no derivative.
const values = Float32Array.from({ length: 300 }, () => (random.uniform() < 0.5 ? -1 : 1) * random.uniform(0.1, 1));
const x = device.upload(values, [3, 100]);
const error = await gradcheck(device, (tape, { x }) => tape.run(abs, { x }, {}), { x }, { eps: 1e-2 });
console.log(`gradients of abs agree with finite differences, relative error ${error.toExponential(1)}`);
