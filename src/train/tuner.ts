import { Random } from '../data/random.ts';
import type { Module } from '../nn/module.ts';
import { ParameterSet } from '../nn/parameters.ts';
import type { AdapterChoice } from '../runtime/adapter.ts';
import type { KernelSource } from '../runtime/codegen.ts';
import { Device } from '../runtime/device.ts';
import { ShaderError } from '../runtime/errors.ts';
import type { Shape } from '../runtime/tensor.ts';
import { fingerprint, type Tiles, type Tuned, Tuning, tuningKey } from '../runtime/tuning.ts';
import { race } from './race.ts';
import { agree, ListingTape, Replay, type Replayed } from './replay.ts';

/** What was found for a kernel on tensors of some shapes. */
export interface Finding {
  readonly key: string;
  /** The usual tiles. */
  readonly usual: Tiles;
  /** Better ones, if there are any. */
  readonly tuned?: Tuned;
  /** Milliseconds with the usual tiles and with the best others, of all dispatches that are not the same with both. */
  readonly times?: readonly [usual: number, best: number];
  /** Those that do not compile or give something else. */
  readonly refused: readonly Tiles[];
}

/** Tiles are better if they save this share of the time: less is noise. */
const GAIN = 0.03;

interface Question {
  readonly kernel: KernelSource;
  readonly choices: readonly Tiles[];
}

/** Hears which tiles are asked for, and gives those on trial. */
class Trial extends Tuning {
  questions = new Map<string, Question>();

  constructor(readonly answers = new Map<string, Tuned>()) {
    super(answers);
  }

  override choose<T extends Tiles>(kernel: KernelSource, shapes: string, choices: readonly T[]): T {
    this.questions.set(tuningKey(kernel, shapes), { kernel, choices });
    return super.choose(kernel, shapes, choices);
  }
}

/** An op as recorded with some tiles, and all tiles that were asked for. */
interface Attempt {
  readonly recording: Replayed;
  readonly questions: ReadonlyMap<string, Question>;
}

/**
 * Finds the fastest tiles for every kernel of a net's training step: each op of the step runs by itself, with one choice
 * after another, and gives what it gave with the usual tiles, or the choice is refused.
 *
 * @param shape of the net's input
 * @param onFinding hears of each kernel when it is done
 */
export async function tune(
  choice: AdapterChoice,
  net: Module,
  shape: Shape,
  onFinding: (finding: Finding) => void,
): Promise<void> {
  const trial = new Trial();
  const device = await Device.open(choice, trial);
  try {
    const runs = await opsOf(device, net, shape);
    const open = new Set([...trial.questions.keys()]);
    for (const run of runs) await new OpTuner(new Replay(device, run), device, trial, onFinding).tune(open);
  } finally {
    device.destroy();
  }
}

/** The ops of a training step, which is recorded for it but for loss and optimizer, that have no tiles. */
async function opsOf(device: Device, net: Module, shape: Shape) {
  const parameters = new ParameterSet(device, net, new Random(0));
  const x = device.tensor(shape);
  const seed = device.upload(new Uint32Array(2), [2], 'u32');
  const tape = new ListingTape(device);
  await device.record(() => {
    parameters.watch(tape);
    const y = net.forward({ tape, training: true, seed }, x);
    tape.backward(y, device.tensor(y.shape));
  });
  return tape.runs;
}

class OpTuner {
  private wanted: readonly ArrayLike<number>[] = [];

  constructor(
    private readonly replay: Replay,
    private readonly device: Device,
    private readonly trial: Trial,
    private readonly onFinding: (finding: Finding) => void,
  ) {}

  /** Tunes those of the op's kernels that are still open, each with what was found for those before. */
  async tune(open: Set<string>): Promise<void> {
    const { replay } = this;
    let base = await this.attempt();
    const keys = [...base.questions.keys()].filter((key) => open.delete(key));
    if (keys.length > 0) this.wanted = replay.wanted(base.recording, await replay.outputs(base.recording));
    for (const key of keys) base = await this.tuneKernel(key, base);
    replay.release();
  }

  /** Returns the fastest attempt, `base` or a better one. */
  private async tuneKernel(key: string, base: Attempt): Promise<Attempt> {
    const { kernel, choices } = base.questions.get(key)!;
    const { answers } = this.trial;
    const [usual, ...others] = choices;
    const refused: Tiles[] = [];
    let best: { attempt: Attempt; tuned: Tuned; times: readonly [number, number] } | undefined;
    for (const tiles of others) {
      const tuned = { fingerprint: fingerprint(kernel), tiles };
      answers.set(key, tuned);
      const attempt = await this.attempt().catch(refuse);
      if (attempt && agree(await this.replay.outputs(attempt.recording), this.wanted)) {
        const times = await race(this.device, base.recording, attempt.recording);
        if (!best || saved(times) > saved(best.times)) best = { attempt, tuned, times };
      } else {
        refused.push(tiles);
      }
    }
    // The best of several may just have been lucky, and must win twice.
    if (best && isBetter(best.times)) best.times = await race(this.device, base.recording, best.attempt.recording);
    const winner = best && isBetter(best.times) ? best : undefined;
    if (winner) answers.set(key, winner.tuned);
    else answers.delete(key);
    if (others.length > 0) this.onFinding({ key, usual, tuned: winner?.tuned, times: best?.times, refused });
    return winner?.attempt ?? base;
  }

  private async attempt(): Promise<Attempt> {
    this.trial.questions = new Map();
    const recording = await this.replay.record();
    return { recording, questions: this.trial.questions };
  }
}

/** Tiles that the adapter has no room for. */
function refuse(error: unknown): undefined {
  if (!(error instanceof ShaderError)) throw error;
}

const saved = ([usual, other]: readonly [number, number]) => usual - other;

const isBetter = ([usual, other]: readonly [number, number]) => other < (1 - GAIN) * usual;
