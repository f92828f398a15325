import { describe, expect, test } from 'vitest';
import { type Constants, type KernelSource, specialize } from '../../src/runtime/codegen.ts';
import { PipelineCache } from '../../src/runtime/pipeline.ts';
import { openDevice, testDevice } from '../support/device.ts';

const lines = (...text: string[]) => text.join('\n');

/** The lines a kernel expands to, without the header of constants. */
function expand(text: string, constants: Constants = {}, includes?: Record<string, KernelSource>): string[] {
  const { code } = specialize({ path: 'test.wgsl', text, includes }, constants, true);
  return code.split('\n').filter((line) => !line.startsWith('const '));
}

describe('constants', () => {
  test('numbers and booleans become WGSL constants, strings do not', () => {
    const { code } = specialize({ path: 'test.wgsl', text: '$TYPE' }, { N: 3, P: 0.25, ON: true, TYPE: 'vec4f' }, true);
    expect(code).toBe(lines('const N = 3;', 'const P = 0.25;', 'const ON = true;', 'vec4f'));
  });

  test('names and expressions are filled in anywhere in a line', () => {
    const text = 'let x$i = $(i * (N - 1) + 2) + $(N / 2)u; // $TYPE';
    expect(expand(text, { i: 1, N: 5, TYPE: 'f16' })).toEqual(['let x1 = 6 + 2u; // f16']);
  });

  test('expressions may nest to any depth, and other dollars stay', () => {
    const text = 'f($(((N + (1 * (2)))) - (((3)))), g($N)) // $ and $5';
    expect(expand(text, { N: 4 })).toEqual(['f(3, g(4)) // $ and $5']);
  });

  test('a string of several lines keeps the origin of the line that it is filled into', () => {
    const source = { path: 'test.wgsl', text: lines('fn f() {$BODY', '}') };
    const { code, origins } = specialize(source, { BODY: '\n  one;\n  two;' }, true);
    expect(code).toBe(lines('fn f() {', '  one;', '  two;', '}'));
    expect(origins).toEqual(['test.wgsl:1', 'test.wgsl:1', 'test.wgsl:1', 'test.wgsl:2']);
  });

  test('what must stand first in WGSL comes before the constants', () => {
    const { code, origins } = specialize({ path: 'test.wgsl', text: lines('// half', 'enable f16;') }, { N: 1 }, true);
    expect(code).toBe(lines('enable f16;', 'const N = 1;', '// half'));
    expect(origins).toEqual(['test.wgsl:2', 'test.wgsl (constant N)', 'test.wgsl:1']);
  });
});

describe('#if', () => {
  const text = lines('#if N == 1', 'one', '#elif N > 1 && !ODD', 'even', '#elif N > 1', 'odd', '#else', 'none', '#end');

  test.each([
    [{ N: 1, ODD: true }, 'one'],
    [{ N: 4, ODD: false }, 'even'],
    [{ N: 3, ODD: true }, 'odd'],
    [{ N: 0, ODD: false }, 'none'],
  ])('%o takes the branch %s', (constants, want) => {
    expect(expand(text, constants)).toEqual([want]);
  });

  test('what is not taken is not read', () => {
    expect(expand(lines('#if false_ == 1', '$UNKNOWN', '#if UNKNOWN', '#end', '#end', 'x'), { false_: 0 })).toEqual([
      'x',
    ]);
  });

  test('compares strings', () => {
    expect(expand(lines("#if KIND == 'gelu'", 'erf', '#end'), { KIND: 'gelu' })).toEqual(['erf']);
  });
});

describe('#for', () => {
  test('repeats its lines, nested, with bounds that are expressions', () => {
    const text = lines('#for i in 0..N', '#for j in i..N - 1', 's$(i)_$j', '#end', '#end');
    expect(expand(text, { N: 3 })).toEqual(['s0_0', 's0_1', 's1_1']);
  });

  test('may repeat nothing', () => {
    expect(expand(lines('#for i in 0..N', 'x', '#end', 'y'), { N: 0 })).toEqual(['y']);
  });

  test('may hold branches on its variable', () => {
    const text = lines('#for i in 0..3', '#if i % 2 == 0', 'even$i', '#else', 'odd$i', '#end', '#end');
    expect(expand(text)).toEqual(['even0', 'odd1', 'even2']);
  });
});

describe('#include', () => {
  const inner = { path: 'inner.wgsl', text: lines('inner', '$WRONG') };

  test('puts a file in its place, once, and files that it includes', () => {
    const leaf = { path: 'leaf.wgsl', text: 'leaf' };
    const middle = {
      path: 'middle.wgsl',
      text: lines('#include "leaf.wgsl"', 'middle'),
      includes: { 'leaf.wgsl': leaf },
    };
    const text = lines('#include "m"', 'outer', '#include "l"');
    expect(expand(text, {}, { m: middle, l: leaf })).toEqual(['leaf', 'middle', 'outer']);
  });

  test('keeps directives that span an include', () => {
    const body = { path: 'body.wgsl', text: 'x$i' };
    expect(expand(lines('#for i in 0..2', '#include "b"', '#end'), {}, { b: body })).toEqual(['x0', 'x1']);
  });

  test('names the line of the file that is wrong', () => {
    expect(() => expand(lines('a', '#include "i"'), {}, { i: inner })).toThrow("inner.wgsl:2: 'WRONG' is not defined");
  });

  test('names the line that includes what is not there', () => {
    expect(() => expand(lines('a', '#include "gone.wgsl"'))).toThrow("test.wgsl:2: 'gone.wgsl' cannot be found");
  });
});

describe('mistakes name their file and line', () => {
  test.each([
    [['a', '#if 1'], "test.wgsl:2: '#if 1' has no '#end'"],
    [['a', '#end'], "test.wgsl:2: '#end' is out of place"],
    [['#else'], "test.wgsl:1: '#else' is out of place"],
    [['#loop'], "test.wgsl:1: '#loop' is out of place"],
    [['#for i of 3', '#end'], "test.wgsl:1: expected '#for NAME in FIRST..END', got '#for i of 3'"],
    [['#for i in 0..M', '#end'], "test.wgsl:1: 'M' is not defined"],
    [['#for i in 0..2', '', 'x$j', '#end'], "test.wgsl:3: 'j' is not defined"],
    [['#if 1 +', '#end'], "test.wgsl:1: '1 +' ends too early"],
    [['x $(1 ? 2)'], "test.wgsl:1: cannot read ' ? 2'"],
    [['#for i in 0..KIND', '#end'], "test.wgsl:1: 'KIND' must be a whole number, got gelu"],
    [['x $(1 + (2)'], "test.wgsl:1: '$(1 + (2)' lacks a ')'"],
    [['$constructor'], "test.wgsl:1: 'constructor' is not defined"],
    [['#if toString', '#end'], "test.wgsl:1: 'toString' is not defined"],
    [['$(1 constructor 2)'], "test.wgsl:1: 'constructor' is out of place in '1 constructor 2'"],
    [['#include "toString"'], "test.wgsl:1: 'toString' cannot be found"],
    [['x $(1 2)'], "test.wgsl:1: '2' is out of place in '1 2'"],
  ])('%s', (text, message) => {
    expect(() => expand(lines(...text), { KIND: 'gelu' })).toThrow(message);
  });
});

test('bindings are read off the WGSL', () => {
  const text = lines(
    '@group(0) @binding(0) var<storage, read> a: array<f32>;',
    '#if OPTIONAL',
    '@group(0) @binding(1) var<storage, read> b: array<f32>;',
    '#end',
    '@group(0) @binding(2) var<storage, read_write> c: array<f32>;',
    'var<workgroup> d: array<f32, 4>;',
  );
  const { bindings } = specialize({ path: 'test.wgsl', text }, { OPTIONAL: false }, true);
  expect(bindings).toEqual([
    { index: 0, name: 'a', type: 'read-only-storage' },
    { index: 2, name: 'c', type: 'storage' },
  ]);
});

describe('#sizes and #batch', () => {
  const included = {
    path: 'part.wgsl',
    text: lines('#batch N', '#sizes M', 'fn f(N: u32) -> u32 { return sizes.M * batch.N + N; }'),
  };
  const text = lines('#include "part.wgsl"', '#batch N', '#sizes C M', 'fn main() { let n = NN + C * sizes.C; }');
  const source = { path: 'test.wgsl', text, includes: { 'part.wgsl': included } };
  const body = ['fn f(N: u32) -> u32 { return sizes.M * batch.N + N; }', 'fn main() { let n = NN + C * sizes.C; }'];

  test('are constants and a uniform', () => {
    const { code, uniforms } = specialize(source, { K: 3, C: 2, M: 4, N: 5 }, false);
    expect(code.split('\n')).toEqual([
      'const K = 3;',
      'struct Sizes { M: u32, C: u32 } const sizes = Sizes(4u, 2u);',
      'struct Batch { N: u32 } @group(0) @binding(9) var<uniform> batch: Batch;',
      ...body,
    ]);
    expect(uniforms.map(({ index, names }) => [index, ...names.keys()])).toEqual([[9, 'N']]);
  });

  test('are two uniforms, if sizes are data', () => {
    const { code, uniforms } = specialize(source, { K: 3, C: 2, M: 4, N: 5 }, true);
    expect(code.split('\n')).toEqual([
      'const K = 3;',
      'struct Sizes { M: u32, C: u32 } @group(0) @binding(8) var<uniform> sizes: Sizes;',
      'struct Batch { N: u32 } @group(0) @binding(9) var<uniform> batch: Batch;',
      ...body,
    ]);
    expect(uniforms.map(({ index, names }) => [index, ...names.keys()])).toEqual([
      [8, 'M', 'C'],
      [9, 'N'],
    ]);
  });

  test.each([
    [{ C: 2, N: 5 }, "part.wgsl:2: the launch must give 'M' as a u32, got undefined"],
    [{ C: 2, M: -1, N: 5 }, "part.wgsl:2: the launch must give 'M' as a u32, got -1"],
    [{ C: 2.5, M: 1, N: 5 }, "test.wgsl:3: the launch must give 'C' as a u32, got 2.5"],
    [{ C: 2 ** 32, M: 1, N: 5 }, "test.wgsl:3: the launch must give 'C' as a u32, got 4294967296"],
    [{ C: 'two', M: 1, N: 5 }, "test.wgsl:3: the launch must give 'C' as a u32, got two"],
    [{ C: 2, M: 1 }, "part.wgsl:1: the launch must give 'N' as a u32, got undefined"],
  ])('must be given: %o', async (constants, message) => {
    const { gpu } = await testDevice();
    for (const sizesAsData of [true, false]) {
      expect(() => new PipelineCache(gpu, sizesAsData).get(source, constants)).toThrow(message);
    }
  });

  test.each([
    ['#sizes', "test.wgsl:2: '#sizes' must list names, got ''"],
    ['#batch N, M', "test.wgsl:2: '#batch' must list names, got 'N, M'"],
  ])('must list names: %s', (line, message) => {
    expect(() => specialize({ path: 'test.wgsl', text: lines('', line) }, {}, true)).toThrow(message);
  });

  test.each([['$N'], ['#if N > 1'], ['#for i in 0..N']])('are not known to templates: %s', (line) => {
    const text = lines('#batch N', line, '#end');
    for (const sizesAsData of [true, false]) {
      expect(() => specialize({ path: 'test.wgsl', text }, { N: 1 }, sizesAsData)).toThrow(
        "test.wgsl:2: 'N' is a size, which a template's expressions cannot use",
      );
    }
  });

  test('give the same numbers either way; a parameter may have the name of a size, and an undeclared one is an error', async () => {
    const text = lines(
      '#sizes C',
      '#batch N',
      '@group(0) @binding(0) var<storage, read_write> y: array<u32>;',
      'fn twice(C: u32) -> u32 { return 2 * C; }',
      '@compute @workgroup_size(1) fn main() { y[0] = twice(3) + 10 * sizes.C + 100 * batch.N; }',
    );
    const kernel = { path: 'test/sized.wgsl', text };
    for (const sizesAsData of [true, false]) {
      const { capabilities } = await testDevice();
      const device = await openDevice({ capabilities: { ...capabilities, sizesAsData } });
      const y = device.tensor([1], 'u32');
      const launch = { constants: { C: 4, N: 5 }, reads: {}, writes: { y }, workgroups: [1] as [number], flops: 0 };
      device.dispatch({ ...launch, kernel });
      expect(new Uint32Array(await device.readBytes(y))).toEqual(Uint32Array.of(546));
      device.dispatch({ ...launch, kernel: { ...kernel, text: text.replace('sizes.C', 'sizes.D') } });
      await expect(device.flush()).rejects.toThrow(/^test\/sized\.wgsl:5: .*D.* in /);
      device.destroy();
    }
  });

  test('as data: one pipeline serves all sizes', async () => {
    const { gpu } = await testDevice();
    const text = lines('#sizes N', '@compute @workgroup_size(1) fn main() { let n = sizes.N; }');
    const get = (sizesAsData: boolean) => {
      const pipelines = new PipelineCache(gpu, sizesAsData);
      return [4, 5, 4].map((N) => pipelines.get({ path: 'test/sized.wgsl', text }, { N }));
    };
    const [four, five, again] = get(true);
    expect(five.kernel).toBe(four.kernel);
    expect(five.uniforms[0]).not.toBe(four.uniforms[0]);
    expect(again.uniforms[0]).toBe(four.uniforms[0]);
    const [builtIn4, builtIn5, again4] = get(false);
    expect(builtIn5.kernel).not.toBe(builtIn4.kernel);
    expect(again4.kernel).toBe(builtIn4.kernel);
  });
});

test('kernels with one path and different text do not share a pipeline, those of the same text do', async () => {
  const { pipelines } = await testDevice();
  const main = '@compute @workgroup_size(1) fn main() {}';
  const source = (comment: string) => ({
    path: 'test/same.wgsl',
    text: lines('#include "part"', main),
    includes: { part: { path: 'test/part.wgsl', text: `// ${comment}` } },
  });
  const { kernel } = pipelines.get(source('a'), {});
  expect(pipelines.get(source('a'), {}).kernel).toBe(kernel);
  expect(pipelines.get(source('b'), {}).kernel).not.toBe(kernel);
});

describe("the WGSL compiler's errors name the kernel's file and line", () => {
  let kernels = 0;

  /** Compiles a kernel around `body`, which begins at its line 4. A constant tells the kernels apart. */
  async function compile(body: string[], constants: Constants = {}, includes?: Record<string, KernelSource>) {
    const text = lines(
      '@group(0) @binding(0) var<storage, read_write> y: array<f32>;',
      '@compute @workgroup_size(1)',
      'fn main() {',
      ...body,
      '  y[0] = 1.0;',
      '}',
      ...Object.keys(includes ?? {}).map((name) => `#include "${name}"`),
    );
    const device = await testDevice();
    return device.pipelines.get({ path: 'test/broken.wgsl', text, includes }, { ...constants, KERNEL: kernels++ })
      .kernel.compiled;
  }

  test('in plain code', async () => {
    await expect(compile(['  let a = 1;', '  let b = c;'])).rejects.toThrow(
      "test/broken.wgsl:5: unresolved value 'c' in 'let b = c;'",
    );
  });

  test('in an unrolled loop', async () => {
    await expect(
      compile(['#for i in 0..3', '  let v$i = 1;', '  let w$i = v$(i + 1);', '#end'], { N: 1 }),
    ).rejects.toThrow("test/broken.wgsl:6: unresolved value 'v1' in 'let w0 = v1;'");
  });

  test('behind branches that were not taken', async () => {
    await expect(
      compile(['#if N == 2', '  let a = 1;', '#else', '  let b = nothing;', '#end'], { N: 1 }),
    ).rejects.toThrow("test/broken.wgsl:7: unresolved value 'nothing'");
  });

  test('in an include', async () => {
    const helper = { path: 'test/helper.wgsl', text: lines('fn help() -> f32 {', '  return 1u;', '}') };
    await expect(compile([], {}, { 'helper.wgsl': helper })).rejects.toThrow(
      /^test\/helper\.wgsl:2: .* in 'return 1u;'/,
    );
  });

  test('in a constant', async () => {
    await expect(compile([], { target: 1 })).rejects.toThrow(
      "test/broken.wgsl (constant target): 'target' is a reserved",
    );
  });
});
