import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  markdownSideBySide,
  renderSideBySide,
  sideBySide,
} from '../../../../src/report/comparison/side-by-side.ts';
import type { Summary } from '../../../../src/report/summary.ts';
import { comparedRun } from '../../../support/compared-runs.ts';

function run(version: string, rate: number, lost: number | string, special: Partial<Summary> = {}) {
  return comparedRun({
    name: `reports/${version}`,
    thresholds: { 'lost count==0': lost },
    metrics: {
      injections: { kind: 'counter', count: 60 * rate, rate },
      queue_depth: { kind: 'gauge', value: 3, min: 0, max: 9 },
      noops: { kind: 'counter', count: 0, rate: 0 },
      noop_duration: { kind: 'trend', count: 0, avg: 0, min: 0, med: 0, max: 0, p90: 0, p95: 0, p99: 0 },
    },
    summary: { mta: { adapter: version.split(' ')[0] ?? '', version, sources: [], config: [] }, ...special },
  });
}

const three = sideBySide([
  [run('Alpha 1', 300, 0), run('Alpha 1', 340, 0)],
  [run('Beta 2', 600, 2)],
  [run('Gamma 3', 595, 'no samples')],
]);

test('columns are MTAs, rows what thresholds name and what tells most', () => {
  assert.equal(
    renderSideBySide(three, { color: false, all: false }),
    `
                                  Alpha 1    Beta 2       Gamma 3
  lost count                            0 *       2    no samples
  injections rate  320/s (300/s to 340/s)     600/s *       595/s *

  * best, by more than 2 %; 3 more with --all

`,
  );
});

test('all rows where all are asked for; what nobody has a sample of is left out', () => {
  const metrics = three.rows.map(({ metric, aggregation }) => `${metric} ${aggregation}`);
  assert.deepEqual(metrics, [
    'lost count',
    'injections rate',
    'queue_depth value',
    'queue_depth max',
    'noops rate',
  ]);
  const text = renderSideBySide(three, { color: false, all: true });
  for (const name of metrics) assert.ok(text.includes(name), name);
  assert.match(text, /best, by more than 2 %\n/);
});

test('as Markdown the best is bold', () => {
  assert.equal(
    markdownSideBySide(three, false),
    `|  | Alpha 1 | Beta 2 | Gamma 3 |
| --- | --: | --: | --: |
| \`lost count\` | **0** | 2 | no samples |
| \`injections rate\` | 320/s (300/s to 340/s) | **600/s** | **595/s** |
`,
  );
});

test('who is best', () => {
  const rows: [name: string, rates: number[], best: number[]][] = [
    ['one', [10, 20, 30], [2]],
    ['all alike: nobody', [100, 101, 100.5], []],
    ['two alike', [100, 99, 50], [0, 1]],
    ['a column alone: nobody', [100], []],
  ];
  for (const [name, rates, best] of rows) {
    const table = sideBySide(rates.map((rate, i) => [run(`M ${i}`, rate, 0)]));
    assert.deepEqual(table.rows.find(({ metric }) => metric === 'injections')?.best, best, name);
  }
});

test('how columns are called, and what should be the same', () => {
  const seeds = sideBySide([
    [comparedRun({ name: 'a/run-1', run: { seed: 1 } }), comparedRun({ name: 'a/run-2', run: { seed: 1 } })],
    [comparedRun({ name: 'b', run: { seed: 2, interrupted: true } })],
  ]);
  assert.deepEqual(
    seeds.columns.map(({ title, runs }) => [title, runs.length]),
    [
      ['a', 2],
      ['b', 1],
    ],
  );
  assert.deepEqual(seeds.warnings, ['Not the same seed: 1 / 2.', 'b was interrupted.']);
  const scenarios = sideBySide(['one', 'two'].map((scenario) => [comparedRun({ run: { scenario } })]));
  assert.deepEqual(
    scenarios.columns.map(({ title }) => title),
    ['one', 'two'],
  );
});

test('where the harness was in the way, a column says so once', () => {
  const { summary } = comparedRun();
  const harness = { ...summary.harness, limits: ['The lab was late.', 'The driver was late.'] };
  const slow = () => run('Slow 1', 10, 0, { harness });
  const rows: [columns: ReturnType<typeof run>[][], warnings: string[]][] = [
    [
      [[run('Fast 1', 10, 0)], [slow()]],
      ['Slow 1: the harness, or how little the MTA left of the machine, may have set the pace.'],
    ],
    [
      [[slow(), run('Slow 1', 10, 0), slow()], [run('Fast 1', 10, 0)]],
      [
        'Slow 1: the harness, or how little the MTA left of the machine, may have set the pace in 2 of 3 runs.',
      ],
    ],
  ];
  for (const [columns, warnings] of rows) assert.deepEqual(sideBySide(columns).warnings, warnings);
});
