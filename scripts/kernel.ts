// npm run kernel: prints the WGSL that a launch compiles.
import { activationConstants, activationKinds } from '../kernels/activation/table.ts';
import { attrsOf, type OpCase, type OpRow, shapesOf } from '../src/autograd/op_row.ts';
import { registry } from '../src/autograd/registry.ts';
import { Tape } from '../src/autograd/tape.ts';
import { adapterOption, createCommand, main } from '../src/cli/command.ts';
import { openDevice } from '../src/cli/device.ts';
import { type Constants, specialize } from '../src/runtime/codegen.ts';
import type { DispatchCommand } from '../src/runtime/command.ts';
import type { Device } from '../src/runtime/device.ts';
import { UserError } from '../src/runtime/errors.ts';
import type { Value } from '../src/runtime/expression.ts';
import type { Kernel } from '../src/runtime/pipeline.ts';
import { expandKernel, readKernel } from './kernel-source.ts';

const command = createCommand('kernel', 'Prints the WGSL that a launch compiles.')
  .argument('<name>', 'a kernel file, or an op with --launch')
  .argument(
    '[values...]',
    'constants of the kernel; the shape of the first input of the op, its extents and attributes',
  )
  .option('--launch', "print the op's kernels, forward and backward, with the constants that its launches give them")
  .addOption(adapterOption())
  .addHelpText(
    'after',
    `
Without --launch no GPU is needed.

Examples:
  npm run kernel -- kernels/softmax/forward.wgsl K=10 …      print one kernel for these constants
  npm run kernel -- --launch depthwise 2x16x32x32          print the kernels of an op on an input of this shape
  npm run kernel -- --launch depthwise 2x16x32x32 K=5 stride=2`,
  )
  .action((name: string, values: string[], options: { launch?: boolean; adapter: string }) =>
    options.launch ? printLaunch(name, values, options.adapter) : printKernel(name, values),
  );

async function printKernel(path: string, values: string[]): Promise<void> {
  console.log(expandKernel(await readKernel(path), withActivation(parseValues(values))));
}

/** The bodies of an activation that is given by its name. */
function withActivation(constants: Constants): Constants {
  const kind = activationKinds.find((name) => name === constants.ACTIVATION);
  return kind ? { ...activationConstants(kind), ...constants } : constants;
}

async function printLaunch(name: string, [shape, ...values]: string[], adapter: string): Promise<void> {
  const row = Object.hasOwn(registry, name) ? registry[name as keyof typeof registry] : undefined;
  if (!row) throw new UserError(`There is no op '${name}'; expected one of ${Object.keys(registry).join(', ')}.`);
  const given = caseOf(row, parseShape(shape), parseValues(values));
  const device = await openDevice({ adapter });
  const kernels = new Map<Kernel, DispatchCommand[]>();
  for (const command of await record(device, row, given)) {
    kernels.set(command.kernel, [...(kernels.get(command.kernel) ?? []), command]);
  }
  for (const [{ path }, commands] of kernels) {
    const source = await readKernel(path);
    const { code } = specialize(source, commands[0].constants, device.capabilities.sizesAsData);
    console.log(`${commands.map(describe).join('\n')}\n${code}`);
  }
}

/** The first case of the op's row, with another shape and other extents and attributes. */
function caseOf(row: OpRow, shape: number[], values: Readonly<Record<string, Value>>): OpCase {
  const [{ attrs, extents, ...first }] = row.cases;
  const unknown = Object.keys(values).find((name) => !(name in attrs) && !(extents && name in extents));
  if (unknown) {
    const known = Object.keys({ ...extents, ...attrs });
    throw new UserError(`${row.op.name} has no '${unknown}'; expected one of ${known.join(', ') || 'none'}.`);
  }
  const isExtent = ([name]: [string, unknown]) => extents !== undefined && name in extents;
  const entries = Object.entries(values);
  return {
    ...{ ...first, shape },
    extents: { ...extents, ...Object.fromEntries(entries.filter(isExtent)) } as Record<string, number>,
    attrs: { ...attrs, ...Object.fromEntries(entries.filter((entry) => !isExtent(entry))) },
  };
}

async function record(device: Device, row: OpRow, given: OpCase): Promise<readonly DispatchCommand[]> {
  try {
    const attrs = attrsOf(row, given, (data, shape) => device.upload(data, shape));
    const { commands } = await device.record(() => {
      const shapes = Object.entries(shapesOf(row, given));
      const inputs = Object.fromEntries(shapes.map(([name, shape]) => [name, device.tensor(shape)]));
      const tape = new Tape(device);
      if (row.op.backward) for (const input of Object.values(inputs)) tape.watch(input);
      const y = tape.run(row.op, inputs, attrs);
      if (row.op.backward) tape.backward(y, device.tensor(y.shape, y.dtype));
    });
    return commands;
  } catch (error) {
    // The op's own check of what the user gave.
    if ((error as Error).message.startsWith(`${row.op.name}: `)) throw new UserError(`${(error as Error).message}.`);
    throw error;
  }
}

/** The command that prints a kernel, and its workgroups. */
function describe({ kernel, constants, workgroups }: DispatchCommand): string {
  const isShort = ([, value]: [string, Value]) => /^[\w.+-]+$/.test(`${value}`);
  const values = Object.entries(constants)
    .filter(isShort)
    .map(([name, value]) => `${name}=${value}`);
  return `// ${kernel.path} ${values.join(' ')}\n// workgroups ${workgroups.join('×')}`;
}

function parseShape(text: string | undefined): number[] {
  const shape = text?.split('x').map(Number) ?? [];
  if (shape.length > 0 && shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) return shape;
  throw new UserError(
    `--launch must get an op and the shape of its first input, such as 2x16x32x32, got '${text ?? ''}'.`,
  );
}

function parseValues(values: readonly string[]): Record<string, Value> {
  return Object.fromEntries(
    values.map((text) => {
      const match = /^([A-Za-z_]\w*)=(.+)$/s.exec(text);
      if (!match) throw new UserError(`Constants must be given as NAME=VALUE, got '${text}'.`);
      return [match[1], parseValue(match[2])];
    }),
  );
}

function parseValue(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

await main(command);
