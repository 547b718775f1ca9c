/// <reference lib="dom" />
/** What the page holds for its script, and where. */
import type { ChartPage, Column, SeriesSpec } from '../chart-spec.ts';

/** An element of the page by its id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/** All that the page draws. */
export let page = JSON.parse(byId('chart-data').textContent ?? '') as ChartPage;

/** From now on the page draws this. */
export function setPage(next: ChartPage): void {
  page = next;
}

/** Values by their name. */
export function column(name: string): Column {
  return page.columns[name] ?? [];
}

/** Whether a series is a step line that does not stretch the axis. */
export function isLimit(style: SeriesSpec['style']): boolean {
  return style === 'limit' || style === 'limit-dashed';
}
