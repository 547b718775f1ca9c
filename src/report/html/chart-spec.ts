/** What the page's script draws: plain data, embedded in the page as JSON. One generic function draws it all. */
export interface ChartPage {
  /** The end of the time axis, seconds since the load began. */
  readonly end: number;
  /** A limit stretches the y axis as long as it is below this multiple of all else in view. */
  readonly limitReach: number;
  /** All values, by the names that the charts use; charts share them. */
  readonly columns: Readonly<Record<string, Column>>;
  readonly charts: readonly ChartSpec[];
}

/** Values along an x column; null where there is none. */
export type Column = readonly (number | null)[];

/** One chart. */
export interface ChartSpec {
  /** The id of its figure in the page. */
  readonly id: string;
  /** Time charts share cursor and zoom. A percentile chart's x is 1/(1-p), on a logarithmic axis. */
  readonly axis: 'time' | 'percentile';
  /** A small one stands among others like it: its legend has no words, its axes few. */
  readonly size: 'full' | 'small';
  /** The column of x values. */
  readonly x: string;
  readonly unit: Unit;
  /** A logarithmic y axis. */
  readonly log: boolean;
  /** How far a linear y axis reaches at least, so that neighbours share it; 0: as far as its own values. */
  readonly reach: number;
  /** Draws each area on top of the areas before it. */
  readonly stacked: boolean;
  /** What the legend shows while no cursor is in the chart. */
  readonly idle: 'mean' | 'max' | 'last' | 'p99';
  readonly series: readonly SeriesSpec[];
  readonly bands: readonly Band[];
  readonly marks: readonly Mark[];
}

/** `share`: from 0 to 1, written in percent. */
export type Unit = 'perSecond' | 'count' | 'ms' | 'share';

/** One line or area. */
export interface SeriesSpec {
  readonly label: string;
  readonly column: string;
  /** The style sheet's name of the colour, without `--`. */
  readonly color: string;
  /** A limit is a step line that does not stretch the y axis when it is far above all that happened. */
  readonly style: 'line' | 'thin' | 'area' | 'limit' | 'limit-dashed';
  /** Another unit than the chart's has an axis of its own, at the right. */
  readonly unit?: Unit;
  /** Not shown until its key is pressed. */
  readonly hidden?: true;
  /** Words that are shown where a pointer rests on it. */
  readonly note?: string;
}

/** A moment that a line across the chart marks. */
export interface Mark {
  readonly at: number;
  readonly label: string;
  /** The style sheet's name of the colour, without `--`. */
  readonly color: string;
}

/** A stretch of time behind a chart, named in a strip above it. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly kind: 'warmup' | 'baseline' | 'incident' | 'elsewhere' | 'recovery' | 'drain';
  readonly label: string;
  /** Which row of the strip it is in; stretches that overlap are in different rows. */
  readonly lane: number;
}
