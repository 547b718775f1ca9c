/** Several MTAs, or versions or settings of one, beside each other: a column for each, nothing gates. */
import type { RunValue } from '../../gate/change.ts';
import { aggregationName } from '../../gate/threshold.ts';
import { table as markdownTable, plain } from '../markdown-text.ts';
import { paintWith } from '../paint.ts';
import type { Summary } from '../summary.ts';
import { table, wrap } from '../text-table.ts';
import { newestOf, readerOf } from './compare.ts';
import type { ComparedRun } from './comparison.ts';
import { grief, SAME } from './doubts.ts';
import { keyOf, knownOf, nameOf, type Quantity, quantitiesIn, thresholdsOf } from './quantities.ts';
import { numberText, sideText, titleOf } from './wording.ts';

/** What `compare --side-by-side --json` prints. Times are milliseconds; shares and rates are as in summaries. */
export interface SideBySide {
  readonly schema: 1;
  readonly columns: readonly Column[];
  readonly rows: readonly SideBySideRow[];
  /** Why columns may not be comparable, or a run may not be worth much; a sentence each. */
  readonly warnings: readonly string[];
}

/** The runs of one path. */
export interface Column {
  /** What tells it from the others: the MTA and its version, else the path. */
  readonly title: string;
  readonly runs: readonly string[];
  readonly mta: string;
  readonly scenario: string;
  /** Runs that held their own thresholds. */
  readonly passed: number;
}

/** One number of all columns. */
export interface SideBySideRow {
  readonly metric: string;
  readonly aggregation: string;
  readonly unit: 'ms' | '';
  readonly better: 'higher' | 'lower' | null;
  /** A threshold of the newest run names it, or it tells most about an MTA; the others are shown where all are asked for. */
  readonly usual: boolean;
  /** For each column what each run says: a word where there is no number, null where it is not known. */
  readonly values: readonly (readonly (number | string | null)[])[];
  /** The mean of each column; null where it has none. */
  readonly means: readonly (number | null)[];
  /** Columns that are best, by index; none where all are alike or there is no better. */
  readonly best: readonly number[];
}

/** A difference that does not matter. */
const ALIKE = 0.02;

/** What tells MTAs apart, whatever the thresholds. */
const USUAL: readonly RegExp[] = [
  /^(injections|delivered) rate$/,
  /^(injection_duration|delivery_latency) (med|p\(99\))$/,
  /^(throttled|deferred|rejected) rate$/,
  /^attempts_per_delivery p\(99\)$/,
  /^messages_per_connection med$/,
  /^connections_opened rate$/,
  /^(wasted_attempts|wasted_connections) rate$/,
  /^utilisation\{isp:[^},]*\} value$/,
  /^(bounced|expired|pending|lost|duplicated|unaccounted|missing_dsn|false_bounce) count$/,
];

/** Puts columns of runs beside each other; each has at least one run. */
export function sideBySide(columns: readonly (readonly ComparedRun[])[]): SideBySide {
  const all = columns.flat();
  const asked = new Map<string, Quantity>(
    thresholdsOf(newestOf(all).summary).map((threshold) => [nameOf(threshold), threshold]),
  );
  const quantities = new Map(asked);
  for (const { summary } of all)
    for (const [name, { quantity }] of quantitiesIn(summary)) quantities.set(name, quantity);
  const readers = columns.map((runs) => runs.map(readerOf));
  const rows = [...quantities].flatMap(([name, quantity]) => {
    const values = readers.map((column) => column.map((read) => read(quantity)));
    const usual = asked.has(name) || USUAL.some((pattern) => pattern.test(name));
    return values.flat().every((value) => value === undefined || value === 'no samples')
      ? []
      : [rowOf(quantity, values, usual)];
  });
  return {
    schema: 1,
    columns: columns.map((runs) => columnOf(runs, titleFor(columns))),
    rows: [...rows.filter(({ usual }) => usual), ...rows.filter(({ usual }) => !usual)],
    warnings: [
      ...differences(columns),
      ...all.flatMap(grief),
      ...columns.flatMap((runs) => paced(runs, titleFor(columns))),
    ],
  };
}

/** Side by side for a terminal, ending with a newline. */
export function renderSideBySide(
  { columns, rows, warnings }: SideBySide,
  { color, width = 100, all }: { readonly color: boolean; readonly width?: number; readonly all: boolean },
): string {
  const paint = paintWith(color);
  const shown = rows.filter(({ usual }) => all || usual);
  const lines = table(
    [['', ...columns.map(({ title }) => `${title}  `)], ...shown.map((row) => [titleOf(row), ...cells(row)])],
    ['left', ...columns.map(() => 'right' as const)],
  );
  const hidden = rows.length - shown.length;
  return `\n${[
    ...warnings.flatMap((warning) =>
      wrap(warning, width - 4).map((line, i) => `  ${i === 0 ? paint('yellow', '!') : ' '} ${line}`),
    ),
    ...(warnings.length > 0 ? [''] : []),
    ...lines.map((line, i) => (i === 0 ? paint('bold', `  ${line}`) : `  ${line}`)),
    '',
    paint('dim', `  * best, by more than ${ALIKE * 100} %${hidden > 0 ? `; ${hidden} more with --all` : ''}`),
  ].join('\n')}\n\n`;
}

/** Side by side in GitHub-flavoured Markdown, ending with a newline. */
export function markdownSideBySide({ columns, rows, warnings }: SideBySide, all: boolean): string {
  const shown = rows.filter(({ usual }) => all || usual);
  return `${[
    ...warnings.map((warning) => `> ⚠️ ${plain(warning)}`),
    markdownTable(
      ['', ...columns.map(({ title }) => `>${plain(title)}`)],
      shown.map((row) => [
        `\`${titleOf(row)}\``,
        ...row.values.map((_, i) => {
          const text = plain(textOf(row, i));
          return row.best.includes(i) ? `**${text}**` : text;
        }),
      ]),
    ),
  ].join('\n\n')}\n`;
}

// --- internal ---

function rowOf(quantity: Quantity, values: readonly (readonly RunValue[])[], usual: boolean): SideBySideRow {
  const definition = knownOf(quantity);
  const better = definition?.better ?? null;
  const means = values.map(meanOf);
  return {
    metric: keyOf(quantity),
    aggregation: aggregationName(quantity.aggregation),
    unit: definition?.unit ?? '',
    better,
    usual,
    values: values.map((column) => column.map((value) => value ?? null)),
    means,
    best: bestOf(means, better),
  };
}

/** The mean of a column that has nothing but numbers. */
function meanOf(values: readonly RunValue[]): number | null {
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === 0 || numbers.length < values.length
    ? null
    : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function bestOf(means: readonly (number | null)[], better: SideBySideRow['better']): number[] {
  const numbers = means.filter((mean) => mean !== null);
  if (better === null || numbers.length < 2) return [];
  const best = better === 'higher' ? Math.max(...numbers) : Math.min(...numbers);
  const near = (mean: number | null): boolean =>
    mean !== null && Math.abs(mean - best) <= ALIKE * Math.max(Math.abs(best), Math.abs(mean));
  const winners = means.flatMap((mean, i) => (near(mean) ? [i] : []));
  return winners.length === means.length ? [] : winners;
}

/** The mean of a cell, with the range of its runs. */
function textOf(row: SideBySideRow, column: number): string {
  const values = row.values[column] ?? [];
  const mean = row.means[column] ?? null;
  const text = sideText(row, { values, mean });
  const numbers = values.filter((value) => typeof value === 'number');
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (mean === null || numbers.length < 2 || high - low <= ALIKE * Math.abs(mean)) return text;
  return `${text} (${numberText(row, low)} to ${numberText(row, high)})`;
}

function cells(row: SideBySideRow): string[] {
  return row.values.map((_, i) => `${textOf(row, i)}${row.best.includes(i) ? ' *' : '  '}`);
}

function columnOf(runs: readonly ComparedRun[], title: (runs: readonly ComparedRun[]) => string): Column {
  const { summary } = newestOf(runs);
  return {
    title: title(runs),
    runs: runs.map(({ name }) => name),
    mta: mtaOf(summary),
    scenario: summary.run.scenario,
    passed: runs.filter((run) => run.summary.verdict.passed).length,
  };
}

/** Columns are known by their MTA where that tells them apart, else by their scenario or their paths. */
function titleFor(columns: readonly (readonly ComparedRun[])[]): (runs: readonly ComparedRun[]) => string {
  const names: readonly ((runs: readonly ComparedRun[]) => string)[] = [
    (runs) => mtaOf(newestOf(runs).summary),
    (runs) => newestOf(runs).summary.run.scenario,
  ];
  const telling = names.find((name) => new Set(columns.map(name)).size === columns.length);
  return telling ?? ((runs) => (runs[0]?.name ?? '').replace(/[ /]run-\d+$/, ''));
}

function mtaOf({ mta }: Summary): string {
  return mta.adapter === 'none' ? 'no MTA' : mta.version;
}

/** One sentence for a column, however many of its runs and processes it is about. */
function paced(runs: readonly ComparedRun[], title: (runs: readonly ComparedRun[]) => string): string[] {
  const limited = runs.filter(({ summary }) => summary.harness.limits.length > 0);
  const which = runs.length === 1 ? '' : ` in ${limited.length} of ${runs.length} runs`;
  return limited.length === 0
    ? []
    : [
        `${title(runs)}: the harness, or how little the MTA left of the machine, may have set the pace${which}.`,
      ];
}

/** What should be the same for all columns and is not; the MTA may differ. */
function differences(columns: readonly (readonly ComparedRun[])[]): string[] {
  return SAME.filter(([what]) => !/MTA/.test(what)).flatMap(([what, of]) => {
    const values = new Set(columns.flat().map(({ summary }) => of(summary)));
    return values.size === 1 ? [] : [`Not the same ${what}: ${[...values].join(' / ')}.`];
  });
}
