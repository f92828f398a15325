// node bench/mbconv.js: times each kernel of an MBConv, forward and backward, and the whole block, against the roofline.
import { Option } from 'commander';
import {
  combine,
  figures,
  kernelName,
  MBConv,
  ParameterSet,
  profile,
  profileRows,
  profileTable,
  Random,
  requirePrecision,
  rooflineOf,
  sizeOf,
  Tape,
} from '../dist/engine.js';
import { openNodeDevice, requestNodeAdapter } from '../dist/node.js';
import { count, createBench, main, time, writeResult } from './common.js';
import { sweep } from './sweep.js';

/** Values of `fused` by the name of the variant. */
const VARIANTS = { fused: true, unfused: false };

const RUNS = 5;

const command = createBench(
  'mbconv',
  "Times each kernel of an MBConv and the whole block against the adapter's roofline.",
)
  .option(
    '--channels <n>',
    'channels of the input and the output; the expanded tensors have four times as many',
    count,
    16,
  )
  .option('--size <n>', 'height and width of the input', count, 32)
  .addOption(new Option('--sweep', 'time many sizes and widths instead').conflicts(['batch', 'channels', 'size']))
  .action(run);

async function run({ channels, batch, size, precision, adapter, json, write, sweep: isSweep }) {
  const device = await openNodeDevice(await requestNodeAdapter({ adapter }));
  requirePrecision(device, precision);
  const output = (title, text, result) => {
    console.log(json ? JSON.stringify({ adapter: device.adapter.name, precision, ...result }) : `${title}\n\n${text}`);
    return write && writeResult(title, device.adapter, text);
  };
  if (isSweep) {
    const { text, shapes } = await sweep(device, (shape) => profileBlock(device, { shape, precision, fused: true }));
    return output(`MBConv of many sizes and widths, ${precision}`, text, { shapes });
  }
  requireMemory(device, { channels, batch, size, precision });
  const shape = [batch, channels, size, size];
  const blocks = {};
  for (const [name, fused] of Object.entries(VARIANTS)) {
    blocks[name] = await profileBlock(device, { shape, precision, fused });
  }
  const roofline = await rooflineOf(
    device,
    Object.values(blocks).map((block) => block.profile),
  );
  const variants = {};
  for (const [name, block] of Object.entries(blocks)) variants[name] = await figuresOf(device, block, roofline);
  const title = `MBConv, ${channels} channels, ${size}×${size}, batch ${batch}, ${precision}`;
  await output(title, report(device.adapter, roofline, variants), { channels, batch, size, roofline, ...variants });
}

/** @throws GpuError if the block's largest tensors do not fit; runs first because the host arrays are as large */
function requireMemory(device, { channels, batch, size, precision }) {
  const expanded = 4 * channels;
  device.tidy(() => {
    device.tensor([batch, expanded, size, size], precision === 'mixed' ? 'f16' : 'f32');
    device.tensor([expanded, channels]);
  });
}

/** Records a block, forward alone and with its backward pass, and times each dispatch of both. */
async function profileBlock(device, { shape, precision, fused }) {
  const random = new Random(1);
  const block = new MBConv(shape[1], shape[1], 1, {
    ...{ activation: 'gelu', gate: 'sigmoid' },
    dropout: { p: 0, stream: 0 },
  });
  const randomTensor = () =>
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
  const [x, dy] = [randomTensor(), randomTensor()];
  const pass = (tape) => block.forward({ tape, training: true, fused }, x);
  const forward = await device.record(() => pass(new Tape(device)));
  const both = await device.record(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    tape.watch(x);
    tape.backward(pass(tape), dy);
  });
  await profile(device, both); // the first run compiles some kernels
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await profile(device, both));
  return { forward, both, profile: { commands: both.commands, runs } };
}

/** Returns the figures of each dispatch, forward and backward, and of the whole block in one submit. */
async function figuresOf(device, { forward, both, profile }, roofline) {
  const rows = profileRows(profile, roofline, label);
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

/** Returns the bits of a random f16 from -2 to 2: sign, exponent near 0, fraction. */
const halfBits = (random) => (random.int(2) << 15) | ((12 + random.int(4)) << 10) | random.int(1024);

/** Names a dispatch by its kernel and the shape of its first output. */
function label(command) {
  const output = command.tensors[command.kernel.bindings.findIndex(({ type }) => type === 'storage')];
  return `${kernelName(command)} → ${output.shape.join('×')}`;
}

/** Explains the roofline column of a software adapter. */
const SOFTWARE_ADAPTER_NOTE = `A software adapter runs the threads of a subgroup in the lanes of a CPU vector. A multiply-add
takes one or two instructions for all lanes, but a load takes some for each, because each lane has its own address and bounds
check. Loads cost the same from cache as from memory, while the roofline counts each byte once. So kernels that read each
value once come closest to the roofline; matrix products, which read their input once per output tile, stay below it.`;

function report(adapter, { bytesPerSecond, flopsPerSecond }, variants) {
  const giga = (value) => (value / 1e9).toFixed(1);
  const tables = Object.entries(variants).flatMap(([variant, parts]) =>
    Object.entries(parts).map(([part, rows]) => `${variant}, ${part}:\n\n${profileTable(rows)}`),
  );
  const roofline = `${giga(flopsPerSecond)} GFLOP/s in registers, ${giga(bytesPerSecond)} GB/s memory copy`;
  const notes = adapter.class === 'cpu' ? [SOFTWARE_ADAPTER_NOTE] : [];
  return [`Roofline of ${adapter.name}: ${roofline}`, ...tables, ...notes].join('\n\n');
}

await main(command);
