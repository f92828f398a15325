// Messages between the page and its worker.
import type { LeftOut } from '../src/data/left_out.ts';
import type { Figures, Roofline } from '../src/engine.ts';
import type {
  AdapterSummary,
  BranchMaps,
  EpochMetrics,
  Filters,
  Precision,
  Prediction,
  Progress,
  YYNetConfig,
} from '../src/index.ts';
import type { Insight, Picture } from '../src/inference/insight.ts';
import type { History, Point } from '../src/train/history.ts';

export type { Filters } from '../src/index.ts';
export type { Insight, Picture, Sample } from '../src/inference/insight.ts';
export type { History, Point } from '../src/train/history.ts';

/** What the worker is doing. 'preparing' covers all work besides training: compiling, reading, evaluating. */
export type Phase = 'idle' | 'preparing' | 'training' | 'paused';

/** A file of the user. */
export interface FileEntry {
  /** Path in the dropped or chosen folder, such as CLASS/1.png. */
  readonly path: string;
  readonly file: Blob;
  /** Why the browser cannot read it, in the browser's words. */
  readonly problem?: string;
}

/** CIFAR-10's binary files, a zip archive, or pictures in one folder per class. */
export interface FileSource {
  readonly kind: 'files';
  readonly name: string;
  readonly files: readonly FileEntry[];
  /** Fraction of each class that validates if there is no validation folder. */
  readonly valSplit: number;
}

/** The pictures on the page's cards, one card a class. */
export interface CardSource {
  readonly kind: 'cards';
  readonly classes: readonly { readonly name: string; readonly pictures: readonly Blob[] }[];
  /** Fraction of each class that validates. */
  readonly valSplit: number;
}

/** Source of the pictures. */
export type Source = { readonly kind: 'shapes' } | FileSource | CardSource;

/** A picture for a card, or why it is none. */
export type Square = { readonly picture: Blob } | { readonly leftOut: LeftOut };

/** The form's settings. Everything else is as in the paper, or as `yy-train --init` has it. */
export interface Settings {
  /** What the weights are first: those of the net that comes with the page, as far as they fit, or random. */
  readonly start: 'cifar10' | 'random';
  readonly channels: number;
  readonly fusion: YYNetConfig['fusion'];
  readonly yin: YYNetConfig['yin'];
  readonly activation: YYNetConfig['activation'];
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly precision: Precision;
  readonly seed: number;
}

/** Description of a data set for the page. */
export interface DataSummary {
  readonly name: string;
  /** Whether it is the built-in data set 'shapes'. */
  readonly builtIn: boolean;
  /** Whether its pictures are on the page's cards. */
  readonly fromCards: boolean;
  readonly classes: readonly string[];
  /** Number of training pictures. */
  readonly train: number;
  /** Number of validation pictures. */
  readonly validation: number;
  /** Number of training pictures of each class. */
  readonly counts: readonly number[];
  /** One training picture of each of the first classes. */
  readonly samples: readonly { readonly label: number; readonly picture: Picture }[];
  /** What the user should know about it, a sentence each; if files are not used, the first one counts them. */
  readonly notices: readonly string[];
  /** Files that are not used. */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
}

/** Description of the current net for the page. */
export interface NetSummary {
  readonly config: YYNetConfig;
  readonly classNames: readonly string[];
  /** Training steps done; undefined if the checkpoint has no training state. */
  readonly step?: number;
  /** Whether training can be resumed: there is a training state, epochs remain, and the pictures are the same. */
  readonly resumable: boolean;
  /** The settings it was trained with. Checkpoints do not say what it started from; a saved run does. */
  readonly settings: Omit<Settings, 'start'> & Partial<Pick<Settings, 'start'>>;
}

/** Description of the run that was saved automatically. */
export interface SavedRun {
  readonly savedAt: number;
  readonly dataName: string;
  readonly step: number;
  readonly steps: number;
  readonly accuracy?: number;
}

/** The opened adapter. */
export interface Opened {
  readonly adapter: AdapterSummary;
  readonly notice?: string;
  readonly saved?: SavedRun;
}

/** A restored run. */
export interface Restored {
  readonly data: DataSummary;
  readonly net: NetSummary;
}

/** A picture and the feature maps of both branches. */
export interface PictureMaps {
  readonly picture: Picture;
  /** How Yin's grey input is made: the mean of the channels, or the first one. */
  readonly yin: YYNetConfig['yin'];
  readonly maps: BranchMaps;
}

export interface KernelTimes {
  readonly rows: readonly Figures[];
  readonly total: Figures;
  readonly roofline: Roofline;
}

/** Requests of the page to the worker. */
export type Request =
  | { readonly type: 'open' }
  | { readonly type: 'restore' }
  | { readonly type: 'forget' }
  | { readonly type: 'data'; readonly source: Source }
  /** Makes a picture for a card. An ImageBitmap is transferred. */
  | { readonly type: 'square'; readonly picture: FileEntry | ImageBitmap }
  | { readonly type: 'train'; readonly settings: Settings }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'stop' }
  /** Feature maps of a validation picture. */
  | { readonly type: 'maps'; readonly index: number }
  | { readonly type: 'classify'; readonly picture: Blob | ImageBitmap }
  | { readonly type: 'load'; readonly file: File }
  | { readonly type: 'save'; readonly format: 'safetensors' | 'onnx' }
  | { readonly type: 'profile' };

/** Results of the requests, by type. */
export interface Answers {
  open: Opened;
  restore: Restored;
  forget: undefined;
  data: DataSummary;
  square: Square;
  train: undefined;
  pause: undefined;
  resume: undefined;
  stop: undefined;
  maps: PictureMaps;
  classify: Prediction;
  load: NetSummary;
  save: Uint8Array<ArrayBuffer>;
  profile: KernelTimes;
}

/** Events that the worker sends without a request. */
export type Event =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** Progress of reading a data set. */
  | { readonly type: 'reading'; readonly task: string; readonly done: number; readonly total: number }
  | { readonly type: 'progress'; readonly progress: Progress; readonly point?: Point }
  | { readonly type: 'history'; readonly history: History }
  | { readonly type: 'epoch'; readonly metrics: EpochMetrics }
  | { readonly type: 'net'; readonly net: NetSummary; readonly filters: Filters }
  | { readonly type: 'insight'; readonly insight: Insight }
  | { readonly type: 'saved'; readonly at: number }
  | { readonly type: 'unsaved'; readonly reason: string }
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string };

export type ToWorker = { readonly id: number; readonly request: Request };
export type FromWorker =
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answers[Request['type']] }
  | { readonly type: 'failure'; readonly id: number; readonly message: string }
  | Event;
