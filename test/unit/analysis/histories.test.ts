import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  judgeRecipient,
  knownFrom,
  type MtaEvidence,
  outcomeOf,
} from '../../../src/analysis/conservation.ts';
import { Histories, type History, knownFromHistory } from '../../../src/analysis/histories.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import {
  ATTEMPT_OUTCOMES,
  DSN_ACTIONS,
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  INJECTION_STATES,
  NONE16,
  Packer,
} from '../../../src/record/attempt-log.ts';
import type { RunModel } from '../../../src/record/run-model.ts';

/** Two loads: two messages of three recipients, the last at another ISP; two messages of one. */
const model: RunModel = {
  loads: [
    {
      name: 'threes',
      firstMessage: 0,
      messages: 2,
      recipientsPerMessage: 3,
      firstRecipient: 0,
      ispOf: (_message, slot) => (slot === 2 ? 1 : 0),
    },
    {
      name: 'ones',
      firstMessage: 2,
      messages: 2,
      recipientsPerMessage: 1,
      firstRecipient: 6,
      ispOf: (message) => message % 2,
    },
  ],
  phaseOf: () => undefined,
};
const EVERYBODY = [0, 1, 2, 3, 4, 5, 6, 7];

/** Takes in records block by block. */
function recorded(...blocks: ((packer: Packer) => void)[]): { aggregate: Aggregate; histories: Histories } {
  const aggregate = new Aggregate(model);
  const histories = new Histories(model.loads, EVERYBODY);
  for (const pack of blocks) {
    const packer = new Packer();
    pack(packer);
    const records = packer.take();
    if (!records) continue;
    aggregate.add(records);
    histories.add(records);
  }
  return { aggregate, histories };
}

const handedOver = { due: 5, sentAfter: 2, doneAfter: 9, connection: 1, code: 250, recipients: 3 } as const;
const tried = {
  at: 20,
  isp: 0,
  source: 4,
  connection: 8,
  reply: 6,
  stage: 'dot',
  outcome: 'accepted',
} as const;

test('a history has the injections, attempts, DSNs, feedback and place in the queue of one recipient, by their moments', () => {
  const { histories } = recorded(
    (p) => {
      p.injection({ ...handedOver, message: 0, code: 451, state: 'deferred' });
      p.injection({ ...handedOver, message: 0, state: 'confirmed' });
      p.injection({ ...handedOver, message: 0, code: 550, recipients: 1, state: 'refused', refusedSlot: 1 });
      p.injection({ ...handedOver, message: 1, state: 'confirmed' });
    },
    (p) => {
      // Another worker was faster to tell what came later.
      p.attempt({ ...tried, at: 40, message: 0, slot: 0, connection: 9 });
      p.replyLost({ at: 40, isp: 0, source: 4, message: 0, slot: 0, connection: 9 });
      p.attempt({ ...tried, at: 30, message: 0, slot: NONE16, stage: 'mail', outcome: 'throttled' });
      p.attempt({ ...tried, at: 20, message: 0, slot: 0, reply: NONE16, stage: 'rcpt', outcome: 'dropped' });
      p.attempt({ ...tried, at: 25, message: 1, slot: 0 });
      p.dsn({ at: 50, message: 0, slot: 0, action: 'delayed' });
      p.feedback({ at: 55, isp: 0, source: 4, message: 0, slot: 0, kind: 'complaint', state: 'sent' });
      p.pending({ at: 60, message: 0, slot: 2 });
      p.pending({ at: 60, message: 0, slot: NONE16, queued: 'report' });
    },
  );
  const { load: _, ...first } = histories.of(0) as History;
  const mail = {
    at: 30,
    isp: 0,
    source: 4,
    connection: 8,
    reply: 6,
    stage: 'mail',
    outcome: 'throttled',
  } as const;
  assert.deepEqual(first, {
    message: 0,
    slot: 0,
    injections: [
      { due: 5, begun: 7, done: 14, state: 'deferred', code: 451 },
      { due: 5, begun: 7, done: 14, state: 'confirmed', code: 250 },
    ],
    attempts: [
      {
        at: 20,
        isp: 0,
        source: 4,
        connection: 8,
        reply: NONE16,
        stage: 'rcpt',
        outcome: 'dropped',
        replyLost: false,
      },
      { ...mail, replyLost: false },
      { ...tried, at: 40, connection: 9, replyLost: true },
    ],
    dsns: [{ at: 50, action: 'delayed' }],
    feedback: [{ at: 55, kind: 'complaint', state: 'sent' }],
    queued: 'report',
  });
  const second = histories.of(1) as History;
  assert.deepEqual(
    second.injections.map(({ state }) => state),
    ['deferred', 'confirmed', 'refused'],
  );
  // The refusal at MAIL is about this ISP's recipients, and this one is another ISP's.
  const third = histories.of(2) as History;
  assert.deepEqual([third.slot, third.attempts, third.queued], [2, [], 'recipient']);
  assert.equal(third.load.name, 'threes');
});

test('who was never planned has no history, and strangers change none', () => {
  const histories = new Histories(model.loads, [6, 8, 99]);
  const packer = new Packer();
  packer.injection({ ...handedOver, message: 7, state: 'confirmed' });
  packer.attempt({ ...tried, message: 0xffffffff, slot: 0 });
  packer.attempt({ ...tried, message: 2, slot: 5 });
  packer.attempt({ ...tried, message: 0, slot: 0 });
  packer.replyLost({ at: 1, isp: 0, source: 4, message: 2, slot: 0, connection: 9 });
  histories.add(packer.take() as Uint8Array);
  assert.deepEqual(
    [6, 8, 99, 0].map((r) => histories.of(r)?.attempts),
    [[], undefined, undefined, undefined],
  );
});

// --- the ledger is an index of the histories ---

type Event =
  | { readonly what: 'injection'; readonly message: number; readonly state: number }
  | { readonly what: 'refusal'; readonly message: number; readonly slot: number }
  | {
      readonly what: 'attempt';
      readonly message: number;
      readonly slot: number | undefined;
      readonly isp: number;
      readonly outcome: number;
      readonly lost: boolean;
    }
  | { readonly what: 'dsn'; readonly message: number; readonly slot: number; readonly action: number }
  | {
      readonly what: 'feedback';
      readonly message: number;
      readonly slot: number;
      readonly kind: number;
      readonly state: number;
    }
  | { readonly what: 'pending'; readonly message: number; readonly slot: number | undefined };

// One message more than there are, and one slot: strangers.
const message = fc.nat(4);
const slot = fc.nat(3);
const anySlot = fc.option(slot, { nil: undefined });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('injection' as const), message, state: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('refusal' as const), message, slot }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('attempt' as const),
      message,
      slot: anySlot,
      isp: fc.nat(1),
      outcome: fc.oneof(fc.constant(0), fc.nat(5)),
      lost: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('dsn' as const), message, slot, action: fc.nat(4) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('feedback' as const),
      message,
      slot,
      kind: fc.constantFrom(0, 2),
      state: fc.nat(4),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('pending' as const), message, slot: anySlot }) },
);

/** A run's events, each with a moment of its own, in an order that is not that of the moments. */
const events = fc
  .array(event, { maxLength: 60, size: 'max' })
  .chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.shuffledSubarray(
        all.map((_, i) => i),
        { minLength: all.length },
      ),
    ),
  )
  .map(([all, moments]) => all.map((one, i) => ({ ...one, at: moments[i] as number })));

function pack(packer: Packer, one: Event & { readonly at: number }): void {
  const { at } = one;
  switch (one.what) {
    case 'injection': {
      const state = INJECTION_STATES[one.state] ?? 'confirmed';
      packer.injection({ ...handedOver, due: at, message: one.message, state });
      return;
    }
    case 'refusal':
      packer.injection({
        ...handedOver,
        due: at,
        message: one.message,
        state: 'refused',
        refusedSlot: one.slot,
      });
      return;
    case 'attempt': {
      const { message, slot = NONE16, isp, lost } = one;
      const outcome = ATTEMPT_OUTCOMES[one.outcome] ?? 'accepted';
      packer.attempt({ ...tried, at, isp, message, slot, outcome });
      if (outcome === 'accepted' && lost && slot !== NONE16)
        packer.replyLost({ at, isp, source: 4, message, slot, connection: 8 });
      return;
    }
    case 'dsn':
      packer.dsn({ at, message: one.message, slot: one.slot, action: DSN_ACTIONS[one.action] ?? 'failed' });
      return;
    case 'feedback': {
      const kind = FEEDBACK_KINDS[one.kind] ?? 'bounce';
      const state = FEEDBACK_STATES[one.state] ?? 'due';
      packer.feedback({ at, isp: 0, source: 4, message: one.message, slot: one.slot, kind, state });
      return;
    }
    case 'pending':
      if (one.slot === undefined)
        packer.pending({ at, message: one.message, slot: NONE16, queued: 'report' });
      else packer.pending({ at, message: one.message, slot: one.slot });
  }
}

test('what a history says of its recipient is what the ledger says, whatever was recorded, in whatever order', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(events, fc.boolean(), fc.boolean(), (all, queueListed, sendsDsn) => {
      const evidence: MtaEvidence = { queueListed, sendsDsn };
      const { aggregate, histories } = recorded(...all.map((one) => (p: Packer) => pack(p, one)));
      for (const recipient of EVERYBODY) {
        const history = histories.of(recipient) as History;
        const known = knownFrom(aggregate.ledger, recipient);
        const found = knownFromHistory(history);
        assert.deepEqual(found, { ...known, repeated: found.repeated });
        assert.equal(history.attempts.length, aggregate.ledger.attempts(recipient));
        if (found.accepted > 1) assert.equal(found.repeated, known.repeated);
        const judged = judgeRecipient(found, evidence);
        assert.deepEqual(judged, judgeRecipient(known, evidence));
        if (judged?.outcome) assert.equal(judged.outcome, outcomeOf(known, evidence));
        seen.add(judged?.outcome ?? 'none').add(judged?.duplicate ?? 'once');
      }
    }),
    { numRuns: 500 },
  );
  // All that can become of a recipient became of some.
  assert.deepEqual([...seen].sort(), [
    'bounced',
    'delivered',
    'expired',
    'lost',
    'mta',
    'none',
    'once',
    'pending',
    'unaccounted',
    'unconfirmed',
  ]);
});

test('what a history says of deliveries before and after a restart is what the ledger says', () => {
  const delivered =
    (at: number, lost = false) =>
    (p: Packer) =>
      pack(p, { what: 'attempt', message: 0, slot: 0, isp: 0, outcome: 0, lost, at });
  const restart = (at: number) => (p: Packer) => p.mark({ at, name: 'mta_starting', fault: 0 });
  const rows: [string, ((p: Packer) => void)[], string][] = [
    ['again in a new life', [delivered(1), restart(2), delivered(3)], 'after a restart'],
    ['again, after a lost reply', [delivered(1, true), restart(2), delivered(3)], 'after a restart'],
    ['again in the same life', [restart(1), delivered(2), delivered(3)], 'knowingly'],
    [
      'in every life, and twice in the last',
      [delivered(1), restart(2), delivered(3), delivered(4)],
      'knowingly',
    ],
    ['twice without knowing', [restart(1), delivered(2, true), delivered(3)], 'unknowingly'],
  ];
  for (const [name, events, expected] of rows) {
    const { aggregate, histories } = recorded(...events);
    assert.equal(knownFromHistory(histories.of(0) as History, histories.restarts).repeated, expected, name);
    assert.equal(aggregate.ledger.repeated(0), expected, name);
  }
});
