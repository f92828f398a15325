import { UserError } from '../runtime/errors.ts';
import type { Module } from './module.ts';

/** What every net's config has. */
export interface NetConfig {
  /** Pictures are inputSize × inputSize pixels. */
  readonly inputSize: number;
  readonly inputChannels: number;
  readonly classes: number;
}

/** The largest value that a number of a config may have by default. */
const MAX_VALUE = 65_536;

/** Bounds on what is read from files: larger nets would exhaust a machine before its adapter could refuse them. */
const MAX_INPUT_SIZE = 1024;
const MAX_PARAMETERS = 2 ** 28;

/** The layers of a net as fine-tuning tells them apart. */
export interface Parts {
  /** All but the head, from the input on: blocks that are frozen as a whole. Branches lie side by side in one. */
  readonly blocks: readonly (readonly Module[])[];
  /** The layers that turn features into logits, the last one last. */
  readonly head: readonly Module[];
}

/** What `defineArchitecture` takes. */
export interface ArchitectureDefinition<Config extends NetConfig, Net extends Module> {
  /** Written into checkpoints. */
  readonly name: string;
  /** The default config; its keys are all that a config may have. */
  readonly config: Config;
  /** Builds the net: x[N,inputChannels,inputSize,inputSize] → logits[N,classes]. */
  build(config: Config): Net;
  /**
   * Checks a config that was read from a file, which has all keys.
   * @param source names the file in errors
   * @param spelling gives the file's own name of a key
   * @throws UserError in one sentence
   */
  check?(config: object, source: string, spelling?: (key: string) => string): Config;
  /** The modules whose outputs show what the net sees, in groups; by default none. */
  branches?(net: Net): Readonly<Record<string, readonly Module[]>>;
  /** The parts of the net; without them it cannot be frozen by a recipe. */
  parts?(net: Net): Parts;
}

/** A net with the config that it was built from: what is trained. */
export interface Net<Config extends NetConfig = NetConfig, M extends Module = Module> {
  readonly architecture: Architecture<Config, M>;
  readonly config: Config;
  readonly module: M;
}

/** A family of nets that differ in their config. Everything that trains, stores, uses or exports a net takes one. */
export class Architecture<Config extends NetConfig = NetConfig, M extends Module = Module> {
  readonly name: string;
  /** The default config. */
  readonly config: Config;

  constructor(private readonly definition: ArchitectureDefinition<Config, M>) {
    this.name = definition.name;
    this.config = definition.config;
  }

  /** Builds a net. Its config is the default one, with `changes`. */
  create(changes: Partial<Config> = {}): Net<Config, M> {
    const config = { ...this.config, ...changes };
    return { architecture: this, config, module: this.definition.build(config) };
  }

  /**
   * Checks a config that was read from a file.
   * @throws UserError in one sentence that names the file and the first key that is wrong
   */
  check(config: object, source = 'the config', spelling = (key: string) => key): Config {
    const checked = this.checkValues(config, source, spelling);
    if (checked.inputSize > MAX_INPUT_SIZE) {
      const limit = `expected at most ${MAX_INPUT_SIZE}, got ${checked.inputSize}`;
      throw new UserError(`'${spelling('inputSize')}' in ${source} is wrong: ${limit}.`);
    }
    const { parameterCount } = this.definition.build(checked);
    if (parameterCount > MAX_PARAMETERS) {
      const [count, limit] = [parameterCount, MAX_PARAMETERS].map((number) => number.toLocaleString('en'));
      throw new UserError(`The net of ${source} has ${count} parameters, more than ${limit}.`);
    }
    return checked;
  }

  private checkValues(config: object, source: string, spelling: (key: string) => string): Config {
    if (this.definition.check) return this.definition.check(config, source, spelling);
    checkLike(this.config, config, source, spelling);
    return config as Config;
  }

  /** The modules whose outputs show what a net sees, in groups. */
  branches(module: M): Readonly<Record<string, readonly Module[]>> {
    return this.definition.branches?.(module) ?? {};
  }

  /** @throws UserError if the architecture does not tell its parts */
  parts(module: M): Parts {
    const parts = this.definition.parts?.(module);
    if (parts) return parts;
    throw new UserError(`The architecture '${this.name}' does not say what its body and head are: define its 'parts'.`);
  }
}

/** Checks that a config has the keys of the default one, and values of the same types. */
function checkLike(defaults: object, config: object, source: string, spelling: (key: string) => string): void {
  for (const key of new Set([...Object.keys(defaults), ...Object.keys(config)])) {
    const [expected, got] = [defaults, config].map((object) => (object as Record<string, unknown>)[key]);
    const ok =
      typeof expected === 'number'
        ? typeof got === 'number' &&
          got >= 0 &&
          got <= MAX_VALUE &&
          (!Number.isInteger(expected) || Number.isInteger(got))
        : typeof got === typeof expected && expected !== undefined;
    if (ok) continue;
    const wanted = expected === undefined ? 'no such key' : `a value such as ${JSON.stringify(expected)}`;
    throw new UserError(`'${spelling(key)}' in ${source} is wrong: expected ${wanted}, got ${JSON.stringify(got)}.`);
  }
}

/** Defines a family of nets; see {@link Architecture}. */
export const defineArchitecture = <Config extends NetConfig, M extends Module>(
  definition: ArchitectureDefinition<Config, M>,
) => new Architecture(definition);
