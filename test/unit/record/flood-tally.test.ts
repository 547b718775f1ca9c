import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Packer } from '../../../src/record/attempt-log.ts';
import { FloodTally } from '../../../src/record/flood-tally.ts';

test('a flood adds up to counts, a span and how busy its processes were', () => {
  const tally = new FloodTally();
  const injections = new Packer();
  const message = { message: 1, connection: 1, recipients: 2 };
  injections.injection({
    ...message,
    due: 1000,
    sentAfter: 500,
    doneAfter: 4000,
    code: 250,
    state: 'confirmed',
  });
  injections.injection({
    ...message,
    due: 1000,
    sentAfter: 500,
    doneAfter: 4000,
    code: 550,
    state: 'refused',
    refusedSlot: 1,
  });
  injections.injection({
    ...message,
    due: 2000,
    sentAfter: 0,
    doneAfter: 7000,
    code: 451,
    state: 'deferred',
  });
  injections.injection({ ...message, due: 2000, sentAfter: 0, doneAfter: 9000, code: 554, state: 'refused' });
  // Neither was answered, so neither says how long the flood took.
  injections.injection({
    ...message,
    due: 100,
    sentAfter: 0,
    doneAfter: 90_000,
    code: 0,
    state: 'unconfirmed',
  });
  injections.injection({ ...message, due: 0, sentAfter: 0, doneAfter: 0, code: 0, state: 'dropped' });
  injections.probe({ due: 3000, sentAfter: 0, doneAfter: 500, load: 0, code: 250 });
  injections.injectorConnection({ at: 0, after: 300, load: 0, code: 0, event: 'opened' });
  injections.injectorConnection({ at: 0, after: 0, load: 0, code: 421, event: 'refused' });
  const events = new Packer();
  for (const [cpu, loopDelay] of [
    [0.5, 1000],
    [1, 3000],
  ] as const) {
    events.sample({ at: 0, name: 'cpu', value: cpu, worker: 1 });
    events.sample({ at: 0, name: 'loop_delay', value: loopDelay, worker: 1 });
  }
  tally.take({ type: 'records', injections: injections.take(), events: undefined });
  tally.take({ type: 'records', injections: undefined, events: events.take() });

  const { counts, firstBegun, lastReply, recipientsRefused, business } = tally;
  assert.deepEqual(counts.messages, { confirmed: 1, unconfirmed: 1, refused: 1, dropped: 1, deferred: 1 });
  assert.deepEqual(
    [...counts.failures],
    [
      [554, 1],
      [0, 1],
    ],
  );
  assert.deepEqual(
    [...counts.refusals],
    [
      [451, 1],
      [554, 1],
      [421, 1],
    ],
  );
  assert.deepEqual(counts.connections, { opened: 1, refused: 1, failed: 0, lost: 0 });
  assert.deepEqual([counts.probes.answered, recipientsRefused], [1, 1]);
  assert.deepEqual([firstBegun, lastReply], [1500, 11_000]);
  assert.deepEqual(business[1], { seconds: 2, cpuSum: 1.5, loopDelaySum: 4000, maxLoopDelay: 3000 });
});
