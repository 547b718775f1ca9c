import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Judgement } from '../../../src/analysis/conservation.ts';
import {
  HISTORY_KINDS,
  type HistoryKind,
  inQuestion,
  kindsOf,
  type Most,
} from '../../../src/analysis/in-question.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { Packer } from '../../../src/record/attempt-log.ts';
import type { Ledger } from '../../../src/record/ledger.ts';

const fine: Judgement = {
  outcome: 'delivered',
  duplicate: undefined,
  falseBounce: false,
  asyncBounce: false,
  missingDsn: false,
};

test('the kinds of each judgement', () => {
  const rows: [string, Judgement | undefined, HistoryKind[]][] = [
    ['never the MTA’s', undefined, []],
    ['delivered', fine, []],
    ['bounced by the ISP afterwards', { ...fine, asyncBounce: true }, []],
    ['bounced with a DSN', { ...fine, outcome: 'bounced' }, []],
    ['expired', { ...fine, outcome: 'expired' }, []],
    ['never confirmed', { ...fine, outcome: undefined }, []],
    ['lost', { ...fine, outcome: 'lost' }, ['lost']],
    ['pending', { ...fine, outcome: 'pending' }, ['pending']],
    ['unaccounted', { ...fine, outcome: 'unaccounted' }, ['unaccounted']],
    ['bounced without', { ...fine, outcome: 'bounced', missingDsn: true }, ['missing_dsn']],
    ['twice by the MTA', { ...fine, duplicate: 'mta' }, ['duplicated']],
    ['again after a crash', { ...fine, duplicate: 'crash' }, ['crash_duplicated']],
    [
      'twice by nobody',
      { ...fine, outcome: undefined, duplicate: 'unconfirmed' },
      ['duplicated_unconfirmed'],
    ],
    [
      'twice, and reported as failed',
      { ...fine, duplicate: 'mta', falseBounce: true },
      ['duplicated', 'false_bounce'],
    ],
  ];
  for (const [name, judgement, kinds] of rows) assert.deepEqual(kindsOf(judgement), kinds, name);
});

/** Ten recipients each: 0 to 9 lost, 10 to 19 delivered, 20 to 29 pending, 30 to 39 delivered twice and reported as failed. */
function ledger(attempts = 1): Ledger {
  const aggregate = new Aggregate({
    loads: [
      {
        name: 'default',
        firstMessage: 0,
        messages: 100_000,
        recipientsPerMessage: 1,
        firstRecipient: 0,
        ispOf: () => 0,
      },
    ],
    phaseOf: () => undefined,
  });
  const packer = new Packer();
  const tried = { at: 1, isp: 0, source: 0, slot: 0, connection: 1, reply: 0, stage: 'dot' } as const;
  // Told backwards: the choice must not depend on what is told first.
  for (let message = 39; message >= 0; message--) {
    packer.injection({
      due: 0,
      sentAfter: 0,
      doneAfter: 1,
      message,
      connection: 1,
      code: 250,
      recipients: 1,
      state: 'confirmed',
    });
    const kind = Math.floor(message / 10);
    for (let n = 0; n < attempts; n++) packer.attempt({ ...tried, message, outcome: 'throttled' });
    if (kind === 1 || kind === 3) packer.attempt({ ...tried, message, outcome: 'accepted' });
    if (kind === 2) packer.pending({ at: 9, message, slot: 0 });
    if (kind !== 3) continue;
    packer.attempt({ ...tried, message, at: 2, outcome: 'accepted' });
    packer.dsn({ at: 3, message, slot: 0, action: 'failed' });
  }
  aggregate.add(packer.take() as Uint8Array);
  return aggregate.ledger;
}

const evidence = { queueListed: true, sendsDsn: true };
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('who is told of, where there is room for all and where there is not', () => {
  const rows: [string, Partial<Most>, number, number[], Partial<Record<HistoryKind, number>>][] = [
    ['all', {}, 1, [...range(0, 10), ...range(20, 40)], {}],
    [
      'some of each kind, then the gravest',
      { recipients: 18, sample: 2 },
      1,
      // Of those delivered twice and falsely bounced the sample is the same.
      [...range(0, 10), 20, 21, ...range(30, 36)],
      { duplicated: 4, false_bounce: 4, pending: 8 },
    ],
    ['nobody', { recipients: 0 }, 1, [], { lost: 10, duplicated: 10, false_bounce: 10, pending: 10 }],
    [
      'as many attempts as there is room for',
      { attempts: 32, sample: 1 },
      5,
      // 5 for the first that is lost, 7 for the first that came twice, 5 for the first that waits; then 3 more.
      [0, 1, 2, 3, 20, 30],
      { lost: 6, duplicated: 9, false_bounce: 9, pending: 9 },
    ],
  ];
  for (const [name, most, attempts, told, leftOut] of rows) {
    const chosen = inQuestion(ledger(attempts), evidence, {
      recipients: 100,
      attempts: 1000,
      sample: 25,
      ...most,
    });
    assert.deepEqual(chosen.told, told, name);
    const counts = Object.fromEntries(chosen.kinds.map(({ kind, count }) => [kind, count]));
    assert.deepEqual(counts, {
      lost: 10,
      duplicated: 10,
      false_bounce: 10,
      missing_dsn: 0,
      unaccounted: 0,
      crash_duplicated: 0,
      duplicated_unconfirmed: 0,
      pending: 10,
    });
    for (const kind of chosen.kinds) {
      assert.equal(kind.leftOut, leftOut[kind.kind] ?? 0, `${name}: ${kind.kind}`);
      assert.ok(kind.sample.every((r) => chosen.told.includes(r)));
    }
  }
});

test('a sample is of the first of its kind', () => {
  const { kinds } = inQuestion(ledger(), evidence, { recipients: 100, attempts: 1000, sample: 3 });
  const samples = Object.fromEntries(kinds.map(({ kind, sample }) => [kind, sample]));
  assert.deepEqual(samples, {
    lost: [0, 1, 2],
    duplicated: [30, 31, 32],
    false_bounce: [30, 31, 32],
    missing_dsn: [],
    unaccounted: [],
    crash_duplicated: [],
    duplicated_unconfirmed: [],
    pending: [20, 21, 22],
  });
  assert.deepEqual(Object.keys(samples), [...HISTORY_KINDS]);
});
