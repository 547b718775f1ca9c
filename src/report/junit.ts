/** `junit.xml`: the verdict for CI servers. One suite a run; one case for the run itself, and one for each threshold. */
import { renderSuite, type TestCase } from './junit-markup.ts';
import type { Summary, ThresholdResult } from './summary.ts';
import { titleOf } from './threshold-result.ts';

/** Renders `junit.xml`. A run that did not come to its end is an error, a threshold that does not hold a failure. */
export function renderJunit(summary: Summary): string {
  const { run, mta, thresholds, warnings } = summary;
  const time = run.durationSeconds.toFixed(3);
  return renderSuite({
    name: run.scenario,
    time,
    timestamp: run.startedAt.slice(0, 19),
    properties: {
      seed: run.seed,
      windtunnel: run.version,
      mta: mta.adapter,
      'mta version': mta.version,
      command: run.command,
      'scenario file': run.file,
      run: run.id,
      lab: run.lab,
      'clock scale': run.clockScale,
    },
    cases: [{ name: 'the run comes to its end', time, ...troubleOf(summary) }, ...thresholds.map(caseOf)],
    notes: warnings,
  });
}

/** The `error` of a run that did not come to its end: interrupted, aborted, or the lab or the MTA failed. */
function troubleOf({ verdict, run }: Summary): Pick<TestCase, 'outcome' | 'body'> {
  const judged = verdict.exitCode === 0 || verdict.exitCode === 99;
  if (judged && !run.aborted) return {};
  const type = run.aborted ? 'aborted' : run.interrupted ? 'interrupted' : 'failed';
  return {
    outcome: { kind: 'error', type, message: verdict.sentence },
    body: `exit code ${verdict.exitCode}`,
  };
}

function caseOf(threshold: ThresholdResult): TestCase {
  const { expression, passed, actualText, sentence } = threshold;
  const name = `${titleOf(threshold)}: ${expression}`;
  if (passed) return { name };
  return {
    name,
    outcome: { kind: 'failure', type: 'threshold', message: sentence },
    body: `expected: ${expression}\nactual: ${actualText}`,
  };
}
