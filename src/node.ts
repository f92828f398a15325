/// <reference lib="esnext.disposable" preserve="true" />
// yynet/node: adapters and data files in Node.
export { readCifar10 } from './data/cifar10-folder.ts';
export { readCifar100 } from './data/cifar100-folder.ts';
export { type DataOptions, dataNames, openData } from './data/data-folder.ts';
export { readIdx } from './data/idx-folder.ts';
export type { LeftOut } from './data/left_out.ts';
export type { OpenedData } from './data/pictures-folder.ts';
export type { DataProgress, OnDataProgress } from './data/progress.ts';
export type { NamedTensors } from './interop/state.ts';
export { listNodeAdapters, openNodeDevice, requestNodeAdapter } from './runtime/node.ts';
export { configOf, type ImportedState, importState } from './yinyang/import.ts';
export type { Naming } from './yinyang/naming.ts';
