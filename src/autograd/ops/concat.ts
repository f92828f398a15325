import * as kernels from '../../../kernels/concat/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { float, requireInputs, requireThat } from '../requirements.ts';

/** Concatenates any number of [N,C,H,W] along the channels, in the order of the record. PyTorch's cat(dim=1). */
export const concat = defineOp({
  name: 'concat',
  shape(inputs: Readonly<Record<string, Tensor>>, _: Record<never, never>) {
    const names = Object.keys(inputs);
    requireThat(names.length > 0, this.name, 'there must be at least one input', names.length);
    const channels = names.map((name) => `C of ${name}`);
    const picture = (i: number) => float('N', channels[i], 'H', 'W');
    requireInputs(this.name, inputs, { [names[0]]: picture(0) });
    const dtypes = [inputs[names[0]].dtype];
    const requirements = names.map((name, i) => [name, { ...picture(i), dtypes }]);
    const { N, H, W, ...others } = requireInputs(this.name, inputs, Object.fromEntries(requirements));
    return [N, channels.reduce((sum, channel) => sum + others[channel], 0), H, W];
  },
  forward(device, inputs, attrs) {
    const parts = Object.values(inputs);
    const y = device.tensor(this.shape(inputs, attrs), parts[0].dtype);
    const saved: Record<string, number> = {};
    let channel = 0;
    for (const [name, part] of Object.entries(inputs)) {
      kernels.join(device, { part, whole: y, channel });
      saved[name] = channel;
      channel += part.shape[1];
    }
    return { y, saved };
  },
  backward(device, dy, firstChannels, _attrs, wanted) {
    for (const [name, slot] of Object.entries(wanted)) {
      if (slot) kernels.split(device, { part: slot.tensor, whole: dy, channel: firstChannels[name] });
    }
  },
  onnx: (graph, inputs) => graph.node('Concat', Object.values(inputs), { axis: { int: 1 } }),
});
