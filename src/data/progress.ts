/** How far some work on a data set is, such as its download. */
export interface DataProgress {
  /** What is done: 'downloading …'. */
  readonly task: string;
  readonly done: number;
  /** Missing where a server does not tell. */
  readonly total?: number;
  readonly unit: 'bytes' | 'pictures';
}

export type OnDataProgress = (progress: DataProgress) => void;
