/** A comparison for CI servers, as JUnit's XML: a test case for each metric that gates. */
import { renderSuite, type TestCase } from '../junit-markup.ts';
import type { ComparedMetric, Comparison } from './comparison.ts';
import { changeText, intervalText, judgedText, namesText, sideText, titleOf, worseText } from './wording.ts';

/** What is worse is a failure; what can't be compared is skipped, and so is the only case where nothing gates. */
export function renderComparisonJunit(comparison: Comparison): string {
  const { verdict, warnings, baseline, runs, gates } = comparison;
  const newest = runs.reduce((a, b) => (b.startedAt > a.startedAt ? b : a));
  return renderSuite({
    name: `${newest.scenario} beside its baseline`,
    timestamp: newest.startedAt.slice(0, 19),
    properties: {
      before: namesText(baseline),
      now: namesText(runs),
      'judged by': judgedText(comparison),
    },
    cases:
      gates.length > 0
        ? gates.map(caseOf)
        : [{ name: 'metrics that gate', outcome: { kind: 'skipped' }, body: verdict.sentence }],
    notes: warnings,
  });
}

function caseOf(metric: ComparedMetric): TestCase {
  const name = titleOf(metric);
  if (metric.verdict === 'not comparable')
    return { name, outcome: { kind: 'skipped' }, body: `not comparable: ${sides(metric)}` };
  if (metric.verdict !== 'worse') return { name };
  const interval = intervalText(metric);
  return {
    name,
    outcome: { kind: 'failure', type: 'worse', message: worseText(metric) },
    body: `${sides(metric)}, change ${changeText(metric)}${interval === '' ? '' : ` (${interval})`}`,
  };
}

function sides(metric: ComparedMetric): string {
  return `${sideText(metric, metric.baseline)} before, ${sideText(metric, metric.runs)} now`;
}
