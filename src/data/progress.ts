/** Progress of a task such as the download of a data set. */
export interface DataProgress {
  /** For example 'downloading …'. */
  readonly task: string;
  readonly done: number;
  /** Undefined if the server does not send the length. */
  readonly total?: number;
  readonly unit: 'bytes' | 'pictures';
}

/** Receives the progress of opening a data set. */
export type OnDataProgress = (progress: DataProgress) => void;
