import type { BranchMaps } from '../../train/feature_maps.ts';
import type { History, Point } from '../../train/history.ts';
import type { EpochMetrics, Progress } from '../../train/hooks.ts';
import type { Filters, Insight, Picture } from '../../train/insight.ts';
import type { YYNetConfig } from '../../yinyang/config.ts';

/** What both branches make of a validation picture; Yin sees the mean or the first of its colours. */
export interface Seen {
  readonly index: number;
  readonly picture: Picture;
  readonly yin: YYNetConfig['yin'];
  readonly maps: BranchMaps;
}

/** What the server tells a page. */
export type DashboardEvent =
  /** The first: what there is to know about the run. */
  | { readonly type: 'run'; readonly path: string; readonly summary: string; readonly history: History }
  | { readonly type: 'progress'; readonly progress: Progress; readonly point?: Point }
  | { readonly type: 'epoch'; readonly metrics: EpochMetrics }
  /** The net as it is after a step, with the maps of the picture that was asked for last. */
  | {
      readonly type: 'insight';
      readonly step: number;
      readonly insight: Insight;
      readonly filters: Filters;
      readonly seen: Seen;
    }
  | { readonly type: 'failed'; readonly message: string }
  /** The last. */
  | { readonly type: 'ended'; readonly message: string };
