/** Makes a comparison out of the summaries of runs. Pure. */
import {
  CHANGE_RULES,
  type Change,
  type ChangeRules,
  ENOUGH_RUNS,
  judgeChanges,
  type RunValue,
} from '../../gate/change.ts';
import { aggregationName, type Threshold } from '../../gate/threshold.ts';
import type { Summary } from '../summary.ts';
import type { ComparedMetric, ComparedRun, Comparison, RunNamed } from './comparison.ts';
import { doubtsAbout } from './doubts.ts';
import {
  keyOf,
  knownOf,
  nameOf,
  type Quantity,
  quantitiesIn,
  reader,
  stepOf,
  thresholdsOf,
} from './quantities.ts';
import { verdictOf } from './wording.ts';

/**
 * Compares runs with those of a baseline. The thresholds of the newest run say what gates; these metrics are judged as one
 * family, all others each by itself.
 */
export function compareRuns(
  baseline: readonly ComparedRun[],
  runs: readonly ComparedRun[],
  rules: ChangeRules = CHANGE_RULES,
): Comparison {
  const summaries = [...baseline, ...runs].map(({ summary }) => summary);
  const [old, fresh] = [baseline.map(readerOf), runs.map(readerOf)];
  const judge = (quantities: readonly Wanted[], together: boolean): ComparedMetric[] => {
    const compared = quantities.map(({ quantity, better }) => ({
      better,
      step: Math.max(...summaries.map((summary) => stepOf(quantity, summary))),
      baseline: old.map((read) => read(quantity)),
      runs: fresh.map((read) => read(quantity)),
    }));
    const changes = together
      ? judgeChanges(compared, rules)
      : compared.flatMap((one) => judgeChanges([one], rules));
    return quantities.map((wanted, i) =>
      metricOf(wanted, compared[i] as (typeof compared)[number], changes[i] as Change),
    );
  };
  const wanted = gatesOf(newestOf(runs).summary);
  const gates = judge(wanted, true).map(withoutEvidence);
  const gated = new Set(wanted.map(({ quantity }) => nameOf(quantity)));
  const others = judge(
    othersIn([...runs, ...baseline]).filter(({ quantity }) => !gated.has(nameOf(quantity))),
    false,
  ).filter(isMeasured);
  const enough = baseline.length >= ENOUGH_RUNS && runs.length >= ENOUGH_RUNS;
  const judgedBy = enough ? 'noise' : 'tolerance';
  return {
    schema: 1,
    verdict: verdictOf(gates, judgedBy),
    judgedBy,
    rules,
    warnings: doubtsAbout(baseline, runs, gates),
    baseline: baseline.map(named),
    runs: runs.map(named),
    gates,
    others,
  };
}

/** The run that was started last. */
export function newestOf(runs: readonly ComparedRun[]): ComparedRun {
  return runs.reduce((a, b) => (b.summary.run.startedAt > a.summary.run.startedAt ? b : a));
}

/** Reads quantities of a run: from its summary, else from what was measured again. */
export function readerOf({ summary, measured }: ComparedRun): (quantity: Quantity) => RunValue {
  const read = reader(summary);
  return (quantity) => read(quantity) ?? measured.get(nameOf(quantity));
}

// --- internal ---

/** A quantity, and which way is good. */
interface Wanted {
  readonly quantity: Quantity;
  readonly better: 'higher' | 'lower' | undefined;
}

/** What thresholds ask for, each once. Where a metric has no better direction, the threshold has: it sets a bound. */
function gatesOf(summary: Summary): Wanted[] {
  const gates = new Map<string, Wanted>();
  for (const threshold of thresholdsOf(summary)) {
    const name = nameOf(threshold);
    const better = knownOf(threshold)?.better ?? gates.get(name)?.better ?? wished(threshold);
    gates.set(name, { quantity: threshold, better });
  }
  return [...gates.values()];
}

function wished({ operator }: Threshold): Wanted['better'] {
  if (operator.startsWith('>')) return 'higher';
  return operator.startsWith('<') ? 'lower' : undefined;
}

function othersIn(runs: readonly ComparedRun[]): Wanted[] {
  const found = new Map<string, Wanted>();
  for (const { summary } of runs)
    for (const [name, { quantity }] of quantitiesIn(summary))
      if (!found.has(name)) found.set(name, { quantity, better: knownOf(quantity)?.better });
  return [...found.values()];
}

function metricOf(
  { quantity, better }: Wanted,
  compared: { readonly baseline: readonly RunValue[]; readonly runs: readonly RunValue[] },
  change: Change,
): ComparedMetric {
  const { baseline, runs, interval } = change;
  const difference = baseline === undefined || runs === undefined ? null : runs - baseline;
  const share = (value: number | null): number | null =>
    value === null || baseline === undefined || baseline === 0 ? null : value / Math.abs(baseline);
  return {
    metric: keyOf(quantity),
    aggregation: aggregationName(quantity.aggregation),
    unit: knownOf(quantity)?.unit ?? '',
    better: better ?? null,
    baseline: { values: compared.baseline.map((value) => value ?? null), mean: baseline ?? null },
    runs: { values: compared.runs.map((value) => value ?? null), mean: runs ?? null },
    change: difference,
    relativeChange: share(difference),
    interval: interval
      ? {
          confidence: 1 - interval.significance,
          from: interval.from,
          to: interval.to,
          relativeFrom: share(interval.from),
          relativeTo: share(interval.to),
        }
      : null,
    verdict: change.verdict,
    judgedBy: change.judgedBy,
  };
}

/** Whether any run has anything to say of it. */
function isMeasured({ baseline, runs }: ComparedMetric): boolean {
  return [...baseline.values, ...runs.values].some((value) => value !== 'no samples' && value !== null);
}

/** A gate must not pass for want of evidence: what the baseline had samples of, and no new run has, is worse. */
function withoutEvidence(metric: ComparedMetric): ComparedMetric {
  const nothing = metric.runs.values.every((value) => value === 'no samples' || value === null);
  return nothing && isMeasured(metric) ? { ...metric, verdict: 'worse' } : metric;
}

function named({ name, summary }: ComparedRun): RunNamed {
  const { scenario, startedAt } = summary.run;
  return { name, scenario, startedAt, passed: summary.verdict.passed };
}
