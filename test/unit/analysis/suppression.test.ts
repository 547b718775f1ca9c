import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  measureSuppression,
  observedRecipients,
  type SuppressionMetric,
} from '../../../src/analysis/suppression.ts';
import { FIRST_FOLLOW_UP } from '../../../src/core/identity.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { type InjectionState, type News, Packer } from '../../../src/record/attempt-log.ts';

/** Messages 0 to 9 go to ISP 0 or 1; the second load has three mailboxes, written to in turn from message 10 on. */
const MODEL = {
  loads: [load('once', 0, 0), { ...load('again', 10, 10), messages: 90, repeatAfter: 3 }],
  phaseOf: () => undefined,
};

function load(name: string, firstMessage: number, firstRecipient: number) {
  const ispOf = (message: number): number => message % 2;
  return { name, firstMessage, messages: 10, recipientsPerMessage: 1, firstRecipient, ispOf };
}

/** What happens, in any order. Numbers of follow-ups count from 0. */
interface Story {
  injections?: readonly [number, due: number, state: InjectionState, code?: number][];
  news?: readonly [message: number, at: number, News, first: number, count: number][];
  attempts?: readonly [message: number, at: number][];
  pending?: readonly number[];
  drained?: boolean;
}

const follow = (n: number): number => FIRST_FOLLOW_UP + n;

/** Adds it up with the injections first, as from a folder, or last. */
function told(
  { injections = [], news = [], attempts = [], pending = [], drained = true }: Story,
  first: boolean,
) {
  const driver = new Packer();
  for (const [message, due, state, code = 250] of injections)
    driver.injection({ due, sentAfter: 0, doneAfter: 1, message, connection: 1, code, recipients: 1, state });
  const events = new Packer();
  for (const [message, at, what, from, count] of news)
    events.news({ at, isp: message % 2, message, slot: 0, news: what, first: follow(from), count });
  for (const [message, at] of attempts)
    events.attempt({
      at,
      isp: 0,
      source: 0,
      message,
      slot: 0,
      connection: 1,
      reply: 0,
      stage: 'rcpt',
      outcome: 'rejected',
    });
  for (const message of pending) events.pending({ at: 1e6, message, slot: 0 });
  if (drained) events.mark({ at: 1e6, name: 'drained' });
  const aggregate = new Aggregate(MODEL);
  const parts = [driver.take(), events.take()];
  for (const part of first ? parts : parts.reverse()) if (part) aggregate.add(part);
  assert.equal(aggregate.ledger.strangers, 0);
  return aggregate;
}

const NEVER = Number.POSITIVE_INFINITY;

/** Each row: what of `[refused, suppressed, sent, pending, unknown]`, while it held and after; attempts; delay; kept. */
const rows: [string, Story, unknown[]][] = [
  [
    'nothing was sent',
    { news: [[0, 100, 'bounce', 0, 2]] },
    [[0, 0, 0, 0, 0], 0, [0, 0, 0, 0, 0], undefined, undefined],
  ],
  [
    'all is refused',
    {
      news: [[0, 100, 'bounce', 0, 2]],
      injections: [
        [follow(0), 200, 'refused', 550],
        [follow(1), 300, 'refused', 550],
      ],
    },
    [[2, 0, 0, 0, 0], 0, [0, 0, 0, 0, 0], 0, undefined],
  ],
  [
    'refused for now, or by nobody: nothing tells',
    {
      news: [[0, 100, 'bounce', 0, 3]],
      injections: [
        [follow(0), 200, 'refused', 451],
        [follow(1), 300, 'unconfirmed', 0],
        [follow(2), 300, 'dropped', 0],
      ],
    },
    [[0, 0, 0, 0, 3], 0, [0, 0, 0, 0, 0], undefined, undefined],
  ],
  [
    'taken, and never tried',
    { news: [[0, 100, 'bounce', 0, 1]], injections: [[follow(0), 200, 'confirmed']] },
    [[0, 1, 0, 0, 0], 0, [0, 0, 0, 0, 0], 0, undefined],
  ],
  [
    'taken, and still in the queue',
    { news: [[0, 100, 'bounce', 0, 1]], injections: [[follow(0), 200, 'confirmed']], pending: [follow(0)] },
    [[0, 0, 0, 1, 0], 0, [0, 0, 0, 0, 0], NEVER, undefined],
  ],
  [
    'taken, and nobody knows what is in the queue',
    { news: [[0, 100, 'bounce', 0, 1]], injections: [[follow(0), 200, 'confirmed']], drained: false },
    [[0, 0, 0, 1, 0], 0, [0, 0, 0, 0, 0], NEVER, undefined],
  ],
  [
    'the first is sent, twice, and the second refused',
    {
      news: [[0, 100, 'bounce', 0, 2]],
      injections: [
        [follow(0), 200, 'confirmed'],
        [follow(1), 300, 'refused', 550],
      ],
      attempts: [
        [follow(0), 900],
        [follow(0), 250],
      ],
    },
    [[1, 0, 1, 0, 0], 2, [0, 0, 0, 0, 0], 800, undefined],
  ],
  [
    'the first is refused, and the second sent',
    {
      news: [[0, 100, 'bounce', 0, 2]],
      injections: [
        [follow(0), 200, 'refused', 550],
        [follow(1), 300, 'confirmed'],
      ],
      attempts: [[follow(1), 400]],
    },
    [[1, 0, 1, 0, 0], 1, [0, 0, 0, 0, 0], NEVER, undefined],
  ],
  [
    'a complaint is withdrawn, and mail goes on',
    {
      news: [
        [0, 100, 'complaint', 0, 1],
        [0, 250, 'withdrawal', 1, 1],
      ],
      injections: [
        [follow(0), 200, 'refused', 550],
        [follow(1), 300, 'confirmed'],
      ],
      attempts: [[follow(1), 400]],
    },
    [[1, 0, 0, 0, 0], 0, [0, 0, 1, 0, 0], 0, false],
  ],
  [
    'a complaint is withdrawn, and nothing changes',
    {
      news: [
        [0, 100, 'complaint', 0, 2],
        [0, 250, 'withdrawal', 2, 0],
      ],
      injections: [
        [follow(0), 200, 'refused', 550],
        [follow(1), 300, 'refused', 550],
      ],
    },
    [[1, 0, 0, 0, 0], 0, [1, 0, 0, 0, 0], 0, true],
  ],
  [
    'a complaint is withdrawn, and another one comes: what is due after that does not count',
    {
      news: [
        [0, 100, 'complaint', 0, 1],
        [0, 250, 'withdrawal', 1, 2],
        [0, 350, 'complaint', 0, 0],
      ],
      injections: [
        [follow(0), 200, 'refused', 550],
        [follow(1), 300, 'confirmed'],
        [follow(2), 400, 'refused', 550],
      ],
      attempts: [[follow(1), 320]],
    },
    [[1, 0, 0, 0, 0], 0, [0, 0, 1, 0, 0], 0, false],
  ],
  [
    'a load writes to its mailboxes again: only what is due after the news counts',
    {
      news: [[13, 150, 'bounce', 0, 0]],
      // To the same mailbox as 13: 10, 16, 19 and 22. 17 is another's.
      injections: [
        [10, 10, 'confirmed'],
        [13, 100, 'confirmed'],
        [16, 200, 'confirmed'],
        [17, 210, 'confirmed'],
        [19, 300, 'confirmed'],
        [22, 400, 'refused', 550],
      ],
      attempts: [
        [10, 11],
        [13, 120],
        [16, 260],
        [17, 220],
      ],
    },
    [[1, 1, 1, 0, 0], 1, [0, 0, 0, 0, 0], 110, undefined],
  ],
];
for (const [name, story, expected] of rows) {
  test(`after bad news: ${name}`, () => {
    for (const injectionsFirst of [true, false]) {
      const [observed, ...others] = observedRecipients(told(story, injectionsFirst));
      assert.equal(others.length, 0);
      assert.deepEqual(
        observed && [
          Object.values(observed.held.messages),
          observed.held.attempts,
          Object.values(observed.after.messages),
          observed.delay,
          observed.kept,
        ],
        expected,
      );
    }
  });
}

/** Recipient 0 at ISP 0 is suppressed after 700 µs; 1 at ISP 1 never; 2 at ISP 0 complained and is kept after it took that back. */
const three: Story = {
  news: [
    [0, 100, 'bounce', 0, 2],
    [1, 100, 'bounce', 2, 1],
    [2, 100, 'complaint', 3, 2],
    [2, 300, 'withdrawal', 5, 0],
  ],
  injections: [
    [follow(0), 200, 'confirmed'],
    [follow(1), 300, 'refused', 550],
    [follow(2), 200, 'confirmed'],
    [follow(3), 200, 'refused', 550],
    [follow(4), 400, 'refused', 550],
  ],
  attempts: [
    [follow(0), 800],
    [follow(2), 300],
    [follow(2), 400],
  ],
};

test('the metrics of suppression', () => {
  const observed = observedRecipients(told(three, true));
  const count = (metric: SuppressionMetric, isp?: number): number | undefined => {
    const measured = measureSuppression(observed, metric, isp, 10);
    return measured?.kind === 'counter' ? measured.count : undefined;
  };
  assert.deepEqual(
    [count('sent_after_bounce'), count('sent_after_bounce', 0), count('sent_after_bounce', 1)],
    [3, 1, 2],
  );
  assert.deepEqual([count('sent_after_complaint'), count('sent_after_complaint', 1)], [0, undefined]);
  assert.deepEqual([count('kept_after_withdrawal'), count('kept_after_withdrawal', 1)], [1, undefined]);
  assert.equal(count('sent_after_unsubscribe'), undefined);
  const delays = (isp?: number): unknown => {
    const trend = measureSuppression(observed, 'suppression_delay', isp, 10);
    return trend?.kind === 'trend' && [trend.count, trend.avg, trend.min, trend.percentile(50), trend.max];
  };
  assert.deepEqual(
    [delays(), delays(0), delays(1)],
    [
      [3, NEVER, 0, 0.7, NEVER],
      [2, 0.35, 0, 0, 0.7],
      [1, NEVER, NEVER, NEVER, NEVER],
    ],
  );
  assert.equal(measureSuppression([], 'suppression_delay', undefined, 10), undefined);
});
