import type { BranchMaps, Filters } from '../../inference/feature_maps.ts';
import type { Insight, Picture } from '../../inference/insight.ts';
import type { History, Point } from '../../train/history.ts';
import type { EpochMetrics, Progress } from '../../train/hooks.ts';
import type { YYNetConfig } from '../../yinyang/config.ts';

/** A validation picture and the outputs of both branches for it. */
export interface PictureMaps {
  readonly index: number;
  readonly picture: Picture;
  /** Yin's input: the mean of the channels or the first one. */
  readonly yin: YYNetConfig['yin'];
  readonly maps: BranchMaps;
}

/** A message from the server to a page. */
export type DashboardEvent =
  /** The first message: the run and its history. */
  | { readonly type: 'run'; readonly path: string; readonly summary: string; readonly history: History }
  | { readonly type: 'progress'; readonly progress: Progress; readonly point?: Point }
  | { readonly type: 'epoch'; readonly metrics: EpochMetrics }
  /** The net after a step, with the feature maps of the picture that was requested last. */
  | {
      readonly type: 'insight';
      readonly step: number;
      readonly insight: Insight;
      readonly filters: Filters;
      readonly pictureMaps: PictureMaps;
    }
  | { readonly type: 'failed'; readonly message: string }
  /** The last message. */
  | { readonly type: 'ended'; readonly message: string };
