import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRequest } from '../../../src/lab/messages.ts';
import { modelOf, reportInput } from '../../../src/lab/report-input.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { type MarkName, Packer } from '../../../src/record/attempt-log.ts';
import { buildReport } from '../../../src/report/build.ts';
import type { ReportInput } from '../../../src/report/input.ts';
import type { Verdict } from '../../../src/report/summary.ts';
import { parseScenario } from '../../../src/scenario/load.ts';
import { planRun } from '../../../src/scenario/plan.ts';
import { assertSummary } from '../../support/summary-schema.ts';

const plan = planRun(
  parseScenario(
    `mta: { adapter: none }
load: { rate: 10/s, duration: 10s }
incidents: [{ isp: gmail, at: 2s, for: 3s, limits: { ip-rate: 1/s } }]
thresholds: { lost: ['count==0'], delivered: ['count>0'] }
`,
    'x.yaml',
  ),
);
const request: RunRequest = {
  plan,
  folder: '/runs/x',
  lab: 'loopback',
  scenarioText: '',
  command: 'windtunnel run x.yaml',
  version: '0',
  startedAt: '2026-01-02T03:04:05.000Z',
  warnings: [],
};
const facts = { adapter: 'none', version: '', sources: [], config: [] };
const input = reportInput(request, facts, { queue: 'list', sendsDsn: false });

const notMet = { exitCode: 99, sentence: 'delivered: count is 0, not what count>0 asks (limit 0)' };
const labEnded = { why: 'the lab ended with signal SIGKILL', exitCode: 106 };
const cases: readonly [
  name: string,
  marks: readonly (readonly [MarkName, at: number])[],
  more: Partial<ReportInput>,
  verdict: Omit<Verdict, 'passed'>,
  interrupted: boolean,
][] = [
  ['that came to its end', [['ended', 12e6]], {}, notMet, false],
  [
    'that was interrupted before its load began',
    [
      ['load_ended', -3e5],
      ['interrupted', -3e5],
      ['ended', -2e5],
    ],
    {},
    { exitCode: 105, sentence: 'Interrupted; this is what was recorded until then.' },
    true,
  ],
  [
    'of which nobody saw the end',
    [],
    {},
    { exitCode: 105, sentence: 'Interrupted; this is what was recorded until then.' },
    true,
  ],
  [
    'whose lab was killed',
    [['load_started', 0]],
    { labEnded },
    { exitCode: 106, sentence: 'The run did not come to its end: the lab ended with signal SIGKILL' },
    false,
  ],
  ['whose lab was killed when all had been recorded', [['ended', 12e6]], { labEnded }, notMet, false],
  [
    'that a threshold aborted',
    [
      ['aborted', 3e6],
      ['ended', 4e6],
    ],
    { aborted: 'lost: count is 1' },
    { exitCode: 99, sentence: 'Aborted after 3 s: lost: count is 1' },
    false,
  ],
  [
    'whose MTA died',
    [
      ['mta_died', 3e6],
      ['ended', 4e6],
    ],
    { mtaDied: 'Haraka was ended by SIGKILL' },
    { exitCode: 106, sentence: 'The MTA ended during the run: Haraka was ended by SIGKILL' },
    false,
  ],
];
for (const [name, marks, more, verdict, interrupted] of cases) {
  test(`the report of an empty run ${name}`, () => {
    const aggregate = new Aggregate(modelOf(plan));
    const packer = new Packer(8);
    for (const [mark, at] of marks) packer.mark({ at, name: mark });
    const records = packer.take();
    if (records) aggregate.add(records);
    const { summary } = buildReport(aggregate, { ...input, ...more });
    assertSummary(summary);
    assert.deepEqual(summary.verdict, { passed: false, ...verdict });
    assert.equal(summary.run.interrupted, interrupted);
    assert.equal(summary.run.aborted, 'aborted' in more ? true : undefined);
  });
}
