import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FeedbackKind,
  type FeedbackState,
  NO_ISP,
  NONE16,
  NONE32,
  Packer,
  RecordView,
} from '../../../src/record/attempt-log.ts';
import { FeedbackTally } from '../../../src/record/feedback-tally.ts';

interface Told {
  readonly at?: number;
  readonly isp?: number;
  readonly source?: number;
  readonly message?: number;
  readonly slot?: number;
  readonly kind?: FeedbackKind;
  readonly state: FeedbackState;
  readonly tries?: number;
}

function tallied(all: readonly Told[]): FeedbackTally {
  const packer = new Packer();
  for (const one of all)
    packer.feedback({ at: 0, isp: 0, source: 0, message: 0, slot: 0, kind: 'complaint', ...one });
  const view = new RecordView(packer.take() as Uint8Array);
  const tally = new FeedbackTally();
  for (view.index = 0; view.index < view.count; view.index++) tally.add(view);
  return tally;
}

test('each kind is counted by ISP and state, with its tries', () => {
  const tally = tallied([
    { state: 'happened' },
    { state: 'happened', message: 1 },
    { state: 'due' },
    { state: 'sent', tries: 3 },
    { state: 'failed', message: 1, tries: 9 },
    { state: 'received', isp: NO_ISP, source: NONE16, message: NONE32, slot: NONE16 },
    { state: 'due', kind: 'bounce', isp: 1 },
  ]);
  const { sentAfter: _, receivedAfter: __, ...complaints } = tally.of(0, 'complaint');
  assert.deepEqual(complaints, { due: 1, happened: 2, sent: 1, failed: 1, received: 0, tries: 12 });
  assert.equal(tally.of(NO_ISP, 'complaint').received, 1);
  assert.deepEqual([tally.of(1, 'bounce').due, tally.of(1, 'complaint').due], [1, 0]);
});

for (const [name, all, waiting] of [
  ['nothing', [{ state: 'happened' }], 0],
  ['what is due', [{ state: 'due' }, { state: 'due', isp: 1, kind: 'bounce' }], 2],
  ['nothing that was taken', [{ state: 'due' }, { state: 'sent' }], 0],
  ['nothing that was given up', [{ state: 'due' }, { state: 'failed' }], 0],
  ['no trap, since nothing is sent for one', [{ state: 'due', kind: 'trap' }], 0],
  // Records of one ISP say nothing of what waits at another.
  [
    'what is due at one ISP, though another has told more than it had',
    [{ state: 'sent' }, { state: 'due', isp: 1 }],
    1,
  ],
] as const) {
  test(`there waits ${name}`, () => assert.equal(tallied(all).waiting, waiting));
}

test('rows are of one second, ISP, source and kind', () => {
  const rows = [
    ...tallied([
      { state: 'happened', at: 1.2e6 },
      { state: 'happened', at: 1.9e6, message: 1 },
      { state: 'due', at: 1.9e6, message: 1 },
      { state: 'happened', at: 2e6 },
      { state: 'happened', at: 2e6, source: 3 },
      { state: 'happened', at: 2e6, isp: 4 },
      { state: 'happened', at: -1, kind: 'withdrawal' },
    ]).rows(),
  ];
  assert.deepEqual(
    rows.map(({ bucket, isp, source, kind, counts }) => [
      bucket,
      isp,
      source,
      kind,
      counts.happened,
      counts.due,
    ]),
    [
      [1, 0, 0, 'complaint', 2, 1],
      [2, 0, 0, 'complaint', 1, 0],
      [2, 0, 3, 'complaint', 1, 0],
      [2, 4, 0, 'complaint', 1, 0],
      [-1, 0, 0, 'withdrawal', 1, 0],
    ],
  );
});

test('how long things took, whichever record is told first', () => {
  const due = { state: 'due', at: 100 } as const;
  const sent = { state: 'sent', at: 700, tries: 2 } as const;
  const received = { state: 'received', at: 900, isp: NO_ISP, source: NONE16 } as const;
  const orders: (readonly Told[])[] = [
    [due, sent, received],
    [received, sent, due],
    [sent, received, due],
    [sent, due, received],
  ];
  for (const order of orders) {
    const { sentAfter, receivedAfter } = tallied(order).of(0, 'complaint');
    assert.deepEqual([sentAfter, receivedAfter], [[600], [200]], order.map(({ state }) => state).join());
  }
  // Another recipient, another message, another kind, and what names no message, are something else.
  const others = ([{ slot: 1 }, { message: 7 }, { kind: 'bounce' }, { message: NONE32 }] as const).map(
    (other): Told => ({ ...sent, ...other }),
  );
  for (const other of others) assert.deepEqual(tallied([due, other]).of(0, 'complaint').sentAfter, []);
  // The mailroom's own clock may be a little behind.
  assert.deepEqual(tallied([sent, { ...received, at: 650 }]).of(0, 'complaint').receivedAfter, [0]);
});
