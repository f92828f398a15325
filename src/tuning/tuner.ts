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
import { OpReplay, outputsAgree, RecordingTape, type ReplayRecording } from './replay.ts';

/** Result of tuning one kernel for tensors of given shapes. */
export interface Finding {
  /** The kernel and the shapes: see tuningKey(). */
  readonly key: string;
  readonly defaultTiles: Tiles;
  /** Faster tiles; absent if the default tiles are the fastest. */
  readonly tuned?: Tuned;
  /** Milliseconds with the default tiles and with the best candidate, of the dispatches that differ between them. */
  readonly times?: readonly [defaultTiles: number, best: number];
  /** Candidates that do not compile on this adapter or return wrong results. */
  readonly rejected: readonly Tiles[];
}

/** Tiles must save at least this fraction of the time: smaller differences are noise. */
const MIN_GAIN = 0.03;

interface Candidates {
  readonly kernel: KernelSource;
  /** The default tiles come first. */
  readonly choices: readonly Tiles[];
}

/** Records which candidates each kernel has, and returns the tiles under test. */
class TrialTuning extends Tuning {
  /** By tuning key. */
  candidates = new Map<string, Candidates>();

  constructor(readonly chosen = new Map<string, Tuned>()) {
    super(chosen);
  }

  override choose<T extends Tiles>(kernel: KernelSource, shapes: string, choices: readonly T[]): T {
    this.candidates.set(tuningKey(kernel, shapes), { kernel, choices });
    return super.choose(kernel, shapes, choices);
  }
}

/** A recording of an op with some tiles, and the candidates of its kernels. */
interface Attempt {
  readonly recording: ReplayRecording;
  readonly candidates: ReadonlyMap<string, Candidates>;
}

/**
 * Finds the fastest tiles for each kernel of a net's training step. It runs each op of the step by itself with one
 * candidate after another, and rejects a candidate if its results differ from those of the default tiles.
 *
 * @param shape of the net's input, [N,C,H,W]
 * @param onFinding called for each kernel that has several candidates, as soon as it is tuned
 */
export async function tune(
  choice: AdapterChoice,
  net: Module,
  shape: Shape,
  onFinding: (finding: Finding) => void,
): Promise<void> {
  const tuning = new TrialTuning();
  const device = await Device.open(choice, { tuning });
  try {
    const runs = await runsOfTrainingStep(device, net, shape);
    const untuned = new Set(tuning.candidates.keys());
    for (const run of runs) await new OpTuner(new OpReplay(device, run), device, tuning, onFinding).tune(untuned);
  } finally {
    device.destroy();
  }
}

/**
 * Records a training step without loss and optimizer, whose kernels have no tiles.
 * @returns the ops of the forward pass
 */
async function runsOfTrainingStep(device: Device, net: Module, shape: Shape) {
  const parameters = new ParameterSet(device, net, new Random(0));
  const x = device.tensor(shape);
  const seed = device.upload(new Uint32Array(2), [2]);
  const tape = new RecordingTape(device);
  const recording = await device.record(() => {
    parameters.watch(tape);
    const y = net.forward({ tape, training: true, seed }, x);
    if (net.parameterCount > 0) tape.backward(y, device.tensor(y.shape));
  });
  recording.dispose();
  return tape.runs;
}

class OpTuner {
  private expected: readonly ArrayLike<number>[] = [];

  constructor(
    private readonly replay: OpReplay,
    private readonly device: Device,
    private readonly tuning: TrialTuning,
    private readonly onFinding: (finding: Finding) => void,
  ) {}

  /** Tunes those kernels of the op that are in `untuned`, and removes them there. Each uses the tiles found before it. */
  async tune(untuned: Set<string>): Promise<void> {
    const { replay } = this;
    let baseline = await this.record();
    const keys = [...baseline.candidates.keys()].filter((key) => untuned.delete(key));
    if (keys.length > 0) {
      this.expected = replay.expected(baseline.recording, await replay.outputs(baseline.recording));
    }
    for (const key of keys) baseline = await this.tuneKernel(key, baseline);
    baseline.recording.dispose();
    replay.release();
  }

  /** Returns the faster one of `baseline` and the best candidate, and disposes of the other recordings. */
  private async tuneKernel(key: string, baseline: Attempt): Promise<Attempt> {
    const { kernel, choices } = baseline.candidates.get(key)!;
    const { chosen } = this.tuning;
    const [defaultTiles, ...alternatives] = choices;
    const rejected: Tiles[] = [];
    let best: { attempt: Attempt; tuned: Tuned; times: readonly [number, number] } | undefined;
    for (const tiles of alternatives) {
      const tuned = { fingerprint: fingerprint(kernel), tiles };
      chosen.set(key, tuned);
      const attempt = await this.record().catch(ignoreShaderError);
      if (attempt && outputsAgree(await this.replay.outputs(attempt.recording), this.expected)) {
        const times = await race(this.device, baseline.recording, attempt.recording);
        const isBest = !best || timeSaved(times) > timeSaved(best.times);
        (isBest ? best?.attempt : attempt)?.recording.dispose();
        if (isBest) best = { attempt, tuned, times };
      } else {
        attempt?.recording.dispose();
        rejected.push(tiles);
      }
    }
    // Race the best candidate again: the best of several measurements may be an outlier.
    if (best && isFaster(best.times)) best.times = await race(this.device, baseline.recording, best.attempt.recording);
    const winner = best && isFaster(best.times) ? best : undefined;
    if (winner) chosen.set(key, winner.tuned);
    else chosen.delete(key);
    if (alternatives.length > 0) {
      this.onFinding({ key, defaultTiles, tuned: winner?.tuned, times: best?.times, rejected });
    }
    (winner ? baseline : best?.attempt)?.recording.dispose();
    return winner?.attempt ?? baseline;
  }

  private async record(): Promise<Attempt> {
    this.tuning.candidates = new Map();
    const recording = await this.replay.record();
    return { recording, candidates: this.tuning.candidates };
  }
}

/** A kernel does not compile if its tiles need more than the adapter's limits: that candidate is rejected. */
function ignoreShaderError(error: unknown): undefined {
  if (!(error instanceof ShaderError)) throw error;
}

const timeSaved = ([before, after]: readonly [number, number]) => before - after;

const isFaster = ([before, after]: readonly [number, number]) => after < (1 - MIN_GAIN) * before;
