import { createHash } from 'node:crypto';
import { architectures } from '../../nets.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../train/checkpoint.ts';
import { describeError, exitCodeOf } from '../command.ts';
import type { Crew, Facts } from '../crew.ts';
import { checkSettings, flatSettings, type Settings } from '../settings.ts';
import { type Stopping, stopOnSignals } from '../stop_signals.ts';
import type { MpiGroup } from './group.ts';

/** An error that all ranks know of: the first one prints it. */
export class SharedError extends Error {
  override name = 'SharedError';

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** What a rank tells the others at a meeting. */
interface Word<T> {
  readonly value?: T;
  readonly error?: { readonly message: string; readonly exitCode: number };
}

/** The ranks of MPI: they meet to compare, and an error of one ends all. */
export class MpiCrew implements Crew {
  constructor(readonly group: MpiGroup) {}

  /**
   * Tells the other ranks something, and returns what each has told.
   * @throws SharedError on all ranks if one of them has come with an error
   */
  async meet<T>(value: T): Promise<T[]> {
    return (await this.exchange<T>({ value })).map((word) => word.value!);
  }

  /** Tells the other ranks, at their next meeting, of an error of this one. @throws it as a SharedError */
  fail(error: Error): Promise<never> {
    const word = { error: { message: describeError(error), exitCode: exitCodeOf(error) } };
    return this.exchange(word) as Promise<never>;
  }

  private async exchange<T>(word: Word<T>): Promise<Word<T>[]> {
    const text = JSON.stringify(word, (_, value) => value ?? null);
    const all = await this.group.gatherBytes(new TextEncoder().encode(text));
    const words = all.map((bytes): Word<T> => JSON.parse(new TextDecoder().decode(bytes)));
    const rank = words.findIndex(({ error }) => error);
    if (rank < 0) return words;
    const { message, exitCode } = words[rank].error!;
    throw new SharedError(rank === 0 ? message : `rank ${rank}: ${message}`, exitCode);
  }

  async inTurn<T>(open: () => Promise<T>): Promise<T> {
    const isFirst = this.group.rank === 0;
    if (!isFirst) await this.meet(null);
    const opened = await open();
    if (isFirst) await this.meet(null);
    return opened;
  }

  async tell({ settings, checkpoint }: { settings: Settings; checkpoint?: Checkpoint }): Promise<void> {
    await this.meet(flatSettings(settings));
    await this.group.gatherBytes(checkpoint ? encodeCheckpoint(checkpoint) : new Uint8Array(0));
  }

  /** Hears what the first rank tells. */
  async hear(): Promise<{ readonly settings: Settings; readonly checkpoint?: Checkpoint }> {
    const [settings] = await this.meet<object | null>(null);
    const [bytes] = await this.group.gatherBytes(new Uint8Array(0));
    return {
      settings: checkSettings(settings, 'the config.json of rank 0'),
      checkpoint: bytes.length > 0 ? decodeCheckpoint(bytes.slice(), architectures) : undefined,
    };
  }

  async compare(facts: () => Promise<Facts>): Promise<void> {
    const [first, ...others] = await this.meet(await facts());
    for (const name of Object.keys(first)) {
      const expected = JSON.stringify(first[name]);
      const rank = 1 + others.findIndex((other) => JSON.stringify(other[name]) !== expected);
      if (rank === 0) continue;
      const got = JSON.stringify(others[rank - 1][name]);
      throw new SharedError(`Rank ${rank} differs from rank 0 in ${name}: ${got}, not ${expected}.`, 2);
    }
  }

  verify = async (checkpoint: Checkpoint): Promise<void> => {
    const hash = createHash('sha256').update(encodeCheckpoint(checkpoint)).digest();
    const [first, ...others] = await this.group.gatherBytes(hash);
    const rank = 1 + others.findIndex((other) => Buffer.compare(other, first) !== 0);
    if (rank === 0) return;
    const { step } = checkpoint.training!.position;
    throw new SharedError(
      `By step ${step} rank ${rank} has come to other numbers than rank 0; is its memory sound?`,
      1,
    );
  };

  listen(): Stopping {
    const { signal, release } = stopOnSignals();
    return { signal: this.group.listen(signal), release };
  }
}
