// Compiles WGSL, a JSON array on stdin, with the only adapter there is. Before each kernel, and at the end, it writes a line
// that begins with == to stderr, where the driver describes what it compiled.
import { writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { openNodeDevice, requestNodeAdapter } from '../dist/node.js';

const codes = JSON.parse(await text(process.stdin));
const { gpu } = await openNodeDevice(await requestNodeAdapter({ adapter: 'radv' }));
for (const code of codes) {
  writeSync(2, '== next\n');
  const module = gpu.createShaderModule({ code });
  gpu.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
}
writeSync(2, '== end\n');
// An ordinary end would free what the driver without a GPU never had.
process.kill(process.pid, 'SIGKILL');
