/** How a comparison is put into words and numbers, the same in every form of it. */
import { trim } from '../../core/units.ts';
import { type ChangeRules, ENOUGH_RUNS } from '../../gate/change.ts';
import { k6MetricNamed } from '../../gate/k6-metrics.ts';
import { metricNamed } from '../../gate/metrics.ts';
import { valueText } from '../../gate/threshold.ts';
import type { ComparedMetric, ComparedSide, Comparison, ComparisonVerdict, RunNamed } from './comparison.ts';

/** What a number is of. */
type Titled = Pick<ComparedMetric, 'metric' | 'aggregation'> & Partial<Pick<ComparedMetric, 'unit'>>;

/** The verdict: a metric that gates is worse, or none is. */
export function verdictOf(
  gates: readonly ComparedMetric[],
  judgedBy: Comparison['judgedBy'],
): ComparisonVerdict {
  const worse = gates.filter(({ verdict }) => verdict === 'worse');
  const passed = worse.length === 0;
  const words = passed ? passedWords(gates) : failedWords(worse);
  const limits = judgedBy === 'noise' ? '' : ' (not enough runs to judge noise)';
  return { passed, exitCode: passed ? 0 : 99, sentence: `${words}${limits}.` };
}

function failedWords(worse: readonly ComparedMetric[]): string {
  const size = ({ relativeChange }: ComparedMetric): number =>
    relativeChange === null ? Number.POSITIVE_INFINITY : Math.abs(relativeChange);
  const worst = worse.reduce((a, b) => (size(b) > size(a) ? b : a));
  const others = worse.length - 1;
  const also = others === 0 ? '' : `; ${others} more ${others === 1 ? 'is' : 'are'} worse`;
  return `${worseText(worst)}${also}`;
}

/** What is worse about a metric: `lost count is worse: 0 before, 3 now`. */
export function worseText(metric: ComparedMetric): string {
  return `${titleOf(metric)} is worse${byHowMuch(metric)}: ${sideText(metric, metric.baseline)} before, ${sideText(metric, metric.runs)} now`;
}

function byHowMuch({ relativeChange }: ComparedMetric): string {
  if (relativeChange === null) return '';
  return `, ${percentText(Math.abs(relativeChange))} ${relativeChange < 0 ? 'lower' : 'higher'}`;
}

function passedWords(gates: readonly ComparedMetric[]): string {
  if (gates.length === 0) return 'No thresholds, so nothing to fail';
  const count = (wanted: ComparedMetric['verdict']): number =>
    gates.filter(({ verdict }) => verdict === wanted).length;
  const rest = (['better', 'changed', 'not comparable'] as const).filter((verdict) => count(verdict) > 0);
  const [only] = rest;
  if (only === undefined) return `No change in the ${plural(gates.length)}`;
  if (gates.length === 1) return `The metric that gates ${SAID[only]}`;
  const counted = rest.map((verdict) => `${count(verdict)} ${verdict}`).join(', ');
  return `None of the ${plural(gates.length)} is worse; ${counted}`;
}

const SAID = { better: 'is better', changed: 'has changed', 'not comparable': "can't be compared" } as const;

function plural(gates: number): string {
  return gates === 1 ? 'metric that gates' : `${gates} metrics that gate`;
}

/** What is compared: `delivered{isp:yahoo} rate`. */
export function titleOf({ metric, aggregation }: Titled): string {
  return `${metric} ${aggregation}`;
}

/** One side in a cell: the mean, or how often each run has which word. */
export function sideText(metric: Titled, side: ComparedSide): string {
  if (side.mean !== null) return numberText(metric, side.mean);
  const counts = new Map<string, number>();
  for (const value of side.values) {
    const text = value === null ? 'not known' : typeof value === 'number' ? numberText(metric, value) : value;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const [only] = counts.keys();
  if (counts.size === 1 && only !== undefined) return only;
  return [...counts].map(([text, n]) => (n === 1 ? text : `${n} × ${text}`)).join(', ');
}

/** A number of a metric, with its unit. */
export function numberText({ metric, aggregation, unit }: Titled, value: number): string {
  const [key = ''] = metric.split('{', 1);
  // A percentile is written like any other number of its metric.
  const kind = aggregation.startsWith('p(') ? 'avg' : (aggregation as 'avg');
  // The mean of counts need not be whole, and nobody wants to know its third decimal.
  const shown =
    kind !== ('count' as string) ? value : value >= 100 ? Math.round(value) : Number(value.toFixed(1));
  const name = key.replace(/^k6's /, '');
  const ours = name === key && metricNamed(name);
  const k6Kind = k6MetricNamed(name)?.kind;
  const k6 = { tags: {}, from: 'scenario', time: unit === 'ms', ...(k6Kind && { kind: k6Kind }) } as const;
  return valueText(shown, { metric: name, aggregation: { kind }, ...(!ours && { k6 }) });
}

/** The change in a cell: in per cent; from 0, as it is. */
export function changeText(metric: ComparedMetric): string {
  const { change, relativeChange } = metric;
  if (change === null) return '–';
  if (change === 0) return '0';
  if (relativeChange !== null) return signed(relativeChange, percentText);
  return signed(change, (value) => numberText(metric, value));
}

/** The interval in a cell: `−22 % to −17 %`. */
export function intervalText(metric: ComparedMetric): string {
  const { interval } = metric;
  if (!interval) return '';
  const { from, to, relativeFrom, relativeTo } = interval;
  if (from === 0 && to === 0) return '0';
  const ends =
    relativeFrom === null || relativeTo === null
      ? [from, to].map((end) => signed(end, (value) => numberText(metric, value)))
      : [relativeFrom, relativeTo].map((end) => signed(end, percentText));
  return ends[0] === ends[1] ? (ends[0] as string) : ends.join(' to ');
}

/** How it was judged, in one or two sentences. */
export function judgedText({ judgedBy, rules, baseline, runs, gates }: Comparison): string {
  const sides = `${runsText(baseline.length)} beside ${runsText(runs.length)}`;
  if (judgedBy === 'tolerance')
    return `${sides}: not enough runs to judge noise, so ${toleranceText(rules)}. It takes ${ENOUGH_RUNS} a side (run --repeat ${ENOUGH_RUNS}).`;
  const confidence = percentText(1 - rules.alpha);
  const family =
    gates.length > 1
      ? `intervals hold with ${confidence} confidence for all that gate together, and for each of the others`
      : `intervals hold with ${confidence} confidence each`;
  return `${sides}: ${family}; changes up to ${percentText(rules.smallest)} don't matter.`;
}

/** What does not gate: what changed, worst first; what can't be compared; and the rest. */
export function othersByVerdict({ others }: Comparison): {
  readonly changed: readonly ComparedMetric[];
  readonly unclear: readonly ComparedMetric[];
  readonly unchanged: readonly ComparedMetric[];
} {
  const those = (wanted: ComparedMetric['verdict']): ComparedMetric[] =>
    others.filter(({ verdict }) => verdict === wanted);
  return {
    changed: [...those('worse'), ...those('changed'), ...those('better')],
    unclear: those('not comparable'),
    unchanged: those('no change'),
  };
}

function toleranceText({ tolerance }: ChangeRules): string {
  return `a change counts if it is more than ${percentText(tolerance)}`;
}

/** What may be said of those that don't gate. */
export function informationText({ judgedBy }: Comparison): string {
  return judgedBy === 'noise' ? 'each by itself: one in twenty seems to change by chance' : 'noise included';
}

/** The runs of a side: `reports/2026-11-28-103802-quickstart (3 runs)`. */
export function namesText(runs: readonly RunNamed[]): string {
  const places = [...new Set(runs.map(({ name }) => name.replace(/[ /]run-\d+$/, '')))];
  return `${runs.length === 1 ? runs[0]?.name : places.join(', ')} (${runsText(runs.length)})`;
}

/** `1 run`, `3 runs`. */
function runsText(count: number): string {
  return `${count} run${count === 1 ? '' : 's'}`;
}

/** A share in per cent: `0.4 %`, `12.3 %`. */
export function percentText(share: number): string {
  const percent = share * 100;
  return `${Math.abs(percent) >= 10 ? trim(percent) : Number(percent.toFixed(1))} %`;
}

function signed(value: number, text: (value: number) => string): string {
  const shown = text(Math.abs(value));
  return value < 0 ? `−${shown}` : `+${shown}`;
}
