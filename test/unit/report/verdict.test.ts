import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelOf } from '../../../src/lab/folder/report-input.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { type InjectionState, type MarkName, Packer } from '../../../src/record/attempt-log.ts';
import { buildReport } from '../../../src/report/build.ts';
import type { ReportInput } from '../../../src/report/input.ts';
import type { Evidence } from '../../../src/report/summary.ts';
import { plannedInput } from '../../support/planned-input.ts';
import { assertSummary } from '../../support/summary-schema.ts';

const text = `
load: { rate: 10/s, duration: 60s }
thresholds: { delivered: [count>=0, count>0, rate>=0.5*baseline] }
`;
const { plan, input } = plannedInput(text);

/** No recipient is in question. */
const NONE: Evidence = { file: 'evidence.ndjson', histories: 0, incomplete: 0, kinds: [] };

const FAILED = '2 of 3 thresholds failed; first: delivered: count is 0, not what count>0 asks (limit 0)';
const INTERRUPTED = 'Interrupted; this is what was recorded until then.';

test('the verdict of a run, by how it ended', () => {
  const labEnded = { why: 'the lab ended with signal SIGKILL', exitCode: 106 };
  const rows: [readonly [MarkName, number][], Partial<ReportInput>, number, string][] = [
    [[['ended', 60]], {}, 99, FAILED],
    [[['interrupted', 9]], {}, 105, INTERRUPTED],
    // Before the load began.
    [
      [
        ['load_ended', -0.3],
        ['interrupted', -0.3],
        ['ended', -0.2],
      ],
      {},
      105,
      INTERRUPTED,
    ],
    // Nobody saw how it ended.
    [[['load_started', 0]], {}, 105, INTERRUPTED],
    [
      [['load_started', 0]],
      { labEnded },
      106,
      'The run did not come to its end: the lab ended with signal SIGKILL',
    ],
    // All had been recorded by then.
    [[['ended', 60]], { labEnded }, 99, FAILED],
    [
      [['aborted', 12.34]],
      { aborted: 'throttled: count is 1, not what count<1 asks (limit 1)' },
      99,
      'Aborted after 12.3 s: throttled: count is 1, not what count<1 asks (limit 1)',
    ],
    // The lab ended before it could write down why.
    [[['aborted', 90]], {}, 99, 'Aborted after 1 min 30 s: a threshold with abortOnFail failed.'],
    [
      [
        ['aborted', 12],
        ['mta_died', 13],
      ],
      { aborted: 'throttled', mtaDied: 'signal SIGSEGV' },
      106,
      'The MTA ended during the run: signal SIGSEGV',
    ],
  ];
  for (const [marks, more, exitCode, sentence] of rows) {
    const aggregate = new Aggregate(modelOf(plan));
    const packer = new Packer();
    for (const [name, second] of marks) packer.mark({ at: second * 1e6, name });
    aggregate.add(packer.take() as Uint8Array);
    const { summary } = buildReport(aggregate, { ...input, ...more }, NONE);
    assertSummary(summary);
    assert.deepEqual(summary.verdict, { passed: false, exitCode, sentence });
    assert.equal(summary.run.interrupted, exitCode === 105);
    assert.equal(summary.run.aborted, marks.some(([name]) => name === 'aborted') ? true : undefined);
  }
});

test('a run of which the MTA took nothing has not passed, whatever no threshold asks', () => {
  const rows: [states: InjectionState[], exitCode: number, sentence: string][] = [
    [[], 0, 'No thresholds, so nothing to fail.'],
    [['dropped', 'unconfirmed', 'refused'], 106, 'The MTA took none of the 3 messages that were due.'],
    [['dropped', 'confirmed', 'refused'], 0, 'No thresholds, so nothing to fail.'],
  ];
  for (const [states, exitCode, sentence] of rows) {
    const aggregate = new Aggregate(modelOf(plan));
    const packer = new Packer();
    for (const [message, state] of states.entries())
      packer.injection({
        due: 0,
        sentAfter: 0,
        doneAfter: 1000,
        message,
        connection: 0,
        code: 0,
        recipients: 1,
        state,
      });
    packer.mark({ at: 60e6, name: 'ended' });
    aggregate.add(packer.take() as Uint8Array);
    const { summary } = buildReport(aggregate, { ...input, thresholds: [] }, NONE);
    assert.deepEqual(summary.verdict, { passed: exitCode === 0, exitCode, sentence }, String(states));
  }
});

test('a run that goes on is not interrupted', () => {
  const { summary } = buildReport(new Aggregate(modelOf(plan)), input);
  assert.equal(summary.run.interrupted, false);
  assert.equal(summary.verdict.sentence, FAILED);
});

test('a limit relative to a baseline is judged by what is kept of it', () => {
  const rows: [ReportInput, string, string | undefined][] = [
    [
      { ...input, baseline: { name: 'before', values: [[], [], [0]] } },
      'delivered: rate is 0/s, as rate>=0.5*baseline asks (limit 0.5 × 0/s = 0/s)',
      '0.5 × 0/s = 0/s',
    ],
    [
      input,
      "delivered: rate is 0/s, but the baseline has no value to compare it with, so rate>=0.5*baseline can't hold",
      undefined,
    ],
  ];
  for (const [each, sentence, limitText] of rows) {
    // As run.json keeps it.
    const kept = JSON.parse(JSON.stringify(each)) as ReportInput;
    const { summary } = buildReport(new Aggregate(modelOf(plan)), kept);
    assert.equal(summary.thresholds[2]?.sentence, sentence);
    assert.equal(summary.thresholds[2]?.limitText, limitText);
  }
});
