import type { AdamWSettings } from './launch.ts';

/** AdamW with its state, in float64. */
export class Reference {
  private readonly moment1: Float64Array;
  private readonly moment2: Float64Array;
  private readonly moment2Max: Float64Array;
  readonly average: Float64Array;

  constructor(
    readonly parameter: Float64Array,
    private readonly amsgrad: boolean,
  ) {
    this.moment1 = new Float64Array(parameter.length);
    this.moment2 = new Float64Array(parameter.length);
    this.moment2Max = new Float64Array(parameter.length);
    this.average = parameter.slice();
  }

  /** torch.optim.AdamW's step, after clip_grad_norm_ to `maxNorm`. */
  step(gradient: Float64Array, settings: AdamWSettings): void {
    const { learningRate, weightDecay, beta1, beta2, eps, step, maxNorm, averageDecay } = settings;
    const scale = Math.min(1, maxNorm / (Math.hypot(...gradient) + 1e-6));
    for (let i = 0; i < gradient.length; i++) {
      const g = scale * gradient[i];
      this.parameter[i] *= 1 - learningRate * weightDecay;
      this.moment1[i] = beta1 * this.moment1[i] + (1 - beta1) * g;
      this.moment2[i] = beta2 * this.moment2[i] + (1 - beta2) * g * g;
      this.moment2Max[i] = Math.max(this.moment2Max[i], this.moment2[i]);
      const moment2 = this.amsgrad ? this.moment2Max[i] : this.moment2[i];
      const denominator = Math.sqrt(moment2) / Math.sqrt(1 - beta2 ** step) + eps;
      this.parameter[i] -= ((learningRate / (1 - beta1 ** step)) * this.moment1[i]) / denominator;
      this.average[i] = averageDecay * this.average[i] + (1 - averageDecay) * this.parameter[i];
    }
  }
}
