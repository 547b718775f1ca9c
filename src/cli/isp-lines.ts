/** One line an ISP for the progress on a terminal: what it accepted second by second, and what it throttles and allows. */
import type { IspProgress, Progress } from '../lab/messages.ts';
import { formatCount, formatPerSecond, formatShare } from '../report/numbers.ts';

/** The room that there is. */
export interface Room {
  readonly width: number;
  /** Lines for ISPs. */
  readonly lines: number;
  readonly color: boolean;
}

/** Seconds that a sparkline shows at most, and those without which it says nothing. */
const MOST_SECONDS = 60;
const LEAST_SECONDS = 8;
/** Rates and shares are over so many seconds, so that they can be read. */
const RECENT = 5;
const LEVELS = '▁▂▃▄▅▆▇█';
const LONGEST_NAME = 16;

/** Remembers the last minute of each ISP. */
export class IspLines {
  /** What each second ended with, from the oldest one kept to the one that is going on. */
  readonly #seconds: { readonly second: number; readonly isps: readonly IspProgress[] }[] = [];

  /** Takes in how things stand; of each second the last word counts. */
  add({ stage, elapsedSeconds, isps }: Progress): void {
    if (stage === 'starting') return;
    const second = Math.floor(elapsedSeconds);
    if (this.#seconds.at(-1)?.second === second) this.#seconds.pop();
    this.#seconds.push({ second, isps });
    if (this.#seconds.length > MOST_SECONDS + 2) this.#seconds.shift();
  }

  /** The lines of the ISPs, or of the busiest if there is no room for all. None before the first attempt. */
  render({ width, lines, color }: Room): string[] {
    const isps = this.#seconds.at(-1)?.isps ?? [];
    if (isps.every(({ attempts }) => attempts === 0)) return [];
    const shown = busiest(isps, lines);
    const rows = shown.map((index) => this.#row(isps, index));
    const rest = isps.length - shown.length;
    const others = rest > 0 && shown.length > 0 ? [`  and ${rest} ${rest === 1 ? 'other' : 'others'}`] : [];
    return [...layOut(rows, width, color), ...others.map((line) => line.slice(0, width))];
  }

  #row(isps: readonly IspProgress[], index: number): Row {
    const accepted = this.#perSecond(index, 'accepted');
    const recent = (what: 'accepted' | 'attempts' | 'throttled'): number =>
      this.#perSecond(index, what)
        .slice(-RECENT)
        .reduce((sum, n) => sum + n, 0);
    const { id, allowance } = isps[index] as IspProgress;
    const seconds = Math.max(1, Math.min(RECENT, accepted.length));
    return {
      name: id.length > LONGEST_NAME ? `${id.slice(0, LONGEST_NAME - 1)}…` : id,
      accepted,
      facts: [
        `${formatCount(recent('accepted') / seconds)}/s accepted`,
        `${formatShare(recent('throttled'), recent('attempts'))} throttled`,
        allowance === undefined
          ? ''
          : `allowance ${allowance === Number.POSITIVE_INFINITY ? 'no limit' : formatPerSecond(allowance)}`,
      ],
      throttles: recent('throttled') > 0,
    };
  }

  /** A count of each second that is over, the oldest first. A second without news is made up of its neighbours. */
  #perSecond(index: number, what: 'accepted' | 'attempts' | 'throttled'): number[] {
    const counts: number[] = [];
    for (const [i, { second, isps }] of this.#seconds.slice(0, -1).entries()) {
      const before = this.#seconds[i - 1];
      // Before the first second there was nothing, before the oldest one kept there is nothing known.
      if (!before && second > 0) continue;
      const gap = before ? second - before.second : 1;
      const count = ((isps[index]?.[what] ?? 0) - (before?.isps[index]?.[what] ?? 0)) / gap;
      for (let n = 0; n < gap; n++) counts.push(count);
    }
    return counts;
  }
}

interface Row {
  readonly name: string;
  readonly accepted: readonly number[];
  /** From the most to the least important. */
  readonly facts: readonly string[];
  readonly throttles: boolean;
}

/** Places of as many ISPs as there are lines for, in their order; one line less if that says how many are left out. */
function busiest(isps: readonly IspProgress[], lines: number): number[] {
  const places = [...isps.keys()];
  if (isps.length <= lines) return places;
  return places
    .sort((a, b) => (isps[b]?.attempts ?? 0) - (isps[a]?.attempts ?? 0) || a - b)
    .slice(0, Math.max(0, lines - 1))
    .sort((a, b) => a - b);
}

/** What does not fit is left out from the right; the sparkline takes the room that is left, or gives way at last. */
function layOut(rows: readonly Row[], width: number, color: boolean): string[] {
  const name = Math.max(0, ...rows.map((row) => row.name.length));
  const widths = [0, 1, 2].map((i) => Math.max(0, ...rows.map(({ facts }) => (facts[i] as string).length)));
  const taken = (facts: number): number =>
    2 + name + widths.slice(0, facts).reduce((sum, n) => sum + 2 + n, 0);
  const facts = [3, 2, 1, 0].find((n) => taken(n) + 2 + LEAST_SECONDS <= width) ?? 0;
  const seconds = Math.min(MOST_SECONDS, width - taken(facts) - 2);
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  return rows.map((row) => {
    const parts = [
      `  ${row.name.padEnd(name)}`,
      ...(seconds >= LEAST_SECONDS ? [paint(32, sparkline(row.accepted, seconds))] : []),
      ...row.facts.slice(0, facts).map((fact, i) => {
        const text = i === 2 ? fact : fact.padStart(widths[i] as number);
        return i === 1 && row.throttles ? paint(33, text) : text;
      }),
    ];
    return facts === 0 && seconds < LEAST_SECONDS
      ? (parts[0] as string).slice(0, width)
      : parts.join('  ').trimEnd();
  });
}

/** The last values as bars, the highest of them full; nothing at all is the lowest bar, and not yet known is blank. */
export function sparkline(values: readonly number[], cells: number): string {
  const shown = values.slice(-cells);
  const most = shown.reduce((a, b) => Math.max(a, b), 0);
  const bars = shown.map((value) => LEVELS[value <= 0 ? 0 : Math.ceil((value / most) * 7)]);
  return bars.join('').padStart(cells);
}
