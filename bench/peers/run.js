// node bench/peers/run.js: compares a YYNet in yynet with other libraries on the same adapter, from the same weights. All
// peers run at the same time but take steps in turn, so that other load on the machine affects all of them equally.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Option } from 'commander';
import { decodeSafetensors, median, UserError } from '../../dist/engine.js';
import { presets } from '../../dist/index.js';
import { requestNodeAdapter } from '../../dist/node.js';
import { count, createBench, main, table, writeResult } from '../common.js';

/** Makes glibc keep freed memory: on virtual machines page faults can take most of PyTorch's time on a CPU. */
const KEEP_MEMORY = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '17179869184' };
const QUIET = { TORCH_CPP_LOG_LEVEL: 'ERROR' };

/** The growth of rounding errors in a step, where it is not 4: AdamW's first step depends on the signs of gradients alone. */
const GROWTH = { 'yynet-imagenet': 50 };

/** Start options of each peer. The first one, yynet, is the baseline. Peers in JavaScript have the nets for CIFAR-10 alone. */
const PEERS = {
  yynet: { script: 'yynet.js', anyNet: true },
  tfjs: { script: 'tfjs.js' },
  'tfjs-own-gradients': { script: 'tfjs.js', options: ['--own-gradients'] },
  'jax-js': { script: 'jax.js' },
  'onnxruntime-webgpu': { script: 'ort.js', trains: false },
  'onnxruntime-cpu': { script: 'ort.js', options: ['--cpu'], trains: false },
  'torch-cpu': { device: 'cpu' },
  'torch-cpu-memory-kept': { device: 'cpu', env: KEEP_MEMORY },
  'torch-cpu-channels-last-memory-kept': { device: 'cpu', options: ['--channels-last'], env: KEEP_MEMORY },
  'torch-cuda': { device: 'cuda' },
  'torch-cuda-autocast': { device: 'cuda', options: ['--autocast'], tolerance: 1e-2 },
};

const command = createBench('peers', 'Compares yynet with other libraries, with the same weights, on the same adapter.')
  .addOption(new Option('--model <name>', 'the net').choices(Object.keys(presets)).default('yynet-16'))
  .option('--rounds <n>', 'timed steps per peer', count, 5)
  .option('--python <path>', 'a Python with PyTorch', 'python3')
  .option('--peers <names...>', `only these peers: ${Object.keys(PEERS).slice(1).join(', ')}`)
  .action(run);

async function run({ model, batch, precision, adapter, rounds, python, peers: requested, json, write }) {
  const unknown = requested?.find((name) => !PEERS[name]);
  if (unknown) throw new UserError(`Unknown peer '${unknown}', expected some of ${Object.keys(PEERS).join(', ')}.`);
  const { info } = await requestNodeAdapter({ adapter });
  const folder = await mkdtemp(join(tmpdir(), 'yynet-peers-'));
  const peers = [];
  try {
    const file = join(folder, 'reference.safetensors');
    const config = JSON.stringify(presets[model]);
    const { cuda } = await writeReference(python, file, [config, batch, rounds + 1]);
    const reference = decodeSafetensors(await readFile(file)).tensors;
    for (const [name, peer] of Object.entries(PEERS)) {
      const isRequested = !requested || name === 'yynet' || requested.includes(name);
      const hasNet = peer.device || peer.anyNet || model !== 'yynet-imagenet';
      if (isRequested && hasNet && (peer.device !== 'cuda' || cuda))
        peers.push(new Peer(name, peer, { python, file, adapter: info.name, model, config }));
    }
    await compare(peers, reference, rounds, GROWTH[model] ?? 4);
  } finally {
    for (const peer of peers) peer.stop();
    await rm(folder, { recursive: true });
  }
  const rows = report(peers);
  const text = tabulate(rows);
  console.log(json ? JSON.stringify({ adapter: info.name, batch, precision, rows }) : text);
  if (write) await writeResult(`Peers: ${model}, batch ${batch}, ${precision}`, info, text);
  if (peers.some(({ failure }) => failure)) process.exitCode = 1;
}

/**
 * Runs PyTorch to write the initial weights, the batch and the expected results of all peers.
 * @param sizes the net's config in JSON, pictures of the batch, and steps
 */
async function writeReference(python, file, sizes) {
  const script = fileURLToPath(new URL('torch_peer.py', import.meta.url));
  const env = { ...process.env, ...QUIET, ...KEEP_MEMORY };
  const { stdout } = await promisify(execFile)(python, [script, 'reference', file, ...sizes], { env }).catch(
    (error) => {
      throw new UserError(
        `--python ${python} must have PyTorch, which computes the reference: ${lastLine(error.message)}`,
      );
    },
  );
  return JSON.parse(stdout);
}

const lastLine = (text) => text.trim().split('\n').at(-1);

/** A child process that runs requests: see peer.js. After a failure it gets no more requests. */
class Peer {
  times = { infer: [], train: [] };
  failure;
  #errors = '';

  constructor(
    name,
    { script, device, options = [], env = {}, tolerance = 1e-4, trains = true },
    { python, file, adapter, model, config },
  ) {
    this.name = name;
    this.tolerance = tolerance;
    this.trains = trains;
    const path = fileURLToPath(new URL(script ?? 'torch_peer.py', import.meta.url));
    const [program, args] = script
      ? [process.execPath, [path, file, adapter, model, ...options]]
      : [python, [path, 'serve', file, config, device, ...options]];
    this.child = spawn(program, args, { env: { ...process.env, ...QUIET, ...env } });
    this.child.stderr.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-4000);
    });
    this.child.stdin.on('error', () => {}); // the process has ended; the reason is on stderr
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Returns the next JSON line of its output. Throws if the process ends first. */
  async receive() {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new Error(/^\w*Error.*$/m.exec(this.#errors)?.[0] ?? lastLine(this.#errors));
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }

  async send(request) {
    this.child.stdin.write(`${request}\n`);
    return this.receive();
  }

  stop() {
    this.child.stdin.end();
  }
}

/** Runs inference and training steps on all peers in turn and checks each result. The first run of each is not timed. */
async function compare(peers, reference, rounds, growth) {
  const runRound = async (request, round, expected) => {
    for (const peer of peers.filter(({ failure, trains }) => !failure && (trains || request === 'infer'))) {
      try {
        const { ms, values } = await peer.send(request);
        check(values, expected, peer.tolerance * growth ** round);
        if (round > 0) peer.times[request].push(ms);
      } catch (error) {
        peer.failure = error.message;
        console.error(`${peer.name}: ${error.message}`);
      }
    }
  };
  for (const peer of peers) {
    await peer.receive().then(
      ({ version }) => {
        peer.version = version;
      },
      (error) => {
        peer.failure = error.message;
      },
    );
  }
  const [logits, losses] = ['logits', 'losses'].map((name) => reference.get(name).data);
  // Inference runs first, with the reference's weights. In training, rounding errors grow by less than `growth` per step.
  for (let round = 0; round <= rounds; round++) await runRound('infer', round > 0 ? 1 : 0, logits);
  for (let round = 0; round <= rounds; round++) await runRound('train', round, losses.subarray(round, round + 1));
}

/** Throws if ‖got − expected‖ / ‖expected‖ is above the tolerance. */
function check(got, expected, tolerance) {
  const norm = Math.hypot(...expected);
  const error = Math.hypot(...got.map((value, i) => value - expected[i])) / norm;
  if (got.length === expected.length && error <= tolerance) return;
  const what =
    expected.length === 1 ? `loss ${got[0]} instead of PyTorch's ${expected[0]}` : "logits differ from PyTorch's";
  throw new Error(`${what}: relative error ${error.toExponential(1)}, expected at most ${tolerance.toExponential(1)}`);
}

/** Returns each peer's median times, and their ratios to yynet's. */
function report(peers) {
  const medianOf = (peer, request) =>
    peer.failure || peer.times[request].length === 0 ? undefined : median(peer.times[request]);
  return peers.map((peer) => {
    const { name, version, failure } = peer;
    const [train_ms, infer_ms] = [medianOf(peer, 'train'), medianOf(peer, 'infer')];
    const [train_ratio, infer_ratio] = [train_ms / medianOf(peers[0], 'train'), infer_ms / medianOf(peers[0], 'infer')];
    return { name, version, failure, train_ms, train_ratio, infer_ms, infer_ratio };
  });
}

const format = (value, digits) => (Number.isFinite(value) ? value.toPrecision(digits) : '');

const tabulate = (rows) =>
  table(
    rows.map(({ name, version = '', failure, train_ms, train_ratio, infer_ms, infer_ratio }) => ({
      peer: `${name} ${version}`,
      'training step, ms': failure ?? format(train_ms, 4),
      'training ÷ yynet': format(train_ratio, 3),
      'inference, ms': format(infer_ms, 4),
      'inference ÷ yynet': format(infer_ratio, 3),
    })),
  );

await main(command);
