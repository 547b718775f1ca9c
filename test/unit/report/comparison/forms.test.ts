import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRuns } from '../../../../src/report/comparison/compare.ts';
import type { ComparedRun } from '../../../../src/report/comparison/comparison.ts';
import { renderMarkdown } from '../../../../src/report/comparison/markdown.ts';
import { renderText } from '../../../../src/report/comparison/text.ts';
import { groupLine, renderGroup } from '../../../../src/report/group.ts';
import { comparedRun } from '../../../support/compared-runs.ts';

/** Runs of a group: a pace, times to recover, messages lost. */
function group(
  name: string,
  seed: number,
  paces: readonly number[],
  recoveries: readonly (number | string)[],
): ComparedRun[] {
  return paces.map((pace, i) =>
    comparedRun({
      name: `reports/${name}/run-${i + 1}`,
      run: { seed },
      thresholds: {
        'delivered{isp:yahoo,phase:incident} rate>80': pace,
        'recovery_time{isp:gmail} value<20s': recoveries[i] ?? 'never',
        'lost count==0': 0,
      },
      metrics: {
        injections: { kind: 'counter', count: 60 * pace, rate: pace },
        bounced: { kind: 'counter', count: 7, rate: 0.1 },
        noops: { kind: 'counter', count: 0, rate: 0 },
        noop_duration: { kind: 'trend', count: 0, avg: 0, min: 0, med: 0, max: 0, p90: 0, p95: 0, p99: 0 },
      },
    }),
  );
}

const before = group('before', 1, [1000, 1010, 990], [11_000, 12_000, 13_000]);
const slowed = group('now', 2, [800, 804, 796], ['never', 'never', 'not reached']);

const HEAD = `
  ✗ WORSE
    recovery_time{isp:gmail} value is worse: 12 s before, 2 × never, not reached now; 1 more is
    worse.
    3 runs beside 3 runs: intervals hold with 95 % confidence for all that gate together, and for
    each of the others; changes up to 2 % don't matter.
    before  reports/before (3 runs)
    now     reports/now (3 runs)

  ! Not the same seed: 1 before, 2 now.

  these gate                                 before                     now  change            interval
  ✗ delivered{isp:yahoo,phase:incident} rate  1,000/s                   800/s   −20 %  −22.1 % to −17.9 %  worse
  ✗ recovery_time{isp:gmail} value               12 s  2 × never, not reached       –                      worse
  ✓ lost count                                      0                       0       0                   0  no change

  these are for information, each by itself: one in twenty seems to change by chance
    injections rate                           1,000/s                   800/s   −20 %  −22.1 % to −17.9 %  worse
`;

test('a comparison for a terminal: what gates first, then what changed; the rest is folded', () => {
  const comparison = compareRuns(before, slowed);
  assert.equal(
    renderText(comparison, { color: false, all: false }),
    `${HEAD}    2 did not change; --all lists them\n\n`,
  );
  assert.equal(
    renderText(comparison, { color: false, all: true }),
    `${HEAD}    bounced count                                   7                       7       0                   0  no change
    noops rate                                    0/s                     0/s       0                   0  no change\n\n`,
  );
});

test('colours mark the same', () => {
  const text = renderText(compareRuns(before, slowed), { color: true, all: false });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  assert.equal(text.replace(/\u001b\[\d+m/g, ''), `${HEAD}    2 did not change; --all lists them\n\n`);
  assert.ok(text.includes('\u001b[31m✗'));
});

test('too few runs: the words for it, and no interval', () => {
  const text = renderText(compareRuns(before.slice(1), slowed.slice(2)), { color: false, all: false });
  assert.match(
    text,
    /2 runs beside 1 run: not enough runs to judge noise, so a change counts if it is more than 10 %\.\n {4}It takes 3 a side \(run --repeat 3\)\./,
  );
  assert.match(text, /now {5}reports\/now\/run-3 \(1 run\)/);
  assert.match(
    text,
    /✗ delivered\{isp:yahoo,phase:incident\} rate {2}1,000\/s {8}796\/s {2}−20\.4 % {12}worse/,
  );
});

test('without thresholds nothing gates, and that is said', () => {
  const text = renderText(compareRuns([comparedRun()], [comparedRun()]), { color: false, all: false });
  assert.match(text, /these gate.*\n {4}nothing: the newest run has no thresholds\n/);
});

test('a comparison in Markdown', () => {
  assert.equal(
    renderMarkdown(compareRuns(before, slowed)),
    `## ❌ Worse than the baseline

recovery\\_time{isp:gmail} value is worse: 12 s before, 2 × never, not reached now; 1 more is worse.

3 runs beside 3 runs: intervals hold with 95 % confidence for all that gate together, and for each of the others; changes up to 2 % don't matter.

Before: reports/before (3 runs). Now: reports/now (3 runs).

> ⚠️ Not the same seed: 1 before, 2 now.

| gates | before | now | change | interval |  |
| --- | --: | --: | --: | --: | --- |
| \`delivered{isp:yahoo,phase:incident} rate\` | 1,000/s | 800/s | −20 % | −22.1 % to −17.9 % | ❌ **worse** |
| \`recovery_time{isp:gmail} value\` | 12 s | 2 × never, not reached | – |  | ❌ **worse** |
| \`lost count\` | 0 | 0 | 0 | 0 | ✅ no change |

<details><summary>1 other changed (each by itself: one in twenty seems to change by chance)</summary>

| metric | before | now | change | interval |  |
| --- | --: | --: | --: | --: | --- |
| \`injections rate\` | 1,000/s | 800/s | −20 % | −22.1 % to −17.9 % | worse |

</details>

<details><summary>2 others did not change</summary>

| metric | before | now | change | interval |  |
| --- | --: | --: | --: | --: | --- |
| \`bounced count\` | 7 | 7 | 0 | 0 | no change |
| \`noops rate\` | 0/s | 0/s | 0 | 0 | no change |

</details>
`,
  );
});

test('a group: each run in a line, and what differs from run to run', () => {
  const [first] = before;
  assert.ok(first);
  assert.equal(groupLine('run 1 of 3', first.summary, false), '  ✓ run 1 of 3 passed, 0 delivered\n');
  const failed = { ...first.summary, verdict: { passed: false, exitCode: 99, sentence: 'lost: count is 3' } };
  assert.equal(
    groupLine('run 2 of 3', failed, false),
    '  ✗ run 2 of 3 failed, 0 delivered: lost: count is 3\n',
  );
  assert.equal(
    renderGroup([...before.map(({ summary }) => summary), failed], false),
    `
  ✗ 3 OF 4 PASSED  gmail rate limit on one source

    metric                                       mean  least     most  noise
    delivered{isp:yahoo,phase:incident} rate  1,000/s  990/s  1,010/s  0.8 %
    recovery_time{isp:gmail} value             11.8 s   11 s     13 s  8.1 %
    lost count                                      0      0        0

`,
  );
  assert.match(
    renderGroup(
      slowed.map(({ summary }) => summary),
      false,
    ),
    /recovery_time\{isp:gmail\} value +2 × never, not reached\n/,
  );
});
