import { type Reference, zeros } from '../common/reference.ts';

/** Mean of the squared differences in float64, as PyTorch's mse_loss. */
export const reference: Reference<'prediction' | 'target', unknown> = ({ prediction, target }) =>
  zeros([1]).each(() => {
    const squares = prediction.data.map((value, i) => (value - target.data[i]) ** 2);
    return squares.reduce((a, b) => a + b) / squares.length;
  });
