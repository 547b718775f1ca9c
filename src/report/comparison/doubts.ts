/** Why a comparison may not be worth much: apples with pears, and runs that came to grief. */
import type { Summary } from '../summary.ts';
import type { ComparedMetric, ComparedRun } from './comparison.ts';
import { titleOf } from './wording.ts';

/** What should be the same in all runs, and how it is called. */
export const SAME: readonly (readonly [string, (summary: Summary) => string])[] = [
  ['scenario', ({ run }) => run.scenario],
  ['load', ({ injector }) => injector.loads.map(({ name, text }) => `${name}: ${text}`).join('; ')],
  ['phases', ({ phases }) => phases.map(({ name, from, to }) => `${name} ${from} s to ${to} s`).join(', ')],
  ['ISPs', ({ isps }) => isps.map(({ id }) => id).join(', ')],
  ['seed', ({ run }) => String(run.seed)],
  ['scale of the clock', ({ run }) => String(run.clockScale)],
  ['MTA', ({ mta }) => mta.adapter],
  ['version of the MTA', ({ mta }) => mta.version],
  ['lab', ({ run }) => run.lab],
  ['machine', ({ machine }) => `${machine.cpus} × ${machine.cpuModel}, ${machine.platform}`],
  ['version of Node', ({ machine }) => machine.node],
  ['version of windtunnel', ({ run }) => run.version],
];

/** All doubts, a sentence each. */
export function doubtsAbout(
  baseline: readonly ComparedRun[],
  runs: readonly ComparedRun[],
  gates: readonly ComparedMetric[],
): string[] {
  const doubts = [
    ...twice(baseline, runs),
    ...SAME.flatMap(([what, of]) =>
      differing(
        what,
        baseline.map(({ summary }) => of(summary)),
        runs.map(({ summary }) => of(summary)),
      ),
    ),
    ...[...baseline, ...runs].flatMap((run) => [...grief(run), ...paced(run)]),
    ...ownThresholds(runs),
    ...gates.flatMap(unknown),
  ];
  return distinct(doubts);
}

function twice(baseline: readonly ComparedRun[], runs: readonly ComparedRun[]): string[] {
  const identity = ({ summary: { run } }: ComparedRun): string => `${run.startedAt} ${run.id}`;
  const known = new Set(baseline.map(identity));
  return runs
    .filter((run) => known.has(identity(run)))
    .map(({ name }) => `${name} is also a run of the baseline, so it is compared with itself.`);
}

function differing(what: string, baseline: readonly string[], runs: readonly string[]): string[] {
  const [old, fresh] = [distinct(baseline), distinct(runs)];
  const same = distinct([...old, ...fresh]).length === 1;
  return same ? [] : [`Not the same ${what}: ${old.join(' and ')} before, ${fresh.join(' and ')} now.`];
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** What became of a run that limits its worth, a sentence each. */
export function grief({ name, summary, unfinished }: ComparedRun): string[] {
  const { run, verdict } = summary;
  return [
    ...(run.interrupted ? [`${name} was interrupted.`] : []),
    ...(unfinished ? [`${name} did not come to its end.`] : []),
    // The MTA ended, or a threshold with abortOnFail ended the run: it saw less of the load than the others.
    ...(verdict.exitCode === 106 || verdict.sentence.startsWith('Aborted')
      ? [`${name}: ${verdict.sentence}`]
      : []),
  ];
}

function paced({ name, summary }: ComparedRun): string[] {
  return summary.harness.limits.map((limit) => `${name}: the harness may have set the pace. ${limit}`);
}

function ownThresholds(runs: readonly ComparedRun[]): string[] {
  const failed = runs.flatMap(({ summary }) =>
    summary.thresholds.filter(({ passed }) => !passed).slice(0, 1),
  );
  const [first] = failed;
  if (!first) return [];
  const which = runs.length === 1 ? 'The run' : `${failed.length} of ${runs.length} runs`;
  return [`${which} failed thresholds that no comparison excuses; first: ${first.sentence}.`];
}

function unknown(metric: ComparedMetric): string[] {
  if (metric.judgedBy !== 'nothing') return [];
  return [
    `${titleOf(metric)} is not known of the baseline: its summary does not have it, and there are no records to measure it in.`,
  ];
}
