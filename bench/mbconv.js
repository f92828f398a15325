// node bench/mbconv.js: every kernel of an MBConv, forward and backward, and the whole block, beside the roofline.
import {
  combine,
  figures,
  kernelName,
  MBConv,
  measureRoofline,
  openNodeDevice,
  ParameterSet,
  profile,
  profileRows,
  profileTable,
  Random,
  requestNodeAdapter,
  requirePrecision,
  sizeOf,
  Tape,
} from '../dist/node.js';
import { count, createBench, main, time, writeResult } from './common.js';

/** Ways to run the block. */
const VARIANTS = { fused: true, unfused: false };

const RUNS = 5;

const command = createBench('mbconv', "Times every kernel of an MBConv, and the block, beside the adapter's roofline.")
  .option('--channels <n>', 'of the input and the output; inside there are four times as many', count, 16)
  .option('--size <n>', 'height and width', count, 32)
  .action(run);

async function run({ channels, batch, size, precision, adapter, json, write }) {
  const device = await openNodeDevice(await requestNodeAdapter({ adapter }));
  requirePrecision(device, precision);
  requireMemory(device, { channels, batch, size, precision });
  const roofline = await measureRoofline(device);
  const variants = {};
  for (const [name, fused] of Object.entries(VARIANTS)) {
    variants[name] = await measure(device, { shape: [batch, channels, size, size], precision, fused }, roofline);
  }
  const title = `MBConv, ${channels} channels, ${size}×${size}, batch ${batch}, ${precision}`;
  const text = report(device.adapter, roofline, variants);
  const result = { adapter: device.adapter.name, channels, batch, size, precision, roofline, ...variants };
  console.log(json ? JSON.stringify(result) : `${title}\n\n${text}`);
  if (write) await writeResult(title, device.adapter, text);
}

/** @throws GpuError where the block's largest tensors do not fit, before arrays as large are made for others */
function requireMemory(device, { channels, batch, size, precision }) {
  const inside = 4 * channels;
  device.tidy(() => {
    device.tensor([batch, inside, size, size], precision === 'mixed' ? 'f16' : 'f32');
    device.tensor([inside, channels]);
  });
}

/** Figures of each dispatch, forward and backward, and of the whole block in one submit. */
async function measure(device, { shape, precision, fused }, roofline) {
  const random = new Random(1);
  const block = new MBConv(shape[1], shape[1], 1, {
    ...{ activation: 'gelu', gate: 'sigmoid' },
    dropout: { p: 0, stream: 0 },
  });
  const noise = () =>
    precision === 'mixed'
      ? device.upload(
          Uint16Array.from({ length: sizeOf(shape) }, () => halfBits(random)),
          shape,
          'f16',
        )
      : device.upload(
          Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
          shape,
        );
  const parameters = new ParameterSet(device, block, random);
  const [x, dy] = [noise(), noise()];
  const pass = (tape) => block.forward({ tape, training: true, fused }, x);
  const forward = await device.record(() => pass(new Tape(device)));
  const both = await device.record(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    tape.watch(x);
    tape.backward(pass(tape), dy);
  });
  await profile(device, both); // compiles what compiles at its first run
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await profile(device, both));
  const rows = profileRows({ commands: both.commands, runs }, roofline, label);
  const ms = combine('', rows).ms;
  const dispatches = rows.map((row) => figures(row, ms));

  const whole = async (name, recording, ownRows) => {
    const wall = await time(() => {
      recording.run();
      return device.done();
    });
    return { ...combine(name, ownRows), ms: wall };
  };
  const blocks = [
    await whole('forward', forward, rows.slice(0, forward.commands.length)),
    await whole('forward and backward', both, rows),
  ];
  return {
    forward: dispatches.slice(0, forward.commands.length),
    backward: dispatches.slice(forward.commands.length),
    block: blocks.map((row) => figures(row, blocks[1].ms)),
  };
}

/** An f16 from -2 to 2, as bits: a sign, an exponent near 0 and any fraction. */
const halfBits = (random) => (random.int(2) << 15) | ((12 + random.int(4)) << 10) | random.int(1024);

/** A dispatch by its kernel and the shape of what it writes first. */
function label(command) {
  const output = command.tensors[command.kernel.bindings.findIndex(({ type }) => type === 'storage')];
  return `${kernelName(command)} → ${output.shape.join('×')}`;
}

/** Why a software adapter stays below its roofline, for whoever reads the last column. */
const ON_A_CPU = `A software adapter fetches what its lanes read one number at a time, each behind a branch of its own: some ten instructions
a number, where a term of a product takes three or four for all eight lanes. Every read counts there, from a cache as from
memory, where the roofline counts each number once. So what reads each number once comes closest, and a product, which
reads its input once for each tile of its output, stays below.`;

function report(adapter, { bytesPerSecond, flopsPerSecond }, variants) {
  const giga = (value) => (value / 1e9).toFixed(1);
  const tables = Object.entries(variants).flatMap(([variant, parts]) =>
    Object.entries(parts).map(([part, rows]) => `${variant}, ${part}:\n\n${profileTable(rows)}`),
  );
  const roofline = `${giga(flopsPerSecond)} GFLOP/s on registers, ${giga(bytesPerSecond)} GB/s to copy memory`;
  const reason = adapter.class === 'cpu' ? [ON_A_CPU] : [];
  return [`Roofline of ${adapter.name}: ${roofline}`, ...tables, ...reason].join('\n\n');
}

await main(command);
