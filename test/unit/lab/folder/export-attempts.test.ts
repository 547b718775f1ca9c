import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { HarnessError } from '../../../../src/core/errors.ts';
import { ATTEMPTS_FILE, exportAttempts } from '../../../../src/lab/folder/export-attempts.ts';
import { addressesOf, modelOf } from '../../../../src/lab/folder/report-input.ts';
import { writeRunFile } from '../../../../src/lab/folder/run-folder.ts';
import { NONE16, NONE32 } from '../../../../src/record/attempt-log.ts';
import { Recorder } from '../../../../src/record/recorder.ts';
import { workFolder } from '../../../support/cli.ts';
import { plannedInput } from '../../../support/planned-input.ts';

const { plan, input } = plannedInput(
  'mta: { adapter: haraka, sources: [198.18.128.1] }\nisps: { gmail: { share: 1 } }\nload: { rate: 10/s, duration: 1s }\n',
);
const attempt = {
  at: 1_234_567.89,
  isp: 0,
  source: 0,
  connection: 5,
  message: 3,
  slot: 0,
  reply: 0,
  stage: 'dot',
  outcome: 'accepted',
} as const;

/** A run's folder with four attempts and other records, in two blocks. */
function run(t: TestContext): string {
  const folder = workFolder(t);
  const recorder = new Recorder(folder, modelOf(plan));
  const { own } = recorder;
  own.mark({ at: 0, name: 'load_started' });
  own.attempt(attempt);
  own.replyLost(attempt);
  own.transaction({ ...attempt, recipients: 1, bytes: 9 });
  recorder.flush();
  own.attempt({ ...attempt, source: NONE16, slot: NONE16, stage: 'mail', outcome: 'throttled' });
  own.attempt({ ...attempt, message: NONE32, slot: NONE16 - 1, mismatched: true });
  own.attempt({ ...attempt, message: 9_999, reply: NONE16, outcome: 'abandoned' });
  recorder.close();
  writeRunFile(folder, { format: 1, plan, input });
  return folder;
}

function linesIn(folder: string): unknown[] {
  const text = gunzipSync(readFileSync(join(folder, ATTEMPTS_FILE))).toString('utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

test('the export has a line for every attempt, and one for every reply that was lost', async (t) => {
  const folder = run(t);
  const path = join(folder, ATTEMPTS_FILE);
  assert.deepEqual(await exportAttempts(folder), { path, attempts: 4 });
  const who = {
    atMs: 1234.568,
    isp: 'gmail',
    source: '198.18.128.1',
    connection: 5,
    message: 3,
    slot: 0,
    recipient: addressesOf(plan)(3, 0),
  };
  const [first] = plan.isps[0]?.resolved.replies ?? [];
  const how = {
    stage: 'dot',
    outcome: 'accepted',
    reply: first?.id,
    code: first?.code,
    enhanced: first?.enhanced,
    mismatched: false,
  };
  const unnamed = { slot: null, recipient: null };
  assert.deepEqual(linesIn(folder), [
    { event: 'attempt', ...who, ...how },
    { event: 'reply-lost', ...who },
    { event: 'attempt', ...who, source: null, ...unnamed, ...how, stage: 'mail', outcome: 'throttled' },
    { event: 'attempt', ...who, message: null, ...unnamed, ...how, mismatched: true },
    {
      event: 'attempt',
      ...who,
      message: 9_999,
      recipient: null,
      ...how,
      reply: null,
      code: null,
      enhanced: null,
      outcome: 'abandoned',
    },
  ]);
  // Made again, it is the same.
  await exportAttempts(folder);
  assert.equal(linesIn(folder).length, 5);
});

test('what is torn off is left out', async (t) => {
  const folder = run(t);
  const records = join(folder, 'attempts.bin');
  truncateSync(records, statSync(records).size - 1);
  assert.equal((await exportAttempts(folder)).attempts, 1);
  assert.equal(linesIn(folder).length, 2);
});

test('folders that are not of a run, and places that take no file', async (t) => {
  const cases: [string, (folder: string) => void, 'usage' | 'lab', RegExp][] = [
    ['no run', (f) => rmSync(join(f, 'run.json')), 'usage', /is not the folder of a run/],
    ['no records', (f) => rmSync(join(f, 'attempts.bin')), 'usage', /can't read .*attempts\.bin/],
    [
      'other records',
      (f) => writeFileSync(join(f, 'attempts.bin'), 'x'),
      'usage',
      /is not a windtunnel record/,
    ],
    [
      'no room',
      (f) => mkdirSync(join(f, `${ATTEMPTS_FILE}.part`)),
      'lab',
      /can't write .*attempts\.ndjson\.gz: EISDIR/,
    ],
  ];
  for (const [name, spoil, kind, message] of cases) {
    const folder = run(t);
    spoil(folder);
    await assert.rejects(
      exportAttempts(folder),
      (e) => e instanceof HarnessError && e.kind === kind && message.test(e.message),
      name,
    );
    assert.ok(!readdirSync(folder).includes(ATTEMPTS_FILE), name);
  }
});
