import type { ChartPage, Column } from '../report/html/chart-spec.ts';

/** What the live page is told, an event each. */
export interface PageChange {
  /** One line about the page itself. */
  readonly notice: string;
  /** Nothing comes after it: the run has ended. */
  readonly final: boolean;
  /** The ids of all parts of the page, in their order. */
  readonly order: readonly string[];
  /** HTML of those that changed. */
  readonly parts: Readonly<Record<string, string>>;
  readonly charts: ChartChange;
}

/** The charts' new data. */
export interface ChartChange {
  /** All but the columns. */
  readonly rest: Omit<ChartPage, 'columns'>;
  /** Of each column that changed: from which place on, and the values from there to its end. */
  readonly columns: Readonly<Record<string, readonly [from: number, values: Column]>>;
}
