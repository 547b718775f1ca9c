import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Packer } from '../../../src/record/attempt-log.ts';
import { FloodTally } from '../../../src/record/flood-tally.ts';
import { type FloodFacts, type FloodSummary, summarizeFlood } from '../../../src/report/flood-summary.ts';
import { floodProgressLine, renderFlood } from '../../../src/report/flood-text.ts';

const facts: FloodFacts = {
  target: '127.0.0.1:2525',
  action: 'message',
  rate: undefined,
  ended: 'complete',
  trouble: undefined,
  meanBytes: 2000,
  seed: 1,
  begun: 0,
  late: 0,
  cpuSeconds: [0.02],
};

/** 1,000 messages in one second, each answered after n ms for n from 1 to 10 in turn, begun 1 ms late. */
function thousand(): FloodTally {
  const packer = new Packer();
  for (let n = 0; n < 1000; n++) {
    const due = n === 999 ? 990_000 : n * 990;
    packer.injection({
      due,
      sentAfter: n === 0 ? 0 : 1000,
      doneAfter: ((n % 10) + 1) * 1000,
      message: n,
      connection: 1,
      code: 250,
      recipients: 1,
      state: 'confirmed',
    });
  }
  packer.injectorConnection({ at: 0, after: 2000, load: 0, code: 0, event: 'opened' });
  const tally = new FloodTally();
  tally.take({ type: 'records', injections: packer.take(), events: undefined });
  return tally;
}

test('the summary of a thousand messages, and its table', () => {
  const summary = summarizeFlood(thousand(), { ...facts, begun: 1000 });
  assert.deepEqual(
    [summary.messages, summary.durationSeconds, summary.messagesPerSecond, summary.megabytesPerSecond],
    [1000, 1, 1000, 2],
  );
  const { p50, p90, max, mean } = summary.responseTimeMs;
  assert.deepEqual(
    [p50, p90, max, mean].map((ms) => Math.round(ms ?? 0)),
    [5, 9, 10, 6],
  );
  assert.deepEqual(Math.round(summary.serviceTimeMs.max ?? 0), 9);
  assert.deepEqual([summary.unfinished, summary.driverSaturated, summary.failures], [0, false, {}]);
  assert.equal(
    renderFlood(summary),
    [
      '',
      '  server        127.0.0.1:2525',
      '  messages      1,000 taken in 1 s, 1,000/s, 2 MB/s',
      '  failed        0',
      '  connections   1 opened, 0 refused, 0 failed, 0 lost',
      "  driver's CPU  20 ms, 20 µs each",
      '',
      '                  p50      p90    p95    p99  p99.9    max',
      '  response time  5 ms  9.01 ms  10 ms  10 ms  10 ms  10 ms',
      '  service time   4 ms     8 ms   9 ms   9 ms   9 ms   9 ms',
      '  connecting     2 ms     2 ms   2 ms   2 ms   2 ms   2 ms',
      '',
      '',
    ].join('\n'),
  );
});

test('a flood that nobody took', () => {
  const summary = summarizeFlood(new FloodTally(), { ...facts, ended: 'nobody', trouble: 'ECONNREFUSED' });
  assert.deepEqual(
    [summary.durationSeconds, summary.messagesPerSecond, summary.responseTimeMs.p99, summary.trouble],
    [0, 0, null, 'ECONNREFUSED'],
  );
  assert.equal(
    renderFlood(summary),
    [
      '',
      '  server        127.0.0.1:2525',
      '  messages      none taken',
      '  failed        0',
      '  connections   0 opened, 0 refused, 0 failed, 0 lost',
      "  driver's CPU  20 ms",
      '',
      '',
    ].join('\n'),
  );
});

test('what is shown only where there is something to show', () => {
  const summary: FloodSummary = {
    ...summarizeFlood(thousand(), { ...facts, rate: 500, begun: 1003, late: 7, cpuSeconds: [0.01, 0.02] }),
    failures: { 450: 20, 554: 1000, none: 3 },
    refusals: { 421: 4, 450: 25, 554: 1000, none: 3 },
    deferred: 5,
    recipientsRefused: 6,
    dropped: 8,
    driverSaturated: true,
  };
  const text = renderFlood(summary);
  for (const line of [
    '  failed        1,023: 450 × 20, 554 × 1,000, no reply × 3\n',
    '  tried again   5 times\n',
    '  recipients    6 refused of messages taken\n',
    '  cut off       3 under way\n',
    '  schedule      500/s due, 7 begun more than 10 ms late, 8 never begun\n',
    '  refusals      421 × 4, 450 × 25, 554 × 1,000, no reply × 3\n',
    "  driver's CPU  30 ms, 30 µs each, 2 processes\n",
    '  The driver was short of CPU, ',
  ])
    assert.ok(text.includes(line), `${line} in\n${text}`);
});

test('progress', () => {
  assert.equal(
    floodProgressLine({ elapsedSeconds: 2.9, done: 57_310, perSecond: 19_104.2, failed: 1, connections: 50 }),
    '3 s  57,310 taken  19,104/s  1 failed  50 connections',
  );
});
