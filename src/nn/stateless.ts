import { type ActivationKind, activation } from '../autograd/ops/activation.ts';
import { avgPool } from '../autograd/ops/avg_pool.ts';
import { flatten } from '../autograd/ops/flatten.ts';
import { globalAvgPool } from '../autograd/ops/global_avg_pool.ts';
import { maxPool } from '../autograd/ops/max_pool.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { Module, type Pass } from './module.ts';

// Modules without parameters, for `Sequential`.

/** An activation of every element, by its name: 'gelu', 'relu' … */
export class Activation extends Module {
  constructor(private readonly kind: ActivationKind) {
    super();
  }

  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(activation, { x }, { kind: this.kind });
  }
}

/** [N,…] → [N,rest]. PyTorch's Flatten. */
export class Flatten extends Module {
  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(flatten, { x }, {});
  }
}

/** The mean of each plane: [N,C,H,W] → [N,C]. */
export class GlobalAvgPool extends Module {
  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(globalAvgPool, { x }, {});
  }
}

/** Max pooling 3×3, stride 2, padding 1: [N,C,H,W] → [N,C,⌈H/2⌉,⌈W/2⌉]. PyTorch's MaxPool2d(3, 2, 1). */
export class MaxPool2d extends Module {
  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(maxPool, { x }, {});
  }
}

/** Average pooling of square windows; padding counts as zeros. PyTorch's AvgPool2d. */
export class AvgPool2d extends Module {
  constructor(
    private readonly kernel: number,
    private readonly stride = kernel,
    private readonly padding = 0,
  ) {
    super();
  }

  forward({ tape }: Pass, x: Tensor): Tensor {
    const { kernel, stride, padding } = this;
    return tape.run(avgPool, { x }, { kernel, stride, padding });
  }
}
