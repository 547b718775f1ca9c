import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FlowNames, flowsOf } from '../../../../src/analysis/adaptation/flows.ts';
import type { IspFlows } from '../../../../src/analysis/adaptation/scores.ts';
import { Aggregate } from '../../../../src/record/aggregate.ts';
import { NONE16, Packer, type TransactionOutcome } from '../../../../src/record/attempt-log.ts';

const SECOND = 1e6;
const THROTTLED_REPLY = 7;

const names: FlowNames = {
  isps: ['gmail', 'yahoo'],
  sources: ['198.18.128.1', '198.18.128.2'],
  throttles: (reply) => reply === THROTTLED_REPLY,
  outages: [],
  storesMail: true,
};

/** A run of six seconds; messages have two recipients, the first at Gmail and the second at Yahoo. */
function flows(act: (packer: Packer) => void, given: Partial<FlowNames> = {}): IspFlows[] {
  const load = {
    name: 'default',
    firstMessage: 0,
    messages: 100,
    recipientsPerMessage: 2,
    firstRecipient: 0,
  };
  const aggregate = new Aggregate({
    loads: [{ ...load, ispOf: (_, slot) => slot }],
    phaseOf: () => 'baseline',
  });
  const packer = new Packer();
  act(packer);
  const records = packer.take();
  if (records) aggregate.add(records);
  return flowsOf(aggregate, { ...names, ...given }, 6 * SECOND);
}

const at = (seconds: number) => ({ at: seconds * SECOND, isp: 0, source: 0, connection: 1 });
const transaction = (p: Packer, seconds: number, outcome: TransactionOutcome, source = 0): void =>
  p.transaction({
    ...at(seconds),
    source,
    message: 1,
    reply: 1,
    stage: 'dot',
    outcome,
    recipients: 1,
    bytes: 100,
  });
const injected = (p: Packer, message: number, dueSeconds: number, doneAfterSeconds: number): void =>
  p.injection({
    due: dueSeconds * SECOND,
    sentAfter: 0,
    doneAfter: doneAfterSeconds * SECOND,
    message,
    connection: 1,
    code: 250,
    recipients: 2,
    state: 'confirmed',
  });
const attempt = (
  p: Packer,
  seconds: number,
  message: number,
  outcome: 'accepted' | 'throttled' | 'rejected',
): void => p.attempt({ ...at(seconds), message, slot: 0, reply: 1, stage: 'dot', outcome });

test('transactions are counted by what became of them, and refused connections apart', () => {
  const [gmail, yahoo] = flows((p) => {
    for (const outcome of [
      'accepted',
      'partial',
      'throttled',
      'deferred',
      'rejected',
      'dropped',
      'abandoned',
    ] as const)
      transaction(p, 1.5, outcome);
    transaction(p, 1.6, 'recycled');
    transaction(p, 2, 'accepted', 1);
    p.connectionOpened({ ...at(3), reply: THROTTLED_REPLY });
    p.connectionOpened({ ...at(3), reply: 2 });
    p.connectionOpened({ ...at(3), reply: NONE16 });
    transaction(p, -1, 'accepted');
    transaction(p, 99, 'accepted');
  });
  assert.deepEqual(gmail?.whole.tried, [0, 7, 1, 0, 0, 0]);
  assert.deepEqual(gmail?.whole.accepted, [0, 2, 1, 0, 0, 0]);
  assert.deepEqual(gmail?.whole.throttled, [0, 1, 0, 0, 0, 0]);
  assert.deepEqual(gmail?.whole.refused, [0, 0, 0, 1, 0, 0]);
  assert.deepEqual(
    gmail?.sources.map(({ source, flow }) => [source, flow.tried]),
    [
      ['198.18.128.1', [0, 7, 0, 0, 0, 0]],
      ['198.18.128.2', [0, 0, 1, 0, 0, 0]],
    ],
  );
  assert.deepEqual(yahoo?.sources, []);
});

test('limits hold until they are sampled anew, and an outage leaves nothing', () => {
  const sample = (
    p: Packer,
    seconds: number,
    name: 'allowance' | 'credit',
    value: number,
    source = NONE16,
  ): void => p.sample({ at: seconds * SECOND, name, value, isp: 0, source });
  const act = (p: Packer): void => {
    transaction(p, 1, 'accepted');
    sample(p, 2, 'allowance', 5);
    sample(p, 4, 'allowance', Number.POSITIVE_INFINITY);
    sample(p, 3, 'credit', 50);
    sample(p, 2, 'allowance', 3, 0);
  };
  const infinite = Number.POSITIVE_INFINITY;
  const [gmail] = flows(act);
  assert.deepEqual(gmail?.whole.allowance, [5, 5, 5, infinite, infinite, infinite]);
  assert.deepEqual(gmail?.whole.credit, [50, 50, 50, 50, 50, 50]);
  assert.deepEqual(gmail?.whole.unpunished, new Array(6).fill(infinite));
  assert.deepEqual(gmail?.sources[0]?.flow.allowance, [3, 3, 3, 3, 3, 3]);

  const [cut] = flows(act, { outages: [{ isp: 'gmail', start: 2 * SECOND, end: 4 * SECOND }] });
  assert.deepEqual(cut?.whole.allowance, [5, 5, 0, 0, infinite, infinite]);
  assert.deepEqual(cut?.whole.unpunished, [infinite, infinite, 0, 0, infinite, infinite]);
});

test('the supply is what the MTA took in, until it was accepted or given up', () => {
  const [gmail, yahoo] = flows((p) => {
    injected(p, 0, 0, 1.2);
    injected(p, 1, 1, 0.5);
    injected(p, 2, 1, 0.5);
    injected(p, 3, 1, 0.5);
    // Message 0 is accepted in second 3, 1 is rejected, 2 is given up in second 4, 3 stays.
    attempt(p, 2, 0, 'throttled');
    attempt(p, 3, 0, 'accepted');
    attempt(p, 2, 1, 'rejected');
    attempt(p, 2, 2, 'throttled');
    p.dsn({ at: 4.5 * SECOND, message: 2, slot: 0, action: 'failed' });
    p.dsn({ at: 4.5 * SECOND, message: 1, slot: 0, action: 'failed' });
    transaction(p, 3, 'accepted');
  });
  assert.deepEqual(gmail?.whole.supply, { arrivals: [0, 3, 0, 0, 0, 0], backlog: [0, 0, 3, 3, 2, 1, 1] });
  assert.deepEqual(yahoo?.whole.supply, { arrivals: [0, 4, 0, 0, 0, 0], backlog: [0, 0, 4, 4, 4, 4, 4] });
});

test('mail can be at the ISP before the driver has read the 250 for it', () => {
  const [gmail] = flows((p) => {
    injected(p, 0, 0, 3);
    attempt(p, 1.5, 0, 'accepted');
    transaction(p, 1.5, 'accepted');
  });
  assert.deepEqual(gmail?.whole.supply, { arrivals: [0, 1, 0, 0, 0, 0], backlog: [0, 0, 0, 0, 0, 0, 0] });
});

test('recipients are turned into transactions by how many an accepted one had', () => {
  const [gmail] = flows((p) => {
    injected(p, 0, 0, 0.5);
    injected(p, 1, 0, 0.5);
    attempt(p, 2, 0, 'accepted');
    attempt(p, 2, 1, 'accepted');
    transaction(p, 2, 'accepted');
  });
  assert.deepEqual(gmail?.whole.supply, { arrivals: [1, 0, 0, 0, 0, 0], backlog: [0, 1, 1, 0, 0, 0, 0] });
});

test('where the driver speaks to the ISPs there is no backlog to judge', () => {
  const [gmail] = flows((p) => injected(p, 0, 0, 0.5), { storesMail: false });
  assert.equal(gmail?.whole.supply, undefined);
});
