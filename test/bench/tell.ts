/** How a bench tells what it finds: to main.ts if that has started it, else straight to the terminal. */
import type { Row } from './side-by-side.ts';
import { heading, lineOf } from './table.ts';

/** What a bench says to main.ts. */
export type Told =
  | { readonly type: 'about'; readonly text: string }
  | { readonly type: 'row'; readonly row: Row }
  | { readonly type: 'note'; readonly text: string };

/** What is measured and how; said once, first. */
export function about(text: string): void {
  tell({ type: 'about', text }, `${text}\n\n${heading}`);
}

/** A row is finished. */
export function found(row: Row): void {
  tell({ type: 'row', row }, lineOf(row));
}

/** Something that the reader of the table should know. */
export function note(text: string): void {
  tell({ type: 'note', text }, `note: ${text}`);
}

/** What goes on right now; stderr, since it is no result. */
export function progress(text: string): void {
  process.stderr.write(`… ${text}\n`);
}

/** The whole number that the bench was started with, if it was. */
export function sizeOr(usual: number): number {
  const [, , text = ''] = process.argv;
  return /^\d+$/.test(text) ? Number(text) : usual;
}

function tell(told: Told, text: string): void {
  if (process.send) process.send(told);
  else process.stdout.write(`${text}\n`);
}
