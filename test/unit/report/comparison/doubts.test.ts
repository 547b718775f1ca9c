import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRuns } from '../../../../src/report/comparison/compare.ts';
import { comparedRun, type RunSpecial, runsWith } from '../../../support/compared-runs.ts';
import { emptyFixture } from '../../../support/summary-fixture.ts';

test('apples with pears, and runs that came to grief', () => {
  const { summary } = emptyFixture();
  const rows: [RunSpecial, RunSpecial, string[]][] = [
    [{}, {}, []],
    [{ run: { seed: 1 } }, { run: { seed: 2 } }, ['Not the same seed: 1 before, 2 now.']],
    [{ run: { scenario: 'a' } }, { run: { scenario: 'b' } }, ['Not the same scenario: a before, b now.']],
    [
      { run: { lab: 'sealed' } },
      { run: { lab: 'loopback' } },
      ['Not the same lab: sealed before, loopback now.'],
    ],
    [
      { run: { version: '0.1' } },
      { run: { version: '0.2' } },
      ['Not the same version of windtunnel: 0.1 before, 0.2 now.'],
    ],
    [
      { summary: { mta: { ...summary.mta, adapter: 'haraka', version: 'Haraka 3.0' } } },
      { summary: { mta: { ...summary.mta, adapter: 'haraka', version: 'Haraka 3.1' } } },
      ['Not the same version of the MTA: Haraka 3.0 before, Haraka 3.1 now.'],
    ],
    [
      { summary: { machine: { ...summary.machine, cpus: 2, cpuModel: 'old', platform: 'linux' } } },
      { summary: { machine: { ...summary.machine, cpus: 4, cpuModel: 'new', platform: 'linux' } } },
      ['Not the same machine: 2 × old, linux before, 4 × new, linux now.'],
    ],
    [
      { summary: { machine: { ...summary.machine, node: 'v20' } } },
      { summary: { machine: { ...summary.machine, node: 'v24' } } },
      ['Not the same version of Node: v20 before, v24 now.'],
    ],
    [{ name: 'a', run: { interrupted: true } }, {}, ['a was interrupted.']],
    [{}, { name: 'b', unfinished: true }, ['b did not come to its end.']],
    [
      {},
      { name: 'b', summary: { harness: { ...summary.harness, limits: ['Driver 1 was busy.'] } } },
      ['b: the harness may have set the pace. Driver 1 was busy.'],
    ],
    [
      {},
      {
        name: 'b',
        summary: { verdict: { passed: false, exitCode: 106, sentence: 'The MTA ended: crashed' } },
      },
      ['b: The MTA ended: crashed'],
    ],
    [
      {},
      {
        name: 'b',
        summary: { verdict: { passed: false, exitCode: 99, sentence: 'Aborted after 3 s: lost' } },
      },
      ['b: Aborted after 3 s: lost'],
    ],
  ];
  for (const [before, now, warnings] of rows)
    assert.deepEqual(compareRuns([comparedRun(before)], [comparedRun(now)]).warnings, warnings);
});

test('a run beside itself, a failed threshold of its own, and what the baseline does not know', () => {
  const run = comparedRun({ name: 'a', run: { id: 'x' } });
  assert.deepEqual(compareRuns([run], [run]).warnings, [
    'a is also a run of the baseline, so it is compared with itself.',
  ]);
  const [failed] = runsWith('lost count==0', [3]);
  const thresholds = failed?.summary.thresholds.map((t) => ({
    ...t,
    passed: false,
    sentence: 'lost: count is 3',
  }));
  const after = comparedRun({ summary: { thresholds: thresholds ?? [] } });
  assert.deepEqual(compareRuns([comparedRun()], [after]).warnings, [
    'The run failed thresholds that no comparison excuses; first: lost: count is 3.',
    'lost count is not known of the baseline: its summary does not have it, and there are no records to measure it in.',
  ]);
});
