import type { SGDSettings } from './launch.ts';

/** SGD with its state, in float64. */
export class Reference {
  private readonly velocity: Float64Array;
  readonly average: Float64Array;

  constructor(readonly parameter: Float64Array) {
    this.velocity = new Float64Array(parameter.length);
    this.average = parameter.slice();
  }

  /** torch.optim.SGD's step, after clip_grad_norm_ to `maxNorm`. */
  step(gradient: Float64Array, settings: SGDSettings): void {
    const { learningRate, weightDecay, momentum, maxNorm, averageDecay } = settings;
    const scale = Math.min(1, maxNorm / (Math.hypot(...gradient) + 1e-6));
    for (let i = 0; i < gradient.length; i++) {
      const g = scale * gradient[i] + weightDecay * this.parameter[i];
      this.velocity[i] = momentum * this.velocity[i] + g;
      this.parameter[i] -= learningRate * this.velocity[i];
      this.average[i] = averageDecay * this.average[i] + (1 - averageDecay) * this.parameter[i];
    }
  }
}
