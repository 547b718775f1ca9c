import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { EVIDENCE_FILE, gatherEvidence } from '../../../../src/lab/folder/evidence.ts';
import { addressesOf, modelOf } from '../../../../src/lab/folder/report-input.ts';
import type { Aggregate } from '../../../../src/record/aggregate.ts';
import { Packer } from '../../../../src/record/attempt-log.ts';
import { Recorder } from '../../../../src/record/recorder.ts';
import type { ReportInput } from '../../../../src/report/input.ts';
import type { Evidence, RecipientHistory } from '../../../../src/report/summary.ts';
import type { Plan } from '../../../../src/scenario/plan.ts';
import { workFolder } from '../../../support/cli.ts';
import { plannedInput } from '../../../support/planned-input.ts';

const { plan, input } = plannedInput(
  'mta: { adapter: haraka, sources: [198.18.128.1] }\nload: { rate: 10/s, duration: 1s, message: { recipients: 2 } }\n',
);
const addressOf = addressesOf(plan);
const ispOf = modelOf(plan).loads[0]?.ispOf ?? assert.fail();

interface Recorded {
  readonly folder: string;
  readonly aggregate: Aggregate;
  readonly input: ReportInput;
}

/** A run of two messages: the first one's recipients are lost, one of them after attempts; the others wait. */
function recorded(t: TestContext): Recorded {
  const folder = workFolder(t);
  const recorder = new Recorder(folder, modelOf(plan));
  const injections = new Packer();
  for (const message of [0, 1])
    injections.injection({
      due: 1000,
      sentAfter: 250,
      doneAfter: 1500,
      message,
      connection: 1,
      code: 250,
      recipients: 2,
      state: 'confirmed',
    });
  recorder.take({ type: 'records', injections: injections.take(), events: undefined });
  const isp = ispOf(0, 1);
  const reply = offsetOf(plan, isp);
  for (let n = 0; n < 20; n++)
    recorder.own.attempt({
      at: 5e6 + n * 1e6,
      isp,
      source: n === 0 ? 0 : 77,
      message: 0,
      slot: 1,
      connection: n,
      reply,
      stage: 'mail',
      outcome: 'throttled',
    });
  recorder.flush();
  for (const slot of [0, 1]) recorder.own.pending({ at: 30e6, message: 1, slot });
  recorder.own.mark({ at: 30e6, name: 'queue_listed' });
  recorder.close();
  return { folder, aggregate: recorder.aggregate, input };
}

/** The number of the ISP's first reply. */
function offsetOf({ isps }: Plan, isp: number): number {
  return isps.slice(0, isp).reduce((sum, { resolved }) => sum + resolved.replies.length, 0);
}

function gather({ folder, aggregate, input }: Recorded): Evidence {
  const { evidence, unwritten } = gatherEvidence(folder, plan, aggregate, input);
  assert.deepEqual(unwritten, []);
  return evidence;
}

/** The lines of the file: histories, and the last one. */
function written(folder: string): { histories: RecipientHistory[]; last: unknown } {
  const lines = readFileSync(join(folder, EVIDENCE_FILE), 'utf8').trimEnd().split('\n');
  const all = lines.map((line) => JSON.parse(line) as RecipientHistory);
  return { histories: all.slice(0, -1), last: all.at(-1) };
}

test('the file has a history a line and the sample is of them', (t) => {
  const run = recorded(t);
  const evidence = gather(run);
  const { histories, last } = written(run.folder);
  const isps = plan.isps.map(({ resolved }) => resolved.id);
  const injections = [{ dueMs: 1, begunMs: 1.25, doneMs: 2.5, state: 'confirmed', code: 250 }];
  assert.deepEqual(histories[0], {
    kinds: ['lost'],
    recipient: addressOf(0, 0),
    message: 0,
    slot: 0,
    load: 'default',
    isp: isps[ispOf(0, 0)],
    outcome: 'lost',
    injections,
    attempts: [],
    attemptsLeftOut: 0,
    dsns: [],
    feedback: [],
    queued: null,
    complete: true,
  });
  assert.match(addressOf(0, 0), /^u0\.0@[\w.]+$/);
  const tried = histories[1] as RecipientHistory;
  const isp = ispOf(0, 1);
  const reply = run.input.replies[offsetOf(plan, isp)];
  const attempt = {
    atMs: 5000,
    isp: isps[isp],
    source: '198.18.128.1',
    stage: 'mail',
    outcome: 'throttled',
    reply: reply?.id,
    code: reply?.code,
    text: reply?.text,
    replyLost: false,
  };
  assert.deepEqual(tried.attempts[0], attempt);
  assert.deepEqual(tried.attempts[1], { ...attempt, atMs: 6000, source: null });
  assert.deepEqual(
    histories.map(({ message, slot, outcome, queued, attempts }) => [
      message,
      slot,
      outcome,
      queued,
      attempts.length,
    ]),
    [
      [0, 0, 'lost', null, 0],
      [0, 1, 'lost', null, 20],
      [1, 0, 'pending', 'recipient', 0],
      [1, 1, 'pending', 'recipient', 0],
    ],
  );
  const none = { lost: 0, duplicated: 0, false_bounce: 0, missing_dsn: 0, unaccounted: 0 };
  assert.deepEqual(last, {
    histories: 4,
    leftOut: { ...none, crash_duplicated: 0, duplicated_unconfirmed: 0, pending: 0 },
  });

  // The report's sample is shorter than the file.
  const lost = evidence.kinds[0]?.sample ?? [];
  assert.deepEqual(lost[0], histories[0]);
  assert.deepEqual(lost[1], {
    ...tried,
    attempts: [...tried.attempts.slice(0, 6), ...tried.attempts.slice(-6)],
    attemptsLeftOut: 8,
  });
  assert.deepEqual(
    { ...evidence, kinds: evidence.kinds.map(({ kind, count, leftOut }) => [kind, count, leftOut]) },
    {
      file: 'evidence.ndjson',
      histories: 4,
      incomplete: 0,
      kinds: [
        ['lost', 2, 0],
        ['duplicated', 0, 0],
        ['false_bounce', 0, 0],
        ['missing_dsn', 0, 0],
        ['unaccounted', 0, 0],
        ['crash_duplicated', 0, 0],
        ['duplicated_unconfirmed', 0, 0],
        ['pending', 2, 0],
      ],
    },
  );
});

test('histories whose records are not on disk say so', (t) => {
  const cut: [string, string, (size: number) => number, number[]][] = [
    ['what the queue listed was not recorded any more', 'attempts.bin', (size) => size - 1, [2, 3]],
    ['no event was recorded', 'attempts.bin', () => 24, [1, 2, 3]],
    ['no injection was recorded', 'injections.bin', () => 24, [0, 1, 2, 3]],
  ];
  for (const [name, file, to, incomplete] of cut) {
    const run = recorded(t);
    const path = join(run.folder, file);
    truncateSync(path, to(statSync(path).size));
    assert.equal(gather(run).incomplete, incomplete.length, name);
    const { histories } = written(run.folder);
    // What is judged does not change: that is what the ledger has counted.
    assert.deepEqual(
      histories.map(({ outcome }) => outcome),
      ['lost', 'lost', 'pending', 'pending'],
      name,
    );
    assert.deepEqual(
      histories.flatMap(({ complete }, i) => (complete ? [] : [i])),
      incomplete,
      name,
    );
  }
});

test('a file of records that is not there, and a place that takes no file, are named', (t) => {
  const gone = recorded(t);
  rmSync(join(gone.folder, 'attempts.bin'));
  assert.throws(
    () => gather(gone),
    (e) =>
      e instanceof HarnessError &&
      e.kind === 'usage' &&
      e.message.includes(join(gone.folder, 'attempts.bin')),
  );
  assert.ok(!existsSync(join(gone.folder, EVIDENCE_FILE)));

  const full = recorded(t);
  const path = join(full.folder, EVIDENCE_FILE);
  writeFileSync(path, 'as it was\n');
  mkdirSync(`${path}.part`);
  const { evidence, unwritten } = gatherEvidence(full.folder, plan, full.aggregate, full.input);
  assert.equal(unwritten.length, 1);
  assert.match(unwritten[0] as string, /^can't write .*evidence\.ndjson: EISDIR/);
  // The report has its sample all the same.
  assert.deepEqual(evidence, gather(recorded(t)));
  assert.equal(readFileSync(path, 'utf8'), 'as it was\n');
});
