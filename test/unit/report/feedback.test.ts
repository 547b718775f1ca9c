import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FeedbackKind,
  type FeedbackState,
  NO_ISP,
  NONE16,
  NONE32,
  Packer,
} from '../../../src/record/attempt-log.ts';
import { feedbackSummary } from '../../../src/report/feedback.ts';
import type { FeedbackSummary } from '../../../src/report/feedback-summary.ts';
import {
  complaintText,
  FEEDBACK_COLUMNS,
  FEEDBACK_TOTALS,
  isOverLimit,
} from '../../../src/report/feedback-text.ts';
import type { ReportInput } from '../../../src/report/input.ts';
import { feedbackCount } from '../../support/feedback-fixture.ts';
import { twentyMessages } from '../../support/twenty-messages.ts';

/** One step of what came back of a message: ISP, message, kind, state, milliseconds, tries. */
type Step = readonly [
  isp: number,
  message: number,
  kind: FeedbackKind,
  state: FeedbackState,
  ms?: number,
  tries?: number,
];

const STRANGE = NONE32;

/** What the report tells of these steps; each of two ISPs has accepted ten messages. */
function told(
  steps: readonly Step[],
  plan: Partial<NonNullable<ReportInput['feedback']>> | 'none' = {},
  running = false,
): FeedbackSummary | null {
  const aggregate = twentyMessages((message) => message % 2);
  const packer = new Packer();
  for (let message = 0; message < 20; message++)
    packer.attempt({
      at: 0,
      isp: message % 2,
      source: 0,
      message,
      slot: 0,
      connection: 1,
      reply: 0,
      stage: 'dot',
      outcome: 'accepted',
    });
  for (const [isp, message, kind, state, ms = 0, tries = 0] of steps) {
    const slot = message === STRANGE ? NONE16 : 0;
    packer.feedback({ at: ms * 1e3, isp, source: NONE16, message, slot, kind, state, tries });
  }
  aggregate.add(packer.take() as Uint8Array);
  const feedback = { to: 'mailroom', address: 'fbl@news.sender.test', isps: ['gmail'], ...(plan as object) };
  const input = {
    isps: [
      { id: 'gmail', name: 'Gmail' },
      { id: 'yahoo', name: 'Yahoo' },
    ],
    run: { ...(running && { running: true }) },
    ...(plan !== 'none' && { feedback }),
  } as unknown as ReportInput;
  return feedbackSummary(aggregate, input);
}

const whole = (message: number, kind: FeedbackKind, ms: number, isp = 1): Step[] => [
  [isp, message, kind, 'due', 0],
  [isp, message, kind, 'sent', ms, 2],
  [isp, message, kind, 'received', ms + 10],
];

test('a scenario that asks for nothing has nothing to tell', () => {
  assert.equal(told([], 'none'), null);
});

test('an ISP of which something could come back is told of, others only where something did', () => {
  assert.deepEqual(told([])?.isps, [
    { isp: 'gmail', accepted: 10, complaints: 0, complaintRate: 0, kinds: [] },
  ]);
  assert.deepEqual(
    told([[1, 1, 'trap', 'due']])?.isps.map(({ isp, kinds }) => [isp, kinds.length]),
    [
      ['gmail', 0],
      ['yahoo', 1],
    ],
  );
});

test('each kind with how far it has come, and half of how long it took', () => {
  const { isps, to, address, findings } =
    told(
      [
        [1, 1, 'complaint', 'happened'],
        [1, 3, 'complaint', 'happened'],
        [1, 5, 'complaint', 'happened'],
        ...whole(1, 'complaint', 100),
        ...whole(3, 'complaint', 300),
        [1, 7, 'trap', 'due'],
        [1, 9, 'auto-reply', 'due'],
      ],
      { to: 'mta' },
      true,
    ) ?? assert.fail();
  assert.deepEqual([to, address, findings], ['mta', 'fbl@news.sender.test', []]);
  assert.deepEqual(isps[1], {
    isp: 'yahoo',
    accepted: 10,
    complaints: 3,
    complaintRate: 0.3,
    kinds: [
      feedbackCount('complaint', 3, {
        due: 2,
        sent: 2,
        received: 2,
        tries: 4,
        sentAfterMs: 100,
        receivedAfterMs: 10,
      }),
      feedbackCount('auto-reply', 1, { sent: 0, waiting: 1, sentAfterMs: null, receivedAfterMs: null }),
      feedbackCount('trap', 1, { due: 0, sent: 0, sentAfterMs: null, receivedAfterMs: null }),
    ],
  });
});

const GONE = [1, 1, 'complaint', 'sent'] as const;
const DUE = [1, 1, 'complaint', 'due'] as const;

for (const [name, steps, plan, findings] of [
  ['all that was sent was received', whole(1, 'complaint', 5), {}, []],
  ['a trap sends nothing', [[1, 1, 'trap', 'due']], {}, []],
  ['something is gone', [DUE, GONE], {}, ['yahoo: 1 × complaint was taken and is gone.']],
  [
    'the MTA may have kept it',
    [DUE, GONE],
    { to: 'mta' },
    ['yahoo: 1 × complaint was taken by the MTA and never came to the mailroom.'],
  ],
  [
    'what came from nobody known explains what is gone',
    [DUE, GONE, [NO_ISP, STRANGE, 'complaint', 'received']],
    {},
    [],
  ],
  [
    'but only as much as there is of it, and of the same kind',
    [
      DUE,
      GONE,
      [0, 0, 'complaint', 'due'],
      [0, 0, 'complaint', 'sent'],
      [NO_ISP, STRANGE, 'complaint', 'received'],
      [0, 2, 'bounce', 'due'],
      [0, 2, 'bounce', 'sent'],
    ],
    {},
    ['gmail: 1 × bounce was taken and is gone.', 'yahoo: 1 × complaint was taken and is gone.'],
  ],
  [
    'given up, and waiting',
    [DUE, [1, 1, 'complaint', 'failed'], [1, 3, 'complaint', 'due'], [1, 5, 'complaint', 'due']],
    {},
    ['yahoo: 1 × complaint was refused or given up.', 'yahoo: 2 × complaint still waited at the end.'],
  ],
] as const satisfies [string, readonly Step[], object, string[]][]) {
  test(`findings: ${name}`, () => assert.deepEqual(told(steps, plan)?.findings, findings));
}

test('while the run goes on nothing is missing yet', () => {
  assert.deepEqual(told([DUE, GONE, [1, 3, 'complaint', 'due']], {}, true)?.findings, []);
});

test('the columns of a kind, and of an ISP', () => {
  const row = (...of: Parameters<typeof feedbackCount>): string =>
    FEEDBACK_COLUMNS.map((column) => column.of(feedbackCount(...of))).join('|');
  assert.equal(row('complaint', 1200), '1,200|1,200|1,200|1,200|–|–|1,200|2.41 s|18.4 ms');
  assert.equal(row('trap', 3, { due: 0, sent: 0 }), '3|–|–|–|–|–|–|–|–');
  assert.equal(
    row('unsubscribe', 3, { sent: 1, failed: 1, waiting: 1, tries: 9, receivedAfterMs: 0 }),
    '3|3|1|1|1|1|9|2.41 s|0 s',
  );
  const kinds = [feedbackCount('complaint', 3), feedbackCount('bounce', 5, { sent: 4, waiting: 1 })];
  const isp = { isp: 'yahoo', accepted: 1000, complaints: 3, complaintRate: 0.003, kinds };
  assert.equal(FEEDBACK_TOTALS.map(({ of }) => of(isp)).join('|'), '3|0.3%|8|7|7|–|1');
  assert.equal(complaintText(isp), '3 complaints about 1,000 accepted (0.3%)');
  assert.equal(
    FEEDBACK_TOTALS.map(({ of }) => of({ ...isp, accepted: 0, complaints: 0, kinds: [] })).join('|'),
    '–|–|–|–|–|–|–',
  );
  assert.deepEqual(
    [0.003, 0.00299].map((complaintRate) => isOverLimit({ ...isp, complaintRate })),
    [true, false],
  );
});
