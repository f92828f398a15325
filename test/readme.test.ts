import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

test("README's TypeScript compiles under strict, as pasted into an empty file", async () => {
  const samples = [...(await readFile('README.md', 'utf8')).matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code);
  expect(samples).not.toEqual([]);
  const files = new Map(samples.map((code, i) => [resolve(`sample${i}.ts`), code]));
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(
    // The sources in the place of the package, which may not be built.
    { ...config.compilerOptions, paths: config.compilerOptions.paths },
    '.',
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile: read, getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? read(name);
  host.getSourceFile = (name, language, ...rest) => {
    const code = files.get(name);
    return code === undefined ? getSourceFile(name, language, ...rest) : ts.createSourceFile(name, code, language);
  };
  const program = ts.createProgram([resolve('src/wgsl.d.ts'), ...files.keys()], options, host);
  const found = [...files.keys()].flatMap((name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)));
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});
