// node bench/peers/run.js: YYNet-16 in yynet and in what one would use instead, on the same adapter, from the same weights.
// All peers run at once but work in turns, step by step, so that whatever else the machine does hits all alike.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeSafetensors, median, requestNodeAdapter, UserError } from '../../dist/node.js';
import { count, createBench, main, table, writeResult } from '../common.js';

/** glibc told to keep freed memory: on virtual machines page faults can take most of PyTorch's time on a CPU. */
const KEEP_MEMORY = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '17179869184' };
const QUIET = { TORCH_CPP_LOG_LEVEL: 'ERROR' };

/** How each peer is started; ours, the first, is what the others are compared with. */
const PEERS = {
  yynet: { script: 'yynet.js' },
  tfjs: { script: 'tfjs.js' },
  'tfjs-own-gradients': { script: 'tfjs.js', options: ['--own-gradients'] },
  'jax-js': { script: 'jax.js' },
  'onnxruntime-webgpu': { script: 'ort.js', trains: false },
  'onnxruntime-cpu': { script: 'ort.js', options: ['--cpu'], trains: false },
  'torch-cpu': { device: 'cpu' },
  'torch-cpu-memory-kept': { device: 'cpu', env: KEEP_MEMORY },
  'torch-cuda': { device: 'cuda' },
  'torch-cuda-autocast': { device: 'cuda', options: ['--autocast'], tolerance: 1e-2 },
};

const command = createBench('peers', 'Compares yynet with its peers, in turns, on the same weights and adapter.')
  .option('--rounds <n>', 'timed steps of each', count, 5)
  .option('--python <path>', 'a Python that has PyTorch', 'python3')
  .option('--peers <names...>', `some of: ${Object.keys(PEERS).slice(1).join(', ')}`)
  .action(run);

async function run({ batch, precision, adapter, rounds, python, peers: wanted, json, write }) {
  const unknown = wanted?.find((name) => !PEERS[name]);
  if (unknown) throw new UserError(`There is no peer '${unknown}', only: ${Object.keys(PEERS).join(', ')}.`);
  const { info } = await requestNodeAdapter({ adapter });
  const folder = await mkdtemp(join(tmpdir(), 'yynet-peers-'));
  const peers = [];
  try {
    const file = join(folder, 'reference.safetensors');
    const { cuda } = await writeReference(python, file, batch, rounds + 1);
    const reference = decodeSafetensors(await readFile(file)).tensors;
    for (const [name, peer] of Object.entries(PEERS)) {
      const isWanted = !wanted || name === 'yynet' || wanted.includes(name);
      if (isWanted && (peer.device !== 'cuda' || cuda))
        peers.push(new Peer(name, peer, { python, file, adapter: info.name }));
    }
    await compare(peers, reference, rounds);
  } finally {
    for (const peer of peers) peer.stop();
    await rm(folder, { recursive: true });
  }
  const rows = report(peers);
  const text = tabulate(rows);
  console.log(json ? JSON.stringify({ adapter: info.name, batch, precision, rows }) : text);
  if (write) await writeResult(`Peers: YYNet-16, batch ${batch}, ${precision}`, info, text);
  if (peers.some(({ failure }) => failure)) process.exitCode = 1;
}

/** PyTorch writes what all peers start from and are checked against. */
async function writeReference(python, file, batch, steps) {
  const script = fileURLToPath(new URL('torch_peer.py', import.meta.url));
  const env = { ...process.env, ...QUIET, ...KEEP_MEMORY };
  const { stdout } = await promisify(execFile)(python, [script, 'reference', file, batch, steps], { env }).catch(
    (error) => {
      throw new UserError(
        `--python ${python} must have PyTorch, which the peers are checked against: ${lastLine(error.message)}`,
      );
    },
  );
  return JSON.parse(stdout);
}

const lastLine = (text) => text.trim().split('\n').at(-1);

/** A program that answers requests: see peer.js. Once it has failed it is asked nothing more. */
class Peer {
  times = { infer: [], train: [] };
  failure;
  #errors = '';

  constructor(
    name,
    { script, device, options = [], env = {}, tolerance = 1e-4, trains = true },
    { python, file, adapter },
  ) {
    this.name = name;
    this.tolerance = tolerance;
    this.trains = trains;
    const path = fileURLToPath(new URL(script ?? 'torch_peer.py', import.meta.url));
    const [program, args] = script
      ? [process.execPath, [path, file, adapter, ...options]]
      : [python, [path, 'serve', file, device, ...options]];
    this.child = spawn(program, args, { env: { ...process.env, ...QUIET, ...env } });
    this.child.stderr.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-4000);
    });
    this.child.stdin.on('error', () => {}); // it has ended, and says why on stderr
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** The next JSON line that it prints. Throws where it ends instead. */
  async answer() {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new Error(/^\w*Error.*$/m.exec(this.#errors)?.[0] ?? lastLine(this.#errors));
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }

  async ask(request) {
    this.child.stdin.write(`${request}\n`);
    return this.answer();
  }

  stop() {
    this.child.stdin.end();
  }
}

/** Asks all peers in turn for inference and training steps, the first of each untimed, and checks every answer. */
async function compare(peers, reference, rounds) {
  const inTurn = async (request, round, want) => {
    for (const peer of peers.filter(({ failure, trains }) => !failure && (trains || request === 'infer'))) {
      try {
        const { ms, values } = await peer.ask(request);
        check(values, want, peer.tolerance * 4 ** round);
        if (round > 0) peer.times[request].push(ms);
      } catch (error) {
        peer.failure = error.message;
        console.error(`${peer.name}: ${error.message}`);
      }
    }
  };
  for (const peer of peers) {
    await peer.answer().then(
      ({ version }) => {
        peer.version = version;
      },
      (error) => {
        peer.failure = error.message;
      },
    );
  }
  const [logits, losses] = ['logits', 'losses'].map((name) => reference.get(name).data);
  // Inference comes first, while the weights are those of the reference. Training lets rounding errors grow, by less
  // than four times a step.
  for (let round = 0; round <= rounds; round++) await inTurn('infer', round > 0 ? 1 : 0, logits);
  for (let round = 0; round <= rounds; round++) await inTurn('train', round, losses.subarray(round, round + 1));
}

/** ‖got − want‖ / ‖want‖ must be small. */
function check(got, want, tolerance) {
  const norm = Math.hypot(...want);
  const error = Math.hypot(...got.map((value, i) => value - want[i])) / norm;
  if (got.length === want.length && error <= tolerance) return;
  const what = want.length === 1 ? `a loss of ${got[0]} where PyTorch has ${want[0]}` : 'other logits than PyTorch';
  throw new Error(`${what}, a relative difference of ${error.toExponential(1)}: this is no comparison`);
}

/** A peer's medians, and how many times ours they are. */
function report(peers) {
  const of = (peer, request) =>
    peer.failure || peer.times[request].length === 0 ? undefined : median(peer.times[request]);
  return peers.map((peer) => {
    const { name, version, failure } = peer;
    const [train_ms, infer_ms] = [of(peer, 'train'), of(peer, 'infer')];
    const [train_ratio, infer_ratio] = [train_ms / of(peers[0], 'train'), infer_ms / of(peers[0], 'infer')];
    return { name, version, failure, train_ms, train_ratio, infer_ms, infer_ratio };
  });
}

const number = (value, digits) => (Number.isFinite(value) ? value.toPrecision(digits) : '');

const tabulate = (rows) =>
  table(
    rows.map(({ name, version = '', failure, train_ms, train_ratio, infer_ms, infer_ratio }) => ({
      peer: `${name} ${version}`,
      'training step, ms': failure ?? number(train_ms, 4),
      'training ÷ yynet': number(train_ratio, 3),
      'inference, ms': number(infer_ms, 4),
      'inference ÷ yynet': number(infer_ratio, 3),
    })),
  );

await main(command);
