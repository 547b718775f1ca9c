import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultCost, faultCosts, restartTime } from '../../../src/analysis/faults.ts';
import { Aggregate, type FaultMoments } from '../../../src/record/aggregate.ts';
import { type InjectionState, Packer } from '../../../src/record/attempt-log.ts';

/** What became of a message with one recipient; moments are seconds. */
interface Fate {
  /** How its injection ended, and when. */
  readonly state?: InjectionState;
  readonly at: number;
  readonly accepted?: readonly number[];
  /** A DSN said that it failed. */
  readonly failed?: number;
  readonly pending?: true;
}

const S = 1e6;
const tried = { isp: 0, source: 0, slot: 0, connection: 1, reply: 0 } as const;

function recorded(fates: readonly Fate[], starting?: number): Aggregate {
  const load = { firstMessage: 0, messages: fates.length, recipientsPerMessage: 1, firstRecipient: 0 };
  const aggregate = new Aggregate({
    loads: [{ name: 'default', ...load, ispOf: () => 0 }],
    phaseOf: () => 'baseline',
  });
  const packer = new Packer();
  if (starting !== undefined) packer.mark({ at: starting * S, name: 'mta_starting', fault: 0 });
  fates.forEach(({ state = 'confirmed', at, accepted = [], failed, pending }, message) => {
    const injection = { due: at * S, sentAfter: 0, doneAfter: 0, message, connection: 1, code: 250 };
    packer.injection({ ...injection, recipients: 1, state });
    for (const moment of accepted)
      packer.attempt({ ...tried, at: moment * S, message, stage: 'dot', outcome: 'accepted' });
    if (failed !== undefined) packer.dsn({ at: failed * S, message, slot: 0, action: 'failed' });
    if (pending) packer.pending({ at: 50 * S, message, slot: 0 });
  });
  aggregate.add(packer.take() as Uint8Array);
  return aggregate;
}

const FATES: readonly Fate[] = [
  { at: 5, accepted: [6] },
  { at: 5, accepted: [12] },
  { at: 5, accepted: [25] },
  // Its 250 was read when the MTA had gone.
  { at: 11, accepted: [40] },
  { at: 5, pending: true },
  { at: 5 },
  { at: 5, accepted: [6, 22] },
  { at: 5, accepted: [6, 7] },
  { at: 5, failed: 8 },
  { at: 5, failed: 25 },
  { at: 35, accepted: [36] },
  { at: 35 },
  { state: 'unconfirmed', at: 10 },
  { state: 'refused', at: 9 },
  { state: 'refused', at: 29 },
  { state: 'refused', at: 31 },
  { state: 'dropped', at: 15 },
  { state: 'dropped', at: 45 },
];

const none = { bounced: 0, expired: 0, pending: 0, lost: 0, unaccounted: 0 };
const rows: readonly [what: string, fault: FaultMoments, kills: boolean, cost: FaultCost][] = [
  [
    'killed at 10, started again at 20, back at 30',
    { began: 10 * S, starting: 20 * S, ended: 30 * S },
    true,
    {
      atRisk: 6,
      meanwhile: 1,
      delayed: 2,
      longestDelay: 30 * S,
      outcomes: { ...none, pending: 1, lost: 1, expired: 1 },
      duplicated: 1,
      refused: 1,
      unconfirmed: 1,
      dropped: 1,
    },
  ],
  [
    'killed at 10, for good',
    { began: 10 * S, starting: undefined, ended: undefined },
    true,
    {
      // Whatever is confirmed later can't have been.
      atRisk: 8,
      meanwhile: 4,
      delayed: 0,
      longestDelay: undefined,
      outcomes: { ...none, pending: 1, lost: 2, expired: 1 },
      duplicated: 0,
      refused: 2,
      unconfirmed: 1,
      dropped: 2,
    },
  ],
  [
    'paused from 10 to 30',
    { began: 10 * S, starting: undefined, ended: 30 * S },
    false,
    {
      atRisk: 5,
      meanwhile: 2,
      delayed: 0,
      longestDelay: undefined,
      outcomes: { ...none, pending: 1, lost: 1, expired: 1 },
      duplicated: 0,
      refused: 1,
      unconfirmed: 1,
      dropped: 1,
    },
  ],
];

for (const [what, fault, kills, expected] of rows) {
  test(`what it costs that an MTA is ${what}`, () => {
    const starting = fault.starting === undefined ? undefined : fault.starting / S;
    const { ledger } = recorded(FATES, starting);
    const evidence = { queueListed: true, sendsDsn: true };
    const [cost] = faultCosts(ledger, evidence, [{ ...fault, kills }]);
    assert.deepEqual(cost, expected);
    const { atRisk, meanwhile, delayed, outcomes } = expected;
    const sum = Object.values(outcomes).reduce((a, b) => a + b, meanwhile + delayed);
    assert.equal(sum, atRisk);
  });
}

test('how long an MTA took to take mail again', () => {
  const moments = (began: number, starting?: number, ended?: number): FaultMoments => ({
    began: began * S,
    starting: starting === undefined ? undefined : starting * S,
    ended: ended === undefined ? undefined : ended * S,
  });
  const told = (faults: readonly FaultMoments[], number?: string): unknown => {
    const measured = restartTime(new Map(faults.entries()), number);
    return measured?.kind === 'gauge'
      ? (measured.word ?? [measured.value, measured.min, measured.max])
      : undefined;
  };
  const [pause, once, twice, never] = [moments(1), moments(1, 2, 3), moments(5, 6, 8.5), moments(9, 10)];
  const cases: [string, readonly FaultMoments[], string | undefined, unknown][] = [
    ['no fault', [], undefined, undefined],
    ['only faults of another kind', [pause], undefined, 'not applicable'],
    ['once', [pause, once], undefined, [1000, 1000, 1000]],
    ['twice', [once, twice], undefined, [2500, 1000, 2500]],
    ['one of two', [once, twice], '1', [1000, 1000, 1000]],
    ['one that is of another kind', [pause, once], '1', 'not applicable'],
    ['not at all', [once, never], undefined, 'never'],
  ];
  for (const [name, faults, number, expected] of cases)
    assert.deepEqual(told(faults, number), expected, name);
});
