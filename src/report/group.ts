/** Runs of a group for a terminal: a line for each, and what they have in common at the end. */
import type { RunValue } from '../gate/change.ts';
import { aggregationName } from '../gate/threshold.ts';
import { deviationOf, meanOf } from '../gate/welch.ts';
import { keyOf, knownOf, type Quantity, reader, thresholdsOf } from './comparison/quantities.ts';
import { numberText, percentText, sideText, titleOf } from './comparison/wording.ts';
import { formatCount } from './numbers.ts';
import { paintWith } from './paint.ts';
import type { Summary } from './summary.ts';
import { table } from './text-table.ts';

/** A run's verdict in a line; where it failed, with the reason. */
export function groupLine(label: string, { verdict, run, totals }: Summary, color: boolean): string {
  const paint = paintWith(color);
  const word = run.interrupted ? 'interrupted' : verdict.passed ? 'passed' : 'failed';
  const mark = verdict.passed ? paint('green', '✓') : paint('red', '✗');
  return `  ${mark} ${label} ${word}, ${formatCount(totals.delivered)} delivered${verdict.passed ? '' : `: ${verdict.sentence}`}\n`;
}

/** The end of a group: how many runs passed, and how far what they are held to differs from run to run. */
export function renderGroup(summaries: readonly Summary[], color: boolean): string {
  const paint = paintWith(color);
  const last = summaries.at(-1);
  if (!last) return '';
  const passed = summaries.filter(({ verdict }) => verdict.passed).length;
  const all = passed === summaries.length;
  const verdict = `${all ? '✓' : '✗'} ${passed} OF ${summaries.length} PASSED`;
  const readers = summaries.map(reader);
  const quantities = new Map(thresholdsOf(last).map((asked) => [titleOf(named(asked)), asked]));
  const rows = [...quantities.values()].map((asked) =>
    row(
      asked,
      readers.map((read) => read(asked)),
    ),
  );
  const [head = '', ...lines] = table(
    [['metric', 'mean', 'least', 'most', 'noise'], ...rows],
    ['left', 'right', 'right', 'right', 'right'],
  );
  return [
    '',
    `  ${paint('bold', paint(all ? 'green' : 'red', verdict))}  ${paint('bold', last.run.scenario)}`,
    ...(rows.length === 0 ? [] : ['', paint('dim', `    ${head}`), ...lines.map((line) => `    ${line}`)]),
    '',
    '',
  ].join('\n');
}

function named(quantity: Quantity): { metric: string; aggregation: string; unit: 'ms' | '' } {
  return {
    metric: keyOf(quantity),
    aggregation: aggregationName(quantity.aggregation),
    unit: knownOf(quantity)?.unit ?? '',
  };
}

/** Noise is the standard deviation as a share of the mean. */
function row(quantity: Quantity, values: readonly RunValue[]): string[] {
  const what = named(quantity);
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length < values.length || numbers.length === 0)
    return [titleOf(what), sideText(what, { values: values.map((value) => value ?? null), mean: null })];
  const mean = meanOf(numbers);
  const noise = numbers.length > 1 && mean !== 0 ? percentText(deviationOf(numbers) / Math.abs(mean)) : '';
  const ends = [Math.min(...numbers), Math.max(...numbers)];
  return [titleOf(what), ...[mean, ...ends].map((value) => numberText(what, value)), noise];
}
