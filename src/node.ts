// What only Node has: its adapters, and files.
export { readCifar10 } from './data/cifar10-folder.ts';
export * from './index.ts';
export { listNodeAdapters, requestNodeAdapter } from './runtime/node.ts';
