import { test } from 'vitest';
import { linear } from '../src/autograd/ops/linear.ts';
import { Tape } from '../src/autograd/tape.ts';
import { testDevice } from './support/device.ts';
test('compile', async () => {
  const d = await testDevice();
  await d.finish();
  for (const [n,i,o] of [[8,6,64],[9,5,65],[4,64,40]]) {
  const x = d.upload(new Float32Array(n*i), [n,i]); const w = d.upload(new Float32Array(o*i), [o,i]); const b = d.upload(new Float32Array(o), [o]);
  const dy = d.upload(new Float32Array(n*o), [n,o]);
  const tape = new Tape(d);
  tape.watch(x);
  for (const t of [x]) tape.watch(t);
  let t0 = process.cpuUsage().user/1000;
  const y = tape.run(linear, {x, weight: w, bias: b}, {});
  await d.finish();
  console.log('fwd', process.cpuUsage().user/1000-t0); t0 = process.cpuUsage().user/1000;
  tape.backward(y, dy); await d.finish();
  console.log('dx', process.cpuUsage().user/1000-t0);t0 = process.cpuUsage().user/1000;
  const tape2 = new Tape(d); tape2.watch(w);
  tape2.backward(tape2.run(linear, {x, weight: w, bias: b}, {}), dy); await d.finish();
  console.log('dw', process.cpuUsage().user/1000-t0);t0 = process.cpuUsage().user/1000;
  const tape3 = new Tape(d); tape3.watch(b);
  tape3.backward(tape3.run(linear, {x, weight: w, bias: b}, {}), dy); await d.finish();
  console.log('db', process.cpuUsage().user/1000-t0);
  }
});
