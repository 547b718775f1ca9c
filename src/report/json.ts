import type { Summary } from './summary.ts';

/** `summary.json`: the summary, two blanks a level, keys in the order of the contract, a newline at the end. */
export function renderJson(summary: Summary): string {
  return `${JSON.stringify(summary, null, 2)}\n`;
}
