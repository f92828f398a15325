import * as kernels from '../../../kernels/cross_entropy/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

export interface CrossEntropyAttrs {
  /** The rows' classes, i32 [N]. */
  readonly targets: Tensor;
  /** How much of each target is spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** [2]: where to add the rows' summed loss without smoothing and how many are right; negative targets do not count. */
  readonly totals?: Tensor;
}

/** Mean softmax cross-entropy: logits[N,K] → [1]. PyTorch's cross_entropy with label_smoothing. */
export const crossEntropy = defineOp({
  name: 'crossEntropy',
  forward(device, { logits }: { logits: Tensor }, { targets, labelSmoothing, totals }: CrossEntropyAttrs) {
    const [n] = logits.shape;
    require(logits.shape.length === 2, this.name, 'logits must be [N,K]', logits.shape);
    require(targets.shape.length === 1 && targets.shape[0] === n, this.name, `targets must be [${n}]`, targets.shape);
    require(targets.dtype === 'i32', this.name, 'targets must be i32', targets.dtype);
    require(!totals || `${totals.shape}` === '2', this.name, 'totals must be [2]', totals?.shape ?? []);
    const loss = device.tensor([1]);
    const normalizers = device.tensor([n, 2]);
    kernels.forward(device, { logits, targets, labelSmoothing, normalizers, loss, totals });
    return { y: loss, saved: { logits, normalizers } };
  },
  backward(device, dloss, saved, attrs, wanted) {
    if (wanted.logits) kernels.backward(device, { ...saved, ...attrs, dloss, dlogits: wanted.logits.tensor });
  },
});
