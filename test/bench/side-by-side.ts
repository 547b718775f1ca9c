/**
 * Two sides measured in one run: their repeats alternate, so that a drift of the machine hits both, and the medians are
 * compared with a bar and a goal. Pure but for the sides themselves.
 */

/** What one repeat of a side came to. */
export interface Measured {
  readonly messages: number;
  readonly seconds: number;
  /** User and system time of all processes of the side. */
  readonly cpuMicros: number;
}

/** Does one repeat. */
export type Side = () => Promise<Measured>;

/** Median and extremes of a figure. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** A figure of ours, beside theirs if there is one. Plain data. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  /** Which way is good; `none`: the row is for context and nothing is asked of it. */
  readonly better: 'more' | 'less' | 'none';
  readonly ours: Spread;
  readonly theirs?: Spread;
  /** What the ratio ours to theirs must reach, or the figure itself where there is nothing beside it. */
  readonly bar?: number;
  readonly goal?: number;
}

/** `goal` and `ok`: at least the bar. `measured`: there is no bar. */
export type Verdict = 'goal' | 'ok' | 'below bar' | 'measured';

/** One repeat of each side that is left out, until programs are compiled and caches warm; then so many that count. */
export async function alternate(
  sides: readonly Side[],
  repeats: number,
): Promise<readonly (readonly Measured[])[]> {
  for (const side of sides) await side();
  const measured = sides.map((): Measured[] => []);
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const [index, side] of sides.entries()) measured[index]?.push(await side());
  return measured;
}

/** The spread of some figures. Throws if there are none. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return {
    median: (low + high) / 2,
    min: sorted[0] as number,
    max: sorted.at(-1) as number,
    count: sorted.length,
  };
}

/** What is asked of a row. */
export type Asked = Pick<Row, 'bar' | 'goal'>;

/** The row of messages a second. */
export function speedRow(
  what: string,
  ours: readonly Measured[],
  theirs?: readonly Measured[],
  asked: Asked = {},
): Row {
  return row(what, 'messages/s', 'more', ({ messages, seconds }) => messages / seconds, ours, theirs, asked);
}

/** The row of CPU time a message. */
export function costRow(
  what: string,
  ours: readonly Measured[],
  theirs?: readonly Measured[],
  asked: Asked = {},
): Row {
  return row(
    what,
    'µs CPU/message',
    'less',
    ({ messages, cpuMicros }) => cpuMicros / messages,
    ours,
    theirs,
    asked,
  );
}

function row(
  what: string,
  unit: string,
  better: Row['better'],
  figure: (measured: Measured) => number,
  ours: readonly Measured[],
  theirs: readonly Measured[] | undefined,
  asked: Asked,
): Row {
  return {
    what,
    unit,
    better,
    ours: spreadOf(ours.map(figure)),
    ...(theirs ? { theirs: spreadOf(theirs.map(figure)) } : {}),
    ...asked,
  };
}

/** Ours divided by theirs, undefined if there is nothing beside ours. */
export function ratioOf({ ours, theirs }: Row): number | undefined {
  return theirs && ours.median / theirs.median;
}

/** What a row says of its bar and goal. */
export function verdictOf(row: Row): Verdict {
  const { bar, goal, better } = row;
  if (bar === undefined || better === 'none') return 'measured';
  const figure = ratioOf(row) ?? row.ours.median;
  const reaches = (wanted: number): boolean => (better === 'more' ? figure >= wanted : figure <= wanted);
  if (goal !== undefined && reaches(goal)) return 'goal';
  return reaches(bar) ? 'ok' : 'below bar';
}
