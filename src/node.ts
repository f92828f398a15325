// What only Node has: its adapters, and files.
export { readCifar10 } from './data/cifar10-folder.ts';
export { readCifar100 } from './data/cifar100-folder.ts';
export { dataNames, openData } from './data/data-folder.ts';
export { readIdx } from './data/idx-folder.ts';
export * from './index.ts';
export { listNodeAdapters, openNodeDevice, requestNodeAdapter } from './runtime/node.ts';
