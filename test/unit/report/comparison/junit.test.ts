import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRuns } from '../../../../src/report/comparison/compare.ts';
import type { ComparedRun, Comparison } from '../../../../src/report/comparison/comparison.ts';
import { renderComparisonJunit } from '../../../../src/report/comparison/junit.ts';
import { comparedRun } from '../../../support/compared-runs.ts';
import { junitFaults } from '../../../support/junit.ts';

/** Runs with an own name each, a run for each pace. */
function side(
  name: string,
  paces: readonly number[],
  others: Readonly<Record<string, number | string>> = {},
) {
  return paces.map(
    (pace, i): ComparedRun =>
      comparedRun({
        name: `reports/${name}/run-${i + 1}`,
        thresholds: { 'delivered{isp:yahoo} rate>80': pace, ...others },
      }),
  );
}

const before = side('before', [1000, 1010, 990], { 'recovery_time{isp:gmail} value<20s': 11_000 });
const CASE = '  <testcase classname="gmail rate limit on one source beside its baseline" name=';

const rows: readonly {
  readonly name: string;
  readonly comparison: Comparison;
  readonly counts: string;
  readonly lines: readonly string[];
}[] = [
  {
    name: 'nothing is worse: every metric that gates passes',
    comparison: compareRuns(before, before),
    counts: 'tests="2" failures="0" errors="0" skipped="0"',
    lines: [
      `${CASE}"delivered{isp:yahoo} rate"/>`,
      `${CASE}"recovery_time{isp:gmail} value"/>`,
      '   <property name="before" value="reports/before (3 runs)"/>',
    ],
  },
  {
    name: 'what is worse fails, each metric with its own sentence',
    comparison: compareRuns(
      before,
      side('now', [800, 804, 796], { 'recovery_time{isp:gmail} value<20s': 'never' }),
    ),
    counts: 'tests="2" failures="2" errors="0" skipped="0"',
    lines: [
      `${CASE}"delivered{isp:yahoo} rate"><failure type="worse" message="delivered{isp:yahoo} rate is worse, 20 % lower: 1,000/s before, 800/s now">1,000/s before, 800/s now, change −20 % (−22.1 % to −17.9 %)</failure></testcase>`,
      `${CASE}"recovery_time{isp:gmail} value"><failure type="worse" message="recovery_time{isp:gmail} value is worse: 11 s before, never now">11 s before, never now, change –</failure></testcase>`,
    ],
  },
  {
    name: 'too few runs: judged by tolerance, and no interval',
    comparison: compareRuns(before.slice(2), side('now', [500])),
    counts: 'tests="1" failures="1" errors="0" skipped="0"',
    lines: [
      `${CASE}"delivered{isp:yahoo} rate"><failure type="worse" message="delivered{isp:yahoo} rate is worse, 49.5 % lower: 990/s before, 500/s now">990/s before, 500/s now, change −49.5 %</failure></testcase>`,
      '   <property name="now" value="reports/now/run-1 (1 run)"/>',
    ],
  },
  {
    name: 'what the baseline does not know is skipped, and the doubts are beside it',
    comparison: compareRuns(before, side('now', [1000, 1001, 999], { 'lost count==0': 0 })),
    counts: 'tests="2" failures="0" errors="0" skipped="1"',
    lines: [
      `${CASE}"delivered{isp:yahoo} rate"/>`,
      `${CASE}"lost count"><skipped>not comparable: not known before, 0 now</skipped></testcase>`,
      '  <system-out>lost count is not known of the baseline: its summary does not have it, and there are no records to measure it in.</system-out>',
    ],
  },
  {
    name: 'without thresholds the only case is skipped, so that a CI server sees that nothing was held to anything',
    comparison: compareRuns([comparedRun()], [comparedRun()]),
    counts: 'tests="1" failures="0" errors="0" skipped="1"',
    lines: [
      `${CASE}"metrics that gate"><skipped>No thresholds, so nothing to fail (not enough runs to judge noise).</skipped></testcase>`,
    ],
  },
  {
    name: 'names with all that XML minds',
    comparison: compareRuns(side('a<&>"', [1000]), side('b\u0007', [1000])),
    counts: 'tests="1" failures="0" errors="0" skipped="0"',
    lines: [
      '   <property name="before" value="reports/a&lt;&amp;&gt;&quot;/run-1 (1 run)"/>',
      '   <property name="now" value="reports/b\ufffd/run-1 (1 run)"/>',
    ],
  },
];

for (const { name, comparison, counts, lines } of rows) {
  test(`a comparison as JUnit: ${name}`, async () => {
    const xml = renderComparisonJunit(comparison);
    assert.deepEqual(await junitFaults(xml), []);
    for (const line of lines)
      assert.ok(xml.split('\n').includes(line), `expected this line:\n${line}\nin\n${xml}`);
    const suite = /<testsuite .*(tests="\d+" failures="\d+" errors="\d+" skipped="\d+") timestamp=/.exec(xml);
    assert.equal(suite?.[1], counts);
    const found = [/<testcase /g, /<failure /g, /<error /g, /<skipped>/g].map(
      (tag) => xml.match(tag)?.length ?? 0,
    );
    assert.equal(
      counts,
      `tests="${found[0]}" failures="${found[1]}" errors="${found[2]}" skipped="${found[3]}"`,
    );
    const failed = xml.includes('<failure ');
    assert.equal(failed, !comparison.verdict.passed);
  });
}

test('the suite has the time of the newest run, and its scenario', () => {
  const newest = comparedRun({ run: { scenario: 'newer', startedAt: '2026-05-01T00:00:00.000Z' } });
  const xml = renderComparisonJunit(compareRuns([comparedRun()], [newest, comparedRun()]));
  assert.match(xml, /<testsuite name="newer beside its baseline" .* timestamp="2026-05-01T00:00:00">/);
});
