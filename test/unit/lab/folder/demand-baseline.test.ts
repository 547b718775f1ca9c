import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { demandBaseline } from '../../../../src/lab/folder/demand-baseline.ts';
import { parseScenario } from '../../../../src/scenario/load.ts';
import { planRun } from '../../../../src/scenario/plan.ts';

const one = "lost: ['count==0', 'count<=baseline']";
const two = "lost: ['count==0', 'count<=baseline']\n  delivered: rate>=0.95*baseline";

test('a run with limits relative to a baseline does not start without one, unless it is said that there is none', () => {
  const message = (others: string): string =>
    `a.yaml: the limit of "lost: count<=baseline"${others} is relative to a baseline, and none is named`;
  const left = (names: string): string => `Left out, since the run has no baseline: ${names}.`;
  const rows: [string, string | undefined, { thresholds: number; warnings: string[] } | string][] = [
    ['lost: count==0', undefined, { thresholds: 1, warnings: [] }],
    ['lost: count==0', 'none', { thresholds: 1, warnings: [] }],
    [two, 'reports/before', { thresholds: 3, warnings: [] }],
    [one, undefined, message('')],
    [two, undefined, message(' (and 1 more)')],
    [one, 'none', { thresholds: 1, warnings: [left('lost: count<=baseline')] }],
    [
      two,
      'none',
      { thresholds: 1, warnings: [left('lost: count<=baseline; delivered: rate>=0.95*baseline')] },
    ],
  ];
  for (const [thresholds, baseline, expected] of rows) {
    const text = `load: { rate: 5/s, duration: 1s }\nthresholds:\n  ${thresholds}\n`;
    const plan = planRun(parseScenario(text, 'a.yaml'));
    if (typeof expected === 'string') {
      assert.throws(
        () => demandBaseline(plan, baseline),
        (error) =>
          error instanceof HarnessError &&
          error.kind === 'usage' &&
          error.message === expected &&
          error.hint?.includes('--baseline FOLDER') === true,
      );
    } else {
      const { plan: flown, warnings } = demandBaseline(plan, baseline);
      assert.deepEqual({ thresholds: flown.thresholds.length, warnings }, expected);
    }
  }
});
