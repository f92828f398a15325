// npm run example NAME [ARG …]: runs examples/NAME.ts on the sources in src/.
import { fileURLToPath } from 'node:url';

const [, , name, ...args] = process.argv;
const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url));
process.argv = [process.argv[0], 'run.mjs', file, ...args];
await import('./run.mjs');
