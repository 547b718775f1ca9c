import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conservation } from '../../../src/analysis/conservation.ts';
import { createMeasure } from '../../../src/analysis/measure.ts';
import type { MetricName } from '../../../src/gate/metrics.ts';
import type { Selector } from '../../../src/gate/threshold.ts';
import type { Aggregate } from '../../../src/record/aggregate.ts';
import {
  type FeedbackKind,
  type FeedbackState,
  NO_ISP,
  NONE16,
  NONE32,
  Packer,
} from '../../../src/record/attempt-log.ts';
import { twentyMessages } from '../../support/twenty-messages.ts';

const SECOND = 1e6;

/** Message m is for ISP m modulo 2, from source m modulo 2, and accepted in second m of ten; two of them are accepted late. */
function run(): Aggregate {
  const aggregate = twentyMessages((message) => message % 2);
  const packer = new Packer();
  for (let message = 0; message < 20; message++) {
    packer.injection({
      due: message * SECOND,
      sentAfter: 0,
      doneAfter: 10,
      message,
      connection: 1,
      code: 250,
      recipients: 1,
      state: 'confirmed',
    });
    packer.attempt({
      at: message * SECOND,
      isp: message % 2,
      source: message % 2,
      message,
      slot: 0,
      connection: 1,
      reply: 0,
      stage: 'dot',
      outcome: 'accepted',
    });
  }
  const tell = (second: number, message: number, kind: FeedbackKind, ...states: FeedbackState[]): void => {
    for (const state of states) {
      const isRead = state === 'received';
      packer.feedback({
        at: second * SECOND,
        isp: message % 2,
        source: isRead ? NONE16 : message % 2,
        message,
        slot: 0,
        kind,
        state,
      });
    }
  };
  tell(5, 0, 'complaint', 'happened', 'due', 'sent', 'received');
  tell(12, 2, 'complaint', 'happened', 'due', 'sent');
  tell(25, 4, 'complaint', 'happened');
  tell(12, 1, 'complaint', 'happened', 'due', 'failed');
  tell(13, 3, 'bounce', 'due', 'sent', 'received');
  tell(14, 6, 'bounce', 'due');
  tell(15, 5, 'trap', 'due');
  tell(16, 8, 'unsubscribe', 'due', 'sent', 'received');
  // The mailroom could read neither of them.
  tell(17, 9, 'malformed', 'due', 'sent');
  const unread = { isp: NO_ISP, source: NONE16, message: NONE32, slot: NONE16, kind: 'malformed' } as const;
  packer.feedback({ ...unread, at: 17 * SECOND, state: 'received' });
  packer.feedback({ ...unread, at: 18 * SECOND, state: 'received' });
  aggregate.add(packer.take() as Uint8Array);
  return aggregate;
}

const aggregate = run();
const names = {
  isps: ['gmail', 'yahoo'],
  sources: ['198.18.128.1', '198.18.128.2'],
  vmtas: [],
  replies: [],
  phases: [
    { name: 'baseline', from: 0, to: 10 * SECOND },
    { name: 'incident', from: 10 * SECOND, to: 20 * SECOND },
  ],
  loads: ['default'],
} as const;
const outcome = conservation(aggregate.ledger, 2, { queueListed: true, sendsDsn: true });

for (const [metric, selector, count, rate] of [
  ['complaints', {}, 4, 0.15],
  ['complaints', { isp: 'gmail' }, 3, 0.1],
  ['complaints', { source: '198.18.128.2' }, 1, 0.05],
  ['complaints', { phase: 'incident' }, 2, 0.2],
  // What happens after the load is in no phase.
  ['complaints', { isp: 'gmail', phase: 'incident' }, 1, 0.1],
  ['trap_hits', {}, 1, 0.05],
  ['trap_hits', { isp: 'gmail' }, 0, 0],
  ['unsubscribes', { isp: 'gmail' }, 1, 0.05],
  ['malformed_reports', {}, 2, 0.1],
  ['malformed_reports', { isp: 'yahoo' }, 0, 0],
  ['feedback_sent', {}, 5, 0.25],
  ['feedback_sent', { isp: 'yahoo', phase: 'incident' }, 2, 0.2],
  // One was given up, one waits.
  ['feedback_failed', {}, 2, 0.1],
  ['feedback_failed', { isp: 'yahoo' }, 1, 0.05],
  // The second complaint never came; the malformed one did, though nobody could tell from whom.
  ['feedback_lost', {}, 1, 0.05],
  ['feedback_lost', { isp: 'gmail' }, 1, 0.05],
  ['feedback_lost', { isp: 'yahoo' }, 1, 0.05],
  ['async_bounces', {}, 2, 0.1],
  ['async_bounces', { isp: 'yahoo' }, 1, 0.05],
  ['false_bounce', {}, 0, 0],
] as const satisfies [MetricName, Selector, number, number][]) {
  test(`${metric} of ${JSON.stringify(selector)}: ${count}, ${rate} a second`, () => {
    const measured = createMeasure(aggregate, outcome, names, undefined)(metric, selector);
    assert.deepEqual(measured, { kind: 'counter', count, rate });
  });
}

for (const [selector, rate, total] of [
  [{}, 4 / 20, 20],
  [{ isp: 'gmail' }, 3 / 10, 10],
  [{ source: '198.18.128.2' }, 1 / 10, 10],
  [{ phase: 'baseline' }, 1 / 10, 10],
  [{ isp: 'yahoo', phase: 'baseline' }, 0, 5],
  [{ isp: 'gmail', source: '198.18.128.2' }, 0, 0],
] as const) {
  test(`complaint_rate of ${JSON.stringify(selector)}: ${rate} of ${total}`, () => {
    const measured = createMeasure(aggregate, outcome, names, undefined)('complaint_rate', selector);
    assert.deepEqual(measured, { kind: 'rate', rate, total });
  });
}

test('while the run goes on, what becomes of recipients is not known', () => {
  const measure = createMeasure(aggregate, undefined, { ...names, running: true }, undefined);
  assert.equal(measure('async_bounces', {}), undefined);
  assert.deepEqual(measure('complaints', {}), { kind: 'counter', count: 4, rate: 0.15 });
});
