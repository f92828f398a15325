// What the page and its worker say to each other.
import type {
  AdapterSummary,
  BranchMaps,
  EpochMetrics,
  Figures,
  Filters,
  Guess,
  History,
  Insight,
  Picture,
  Point,
  Precision,
  Progress,
  Roofline,
  YYNetConfig,
} from '../src/index.ts';

export type { Filters, History, Insight, Picture, Point, Sample } from '../src/index.ts';

/** Nothing, something under way that a click began, or training. */
export type Phase = 'idle' | 'preparing' | 'training' | 'paused';

/** A file of the visitor's, by its path in what was dropped or picked: CLASS/1.png. */
export interface FileEntry {
  readonly path: string;
  readonly file: Blob;
}

/** CIFAR-10's binary files, a zip archive, or pictures in a folder for each class. */
export interface FileSource {
  readonly kind: 'files';
  readonly name: string;
  readonly files: readonly FileEntry[];
  /** The share of each class that validates where no folder says which pictures do. */
  readonly valSplit: number;
}

/** Where pictures come from. */
export type Source = { readonly kind: 'shapes' } | FileSource;

/** What the form sets; all else is the paper's. */
export interface Settings {
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

/** A data set, in words and some pictures. */
export interface DataSummary {
  readonly name: string;
  /** Whether they are the page's own shapes. */
  readonly builtIn: boolean;
  readonly classes: readonly string[];
  readonly train: number;
  readonly validation: number;
  /** One training picture of each class, of the first classes. */
  readonly samples: readonly { readonly label: number; readonly picture: Picture }[];
  /** Files that are no pictures. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** A net that is ready to be used. */
export interface NetSummary {
  readonly config: YYNetConfig;
  readonly classNames: readonly string[];
  /** Steps it has been trained for; undefined where the file does not tell. */
  readonly step?: number;
  /** Whether training can go on: the state is there, epochs are left, and the pictures are the same. */
  readonly resumable: boolean;
  /** What it was trained with. */
  readonly settings: Settings;
}

/** What was saved by itself before the page was closed. */
export interface SavedRun {
  readonly savedAt: number;
  readonly dataName: string;
  readonly step: number;
  readonly steps: number;
  readonly accuracy?: number;
}

export interface Opened {
  readonly adapter: AdapterSummary;
  readonly notice?: string;
  readonly saved?: SavedRun;
}

/** A saved run as it was. */
export interface Restored {
  readonly data: DataSummary;
  readonly net: NetSummary;
}

/** What both branches make of a picture; Yin sees the mean or the first of its colours. */
export interface Seen {
  readonly picture: Picture;
  readonly yin: YYNetConfig['yin'];
  readonly maps: BranchMaps;
}

export interface KernelTimes {
  readonly rows: readonly Figures[];
  readonly total: Figures;
  readonly roofline: Roofline;
}

/** What the page asks of the worker. */
export type Request =
  | { readonly type: 'open' }
  | { readonly type: 'restore' }
  | { readonly type: 'forget' }
  | { readonly type: 'data'; readonly source: Source }
  | { readonly type: 'train'; readonly settings: Settings }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'stop' }
  /** What both branches make of a validation picture. */
  | { readonly type: 'see'; readonly index: number }
  | { readonly type: 'classify'; readonly picture: Blob | ImageBitmap }
  | { readonly type: 'load'; readonly file: File }
  | { readonly type: 'save'; readonly format: 'safetensors' | 'onnx' }
  | { readonly type: 'profile' };

/** What the worker answers, by the request's type. */
export interface Answers {
  open: Opened;
  restore: Restored;
  forget: undefined;
  data: DataSummary;
  train: undefined;
  pause: undefined;
  resume: undefined;
  stop: undefined;
  see: Seen;
  /** The most probable first. */
  classify: readonly Guess[];
  load: NetSummary;
  save: Uint8Array<ArrayBuffer>;
  profile: KernelTimes;
}

/** What the worker tells unasked. */
export type Event =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** Of a data set that is being read. */
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
