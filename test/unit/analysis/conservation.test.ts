import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  conservation,
  type MtaEvidence,
  type Outcome,
  outcomeOf,
  type RecipientFacts,
  someoneWaits,
} from '../../../src/analysis/conservation.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { type InjectionState, NONE16, NONE32, Packer } from '../../../src/record/attempt-log.ts';

const listed: MtaEvidence = { queueListed: true, sendsDsn: true };
const unlisted: MtaEvidence = { queueListed: false, sendsDsn: true };
const nothing: RecipientFacts = { accepted: 0, lastAnswer: 'none', failedDsn: false, pending: false };

test('each row of the outcome table', () => {
  const rows: [string, Partial<RecipientFacts>, MtaEvidence, Outcome][] = [
    ['1: a 250', { accepted: 1, lastAnswer: 'accepted' }, listed, 'delivered'],
    ['1: a 250 and a failed DSN', { accepted: 1, failedDsn: true }, listed, 'delivered'],
    ['1: a 250 and still listed', { accepted: 1, pending: true }, listed, 'delivered'],
    ['1: a 250, and a 5xx on a second attempt', { accepted: 1, lastAnswer: '5xx' }, listed, 'delivered'],
    ['1: a 250, queue not listed', { accepted: 1 }, unlisted, 'delivered'],
    ['2: 5xx and a DSN', { lastAnswer: '5xx', failedDsn: true }, listed, 'bounced'],
    ['2: 5xx and gone, without a DSN', { lastAnswer: '5xx' }, listed, 'bounced'],
    ['2: 5xx and a DSN, queue not listed', { lastAnswer: '5xx', failedDsn: true }, unlisted, 'bounced'],
    ['3: 4xx and a DSN', { lastAnswer: '4xx', failedDsn: true }, listed, 'expired'],
    ['3: never tried and a DSN', { failedDsn: true }, listed, 'expired'],
    ['3: dropped by the ISP and a DSN', { lastAnswer: 'no-reply', failedDsn: true }, unlisted, 'expired'],
    ['4: 4xx and still listed', { lastAnswer: '4xx', pending: true }, listed, 'pending'],
    ['4: never tried and still listed', { pending: true }, listed, 'pending'],
    ['4: 5xx and still listed', { lastAnswer: '5xx', pending: true }, listed, 'pending'],
    ['5: 4xx and gone', { lastAnswer: '4xx' }, listed, 'lost'],
    ['5: never tried and gone', {}, listed, 'lost'],
    ['6: 4xx, queue not listed', { lastAnswer: '4xx' }, unlisted, 'unaccounted'],
    ['6: 5xx without a DSN, queue not listed', { lastAnswer: '5xx' }, unlisted, 'unaccounted'],
    ['6: never tried, queue not listed', {}, unlisted, 'unaccounted'],
  ];
  for (const [name, facts, evidence, outcome] of rows) {
    assert.equal(outcomeOf({ ...nothing, ...facts }, evidence), outcome, name);
  }
});

/** A run of `messages` messages with one recipient each; even ones are for ISP 0, odd ones for ISP 1. */
function ledgerOf(messages: number, act: (packer: Packer) => void): Aggregate {
  const aggregate = new Aggregate({
    loads: [
      {
        name: 'default',
        firstMessage: 0,
        messages,
        recipientsPerMessage: 1,
        firstRecipient: 0,
        ispOf: (message) => message % 2,
      },
    ],
    phaseOf: () => 'baseline',
  });
  const packer = new Packer();
  act(packer);
  const records = packer.take();
  if (records) aggregate.add(records);
  return aggregate;
}

function inject(packer: Packer, message: number, state: InjectionState = 'confirmed'): void {
  packer.injection({
    due: 0,
    sentAfter: 0,
    doneAfter: 10,
    message,
    connection: 1,
    code: 250,
    recipients: 1,
    state,
  });
}

function attempt(
  packer: Packer,
  message: number,
  outcome: 'accepted' | 'rejected' | 'throttled',
  slot = 0,
  at = 100,
): void {
  packer.attempt({
    at,
    isp: message % 2,
    source: 0,
    message,
    slot,
    connection: 1,
    reply: 0,
    stage: 'dot',
    outcome,
  });
}

test('every confirmed recipient has one outcome, and they add up, per ISP and in all', () => {
  const aggregate = ledgerOf(9, (p) => {
    for (let message = 0; message < 6; message++) inject(p, message);
    inject(p, 6, 'unconfirmed');
    inject(p, 7, 'refused');
    attempt(p, 0, 'accepted');
    attempt(p, 0, 'accepted'); // delivered twice
    attempt(p, 1, 'throttled');
    attempt(p, 1, 'accepted');
    p.dsn({ at: 1, message: 1, slot: 0, action: 'failed' }); // and yet reported as failed
    attempt(p, 2, 'rejected');
    p.dsn({ at: 1, message: 2, slot: 0, action: 'failed' });
    attempt(p, 3, 'rejected', NONE16); // refused at MAIL; no DSN came
    attempt(p, 4, 'throttled');
    p.pending({ at: 1, message: 4, slot: 0 });
    p.dsn({ at: 1, message: 4, slot: 0, action: 'delayed' }); // no outcome
    attempt(p, 6, 'accepted'); // its 250 never reached the driver
    attempt(p, 6, 'accepted');
    inject(p, 8);
    attempt(p, 8, 'accepted'); // and the 250 never reached the MTA
    p.replyLost({ at: 100, isp: 0, source: 0, message: 8, slot: 0, connection: 1 });
    attempt(p, 8, 'accepted', 0, 200);
  });
  const { total, byIsp, unconfirmed } = conservation(aggregate.ledger, 2, listed);
  assert.deepEqual(total, {
    recipients: 7,
    outcomes: { delivered: 3, bounced: 2, expired: 0, pending: 1, lost: 1, unaccounted: 0 },
    duplicated: 1,
    duplicatedUnconfirmed: 1,
    duplicatedAfterCrash: 0,
    falseBounces: 1,
    asyncBounces: 0,
    missingDsns: 1,
  });
  assert.deepEqual(byIsp[0]?.outcomes, {
    delivered: 2,
    bounced: 1,
    expired: 0,
    pending: 1,
    lost: 0,
    unaccounted: 0,
  });
  assert.deepEqual(byIsp[1]?.outcomes, {
    delivered: 1,
    bounced: 1,
    expired: 0,
    pending: 0,
    lost: 1,
    unaccounted: 0,
  });
  assert.deepEqual(unconfirmed, { recipients: 1, delivered: 1, duplicated: 1 });
});

test('what an ISP accepts and bounces later is no false bounce, whatever is told first', () => {
  type Told = 'accepted' | 'due' | 'dsn' | 'sent' | 'delayed' | 'complaint' | 'rejected';
  const tell = (packer: Packer, what: Told): void => {
    const feedback = { at: 200, isp: 0, source: 0, message: 0, slot: 0, kind: 'bounce' } as const;
    if (what === 'accepted' || what === 'rejected') attempt(packer, 0, what);
    else if (what === 'dsn') packer.dsn({ at: 300, message: 0, slot: 0, action: 'failed' });
    else if (what === 'delayed') packer.dsn({ at: 300, message: 0, slot: 0, action: 'delayed' });
    else if (what === 'complaint') packer.feedback({ ...feedback, kind: 'complaint', state: 'due' });
    else packer.feedback({ ...feedback, state: what });
  };
  const rows: [told: readonly Told[], falseBounces: number, asyncBounces: number, outcome: Outcome][] = [
    [['accepted', 'due', 'sent', 'dsn'], 0, 1, 'delivered'],
    [['dsn', 'accepted', 'due', 'sent'], 0, 1, 'delivered'],
    [['due', 'sent', 'dsn', 'accepted'], 0, 1, 'delivered'],
    [['accepted', 'due'], 0, 1, 'delivered'],
    [['accepted', 'due', 'delayed'], 0, 1, 'delivered'],
    [['accepted', 'dsn'], 1, 0, 'delivered'],
    // Nothing but `due` says that the ISP did it: the others can be told of a mail that only looks like one.
    [['accepted', 'sent', 'dsn'], 1, 0, 'delivered'],
    [['accepted', 'complaint', 'dsn'], 1, 0, 'delivered'],
    [['rejected', 'dsn'], 0, 0, 'bounced'],
  ];
  for (const [told, falseBounces, asyncBounces, outcome] of rows) {
    const { ledger } = ledgerOf(2, (p) => {
      inject(p, 0);
      for (const what of told) tell(p, what);
    });
    for (const counts of [conservation(ledger, 2, listed).total, conservation(ledger, 2, listed).byIsp[0]]) {
      assert.deepEqual(
        [counts?.falseBounces, counts?.asyncBounces, counts?.outcomes[outcome]],
        [falseBounces, asyncBounces, 1],
        told.join(', '),
      );
    }
  }
});

test('a bounce that names no message of the run changes nothing', () => {
  const { ledger } = ledgerOf(2, (p) => {
    inject(p, 0);
    attempt(p, 0, 'accepted');
    p.feedback({ at: 1, isp: 0, source: 0, message: NONE32, slot: 0, kind: 'bounce', state: 'due' });
  });
  assert.deepEqual([ledger.strangers, conservation(ledger, 2, listed).total.asyncBounces], [0, 0]);
});

test('a recipient that the MTA refused is not one that it must account for', () => {
  const aggregate = new Aggregate({
    loads: [
      {
        name: 'default',
        firstMessage: 0,
        messages: 1,
        recipientsPerMessage: 3,
        firstRecipient: 0,
        ispOf: () => 0,
      },
    ],
    phaseOf: () => undefined,
  });
  const packer = new Packer();
  const injection = {
    due: 0,
    sentAfter: 0,
    doneAfter: 10,
    message: 0,
    connection: 1,
    recipients: 3,
  } as const;
  packer.injection({ ...injection, code: 250, state: 'confirmed' });
  packer.injection({ ...injection, code: 550, state: 'refused', refusedSlot: 1 });
  aggregate.add(packer.take() as Uint8Array);
  assert.equal(conservation(aggregate.ledger, 1, listed).total.recipients, 2);
});

test('a refusal at MAIL answers for the recipients of that ISP alone', () => {
  const aggregate = new Aggregate({
    loads: [
      {
        name: 'default',
        firstMessage: 0,
        messages: 1,
        recipientsPerMessage: 4,
        firstRecipient: 0,
        ispOf: (_message, slot) => slot % 2,
      },
    ],
    phaseOf: () => undefined,
  });
  const packer = new Packer();
  attempt(packer, 0, 'rejected', NONE16);
  aggregate.add(packer.take() as Uint8Array);
  assert.deepEqual(
    [0, 1, 2, 3].map((r) => aggregate.ledger.lastAnswer(r)),
    ['5xx', 'none', '5xx', 'none'],
  );
});

test('records that name what was never planned are counted and change nothing', () => {
  const aggregate = ledgerOf(2, (p) => {
    inject(p, 99);
    attempt(p, 99, 'accepted');
    attempt(p, 1, 'accepted', 7);
    p.dsn({ at: 1, message: 0, slot: 5, action: 'failed' });
  });
  assert.equal(aggregate.ledger.strangers, 4);
  assert.equal(conservation(aggregate.ledger, 2, listed).total.recipients, 0);
});

test('somebody waits until every confirmed recipient was accepted or reported', () => {
  type Act = (packer: Packer) => void;
  const put =
    (message = 1): Act =>
    (p) =>
      inject(p, message);
  const tried =
    (outcome: 'accepted' | 'rejected' | 'throttled'): Act =>
    (p) =>
      attempt(p, 1, outcome);
  const reported: Act = (p) => p.dsn({ at: 1, message: 1, slot: 0, action: 'failed' });
  const rows: [name: string, waits: boolean, acts: readonly Act[]][] = [
    ['nothing was injected', false, []],
    ['never tried', true, [put()]],
    ['not confirmed', false, [(p) => inject(p, 1, 'unconfirmed')]],
    ['refused by the MTA', false, [(p) => inject(p, 1, 'refused')]],
    ['throttled', true, [put(), tried('throttled')]],
    ['rejected, the DSN on its way', true, [put(), tried('rejected')]],
    ['rejected and reported', false, [put(), tried('rejected'), reported]],
    ['accepted', false, [put(), tried('accepted')]],
    ['one of two', true, [put(), put(2), tried('accepted')]],
  ];
  for (const [name, waits, acts] of rows) {
    const { ledger } = ledgerOf(3, (p) => {
      for (const act of acts) act(p);
    });
    assert.equal(someoneWaits(ledger), waits, name);
  }
});
