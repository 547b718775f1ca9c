/** How the results of the benches are printed: lines for a terminal, and the report in Markdown. Pure. */
import { type Row, ratioOf, type Spread, verdictOf } from './side-by-side.ts';

/** What a bench has told. */
export interface Findings {
  /** The bench's name, as `npm run bench NAME` takes it. */
  readonly name: string;
  /** What is measured, and how, in a few sentences. */
  readonly about: string;
  readonly rows: readonly Row[];
  /** What was left out and why, and what else a reader should know. */
  readonly notes: readonly string[];
}

/** Where and when the benches ran. */
export interface Circumstances {
  /** ISO 8601. */
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
}

const WIDTHS = { what: 62, ours: 30, theirs: 30, ratio: 6, bar: 6, goal: 6 } as const;

/** The heading of a table for the terminal. */
export const heading: string = [
  'what'.padEnd(WIDTHS.what),
  'ours (min..max)'.padEnd(WIDTHS.ours),
  'theirs (min..max)'.padEnd(WIDTHS.theirs),
  'ratio'.padStart(WIDTHS.ratio),
  'bar'.padStart(WIDTHS.bar),
  'goal'.padStart(WIDTHS.goal),
  ' verdict',
].join(' ');

/** A row for the terminal. */
export function lineOf(row: Row): string {
  const { what, ours, theirs, ratio, bar, goal, verdict } = cellsOf(row);
  return [
    what.padEnd(WIDTHS.what),
    ours.padEnd(WIDTHS.ours),
    theirs.padEnd(WIDTHS.theirs),
    ratio.padStart(WIDTHS.ratio),
    bar.padStart(WIDTHS.bar),
    goal.padStart(WIDTHS.goal),
    ` ${verdict}`,
  ].join(' ');
}

/** How many rows reach their bar, and which do not, in one sentence. */
export function conclusionOf(findings: readonly Findings[]): string {
  const judged = findings.flatMap(({ name, rows }) =>
    rows.filter((row) => verdictOf(row) !== 'measured').map((row) => ({ name, row })),
  );
  const below = judged.filter(({ row }) => verdictOf(row) === 'below bar');
  if (judged.length === 0) return 'No row has a bar.';
  const of = `Of ${judged.length} row${judged.length === 1 ? '' : 's'} with a bar`;
  if (below.length === 0) return `${of}, all reach it.`;
  const names = below.map(({ name, row }) => `${name}: ${row.what}`).join('; ');
  return `${of}, ${below.length} ${below.length === 1 ? 'is' : 'are'} below it: ${names}.`;
}

/** The report of a whole run. */
export function markdownOf(
  findings: readonly Findings[],
  { date, commit, machine }: Circumstances,
  preface: readonly string[],
): string {
  return `${[
    '# What the harness costs and carries',
    `Written by \`npm run bench\` on ${date.slice(0, 10)}, at commit ${commit}. ${machine}`,
    `**${conclusionOf(findings)}**`,
    ...preface,
    ...findings.flatMap(sectionOf),
  ].join('\n\n')}\n`;
}

function sectionOf({ name, about, rows, notes }: Findings): string[] {
  const table = [
    '| what | ours (min..max) | theirs (min..max) | ratio | bar | goal | |',
    '|---|---:|---:|---:|---:|---:|---|',
    ...rows.map((row) => {
      const { what, ours, theirs, ratio, bar, goal, verdict } = cellsOf(row);
      const marked = verdict === 'below bar' ? `**${verdict}**` : verdict;
      return `| ${[what, ours, theirs, ratio, bar, goal, marked].join(' | ')} |`;
    }),
  ].join('\n');
  return [`## ${name}`, about, ...(rows.length > 0 ? [table] : []), ...notes.map((note) => `- ${note}`)];
}

type Cells = Readonly<Record<'what' | 'ours' | 'theirs' | 'ratio' | 'bar' | 'goal' | 'verdict', string>>;

function cellsOf(row: Row): Cells {
  const ratio = ratioOf(row);
  const asked = (wanted: number | undefined): string =>
    wanted === undefined ? '' : `${wanted}${ratio === undefined ? '' : 'x'}`;
  const verdict = verdictOf(row);
  return {
    what: `${row.what}, ${row.unit}`,
    ours: spreadText(row.ours),
    theirs: row.theirs ? spreadText(row.theirs) : '',
    ratio: ratio === undefined ? '' : `${ratio.toFixed(2)}x`,
    bar: asked(row.bar),
    goal: asked(row.goal),
    verdict: verdict === 'measured' ? '' : verdict,
  };
}

function spreadText({ median, min, max, count }: Spread): string {
  return count === 1 ? numberText(median) : `${numberText(median)} (${numberText(min)}..${numberText(max)})`;
}

/** Three digits at least, and no more behind the point than they need. */
export function numberText(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
