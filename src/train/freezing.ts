import type { Net, NetConfig, Parts } from '../nn/architecture.ts';
import { type Module, Parameter } from '../nn/module.ts';
import { UserError } from '../runtime/errors.ts';
import { phasesOf } from './phases.ts';
import type { Freeze, Recipe } from './recipe.ts';

/** Freezes parts of a net as a recipe says. What the architecture itself freezes stays frozen. */
export class Freezing {
  private readonly trainable: readonly Parameter[];
  private readonly parts?: Parts;
  private readonly body: ReadonlySet<Parameter>;

  /** @throws UserError if the recipe names parts that the net does not have */
  constructor({ architecture, module }: Net<NetConfig>, recipe: Recipe) {
    this.trainable = parametersOf([module]).filter((parameter) => parameter.trainable);
    const usesParts = recipe.lrBackbone !== 1 || phasesOf(recipe).some(({ freeze }) => freeze !== 0);
    this.parts = usesParts ? architecture.parts(module) : undefined;
    this.body = new Set(parametersOf(this.parts?.blocks.flat() ?? []));
    const blocks = this.parts?.blocks.length;
    if (blocks !== undefined && typeof recipe.freeze === 'number' && recipe.freeze > blocks) {
      throw new UserError(
        `'freeze' in the recipe must be at most ${blocks}, the number of the net's blocks, got ${recipe.freeze}.`,
      );
    }
  }

  /** Freezes these parts, and no others. A `ParameterSet` must be made after it. */
  apply(freeze: Freeze): void {
    const frozen = new Set(this.parts ? parametersOf(frozenParts(this.parts, freeze)) : []);
    for (const parameter of this.trainable) parameter.trainable = !frozen.has(parameter);
  }

  /** Whether a parameter belongs to the body. */
  isBody(parameter: Parameter): boolean {
    return this.body.has(parameter);
  }
}

function frozenParts({ blocks, head }: Parts, freeze: Freeze): Module[] {
  if (typeof freeze === 'number') return blocks.slice(0, freeze).flat();
  return freeze === 'body' ? blocks.flat() : [...blocks.flat(), ...head.slice(0, -1)];
}

const parametersOf = (modules: readonly Module[]): Parameter[] =>
  modules.flatMap((module) => [...module.named()].flatMap(([, part]) => (part instanceof Parameter ? part : [])));
