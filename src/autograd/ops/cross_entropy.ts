import * as kernels from '../../../kernels/cross_entropy/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, only, optional, requireInputs, requireTensor, requireThat } from '../requirements.ts';

/** The targets of a cross-entropy loss. */
export interface CrossEntropyAttrs extends Partial<kernels.TargetOptions> {
  /** The rows' classes, i32 [N]. A target outside [0, K) makes the loss and the gradient of its row NaN. */
  readonly targets: Tensor;
  /** Two numbers: adds the sum of the losses without smoothing, and the number of correct rows. Skips negative targets. */
  readonly totals?: Tensor;
}

/**
 * Mean softmax cross-entropy: logits[N,K] → [1]. PyTorch's cross_entropy with label_smoothing and, as for targets that are
 * probabilities, weight: the sum of the rows is divided by N.
 */
export const crossEntropy = defineOp({
  name: 'crossEntropy',
  shape(inputs: { logits: Tensor }, { targets, labelSmoothing = 0, totals, mix, weights }: CrossEntropyAttrs) {
    const { N, K } = requireInputs(this.name, inputs, { logits: float('N', 'K') });
    requireTensor(this.name, 'targets', targets, only('i32', N));
    requireTensor(this.name, 'totals', totals, optional(f32(2)));
    requireTensor(this.name, 'mix', mix, optional(f32(1)));
    requireTensor(this.name, 'weights', weights, optional(f32(K)));
    const isShare = labelSmoothing >= 0 && labelSmoothing <= 1;
    requireThat(isShare, this.name, 'labelSmoothing must be from 0 to 1', labelSmoothing);
    return [1];
  },
  forward(device, inputs, attrs) {
    const { logits } = inputs;
    const loss = device.tensor(this.shape(inputs, attrs));
    const normalizers = kernels.normalizersOf(device, logits, attrs.weights);
    kernels.forward(device, { logits, labelSmoothing: 0, ...attrs, normalizers, loss });
    return { y: loss, saved: { logits, normalizers } };
  },
  backward(device, dloss, saved, attrs, wanted) {
    if (wanted.logits)
      kernels.backward(device, { ...saved, labelSmoothing: 0, ...attrs, dloss, dlogits: wanted.logits.tensor });
  },
});
