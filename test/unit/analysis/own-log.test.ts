import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogCounts, type LoggedEvent, OwnLog } from '../../../src/analysis/own-log.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { type AttemptOutcome, Packer } from '../../../src/record/attempt-log.ts';
import { ownLogSummary } from '../../../src/report/own-log.ts';

const SOURCES = new Map([
  ['198.18.128.1', [0]],
  ['2001:2:0:1::1', [1]],
  ['both', [0, 1]],
  ['198.18.128.3', [2]],
]);

/** What the ISP saw of a recipient: each attempt's outcome; `accepted!` is one of which the MTA can't have read. */
type Seen = readonly (AttemptOutcome | 'accepted!')[];

/** A log beside a run in which message n had one recipient, at ISP 0, from source 0, with this fate. */
function logged(fates: readonly Seen[], events: readonly LoggedEvent[], mailboxesRepeat = false): OwnLog {
  const aggregate = new Aggregate({
    loads: [
      {
        name: 'default',
        firstMessage: 0,
        messages: 20,
        recipientsPerMessage: 1,
        firstRecipient: 0,
        ...(mailboxesRepeat && { repeatAfter: 1 }),
        ispOf: () => 0,
      },
    ],
    phaseOf: () => undefined,
  });
  const packer = new Packer();
  const at = { isp: 0, source: 0, slot: 0, connection: 1 } as const;
  fates.forEach((fate, message) => {
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
    fate.forEach((how, i) => {
      const outcome = how === 'accepted!' ? 'accepted' : how;
      packer.attempt({ ...at, at: i, message, reply: 0, stage: 'dot', outcome });
      if (how === 'accepted!') packer.replyLost({ ...at, at: i, message });
    });
  });
  aggregate.add(packer.take() as Uint8Array);
  const log = new OwnLog(aggregate.ledger, aggregate.model.loads, SOURCES);
  for (const event of events) log.take(event);
  return log;
}

function event(kind: LoggedEvent['kind'], message: number, about: Partial<LoggedEvent> = {}): LoggedEvent {
  return {
    kind,
    sender: `b-${message}@news.sender.test`,
    recipient: `u${message}.0@gmail.com`,
    source: undefined,
    ...about,
  };
}

const ROWS: readonly [name: string, seen: Seen, said: readonly LoggedEvent[], counts: Partial<LogCounts>][] =
  [
    [
      'delivered, both say',
      ['accepted'],
      [event('received', 0), event('delivered', 0)],
      { delivered: 1, accepted: 1 },
    ],
    [
      'delivered at the second attempt',
      ['throttled', 'accepted'],
      [event('deferred', 0), event('delivered', 0)],
      { delivered: 1, accepted: 1 },
    ],
    [
      'delivered, says the log alone',
      ['throttled'],
      [event('delivered', 0)],
      { delivered: 1, falselyDelivered: 1 },
    ],
    [
      'delivered, says the log, and was refused',
      ['rejected'],
      [event('delivered', 0)],
      { delivered: 1, rejected: 1, falselyDelivered: 1 },
    ],
    [
      'delivered, says the log, and was never tried',
      [],
      [event('delivered', 0)],
      { delivered: 1, falselyDelivered: 1 },
    ],
    ['accepted, and the log is silent', ['accepted'], [event('received', 0)], { accepted: 1, untold: 1 }],
    ['accepted, and the MTA can not know', ['accepted!'], [event('deferred', 0)], { accepted: 1 }],
    [
      'accepted twice, and the MTA knows of one',
      ['accepted!', 'accepted'],
      [event('received', 0)],
      { accepted: 1, untold: 1 },
    ],
    ['bounced, both say', ['rejected'], [event('bounced', 0)], { bounced: 1, rejected: 1 }],
    ['expired, both say', ['throttled'], [event('expired', 0)], { bounced: 1 }],
    [
      'bounced, says the log, and the ISP accepted',
      ['accepted'],
      [event('bounced', 0)],
      { accepted: 1, bounced: 1, untold: 1, falselyBounced: 1 },
    ],
    [
      'bounced after it was delivered',
      ['accepted'],
      [event('delivered', 0), event('bounced', 0)],
      { accepted: 1, delivered: 1 },
    ],
    [
      'told twice',
      ['accepted'],
      [event('delivered', 0), event('delivered', 0)],
      { accepted: 1, delivered: 1 },
    ],
    [
      'from the source that the ISP saw',
      ['accepted'],
      [event('delivered', 0, { source: '198.18.128.1' })],
      { accepted: 1, delivered: 1 },
    ],
    [
      'from its virtual MTA',
      ['accepted'],
      [event('delivered', 0, { source: 'Both' })],
      { accepted: 1, delivered: 1 },
    ],
    [
      'from another source',
      ['accepted'],
      [event('delivered', 0, { source: '198.18.128.3' })],
      { accepted: 1, delivered: 1, wrongSource: 1 },
    ],
    [
      'from an address of nobody',
      ['accepted'],
      [event('delivered', 0, { source: '10.0.0.1' })],
      { accepted: 1, delivered: 1, wrongSource: 1 },
    ],
    [
      'twice, from two sources',
      ['accepted', 'accepted'],
      [event('delivered', 0, { source: '198.18.128.3' })],
      { accepted: 1, delivered: 1 },
    ],
    [
      'by mailbox alone',
      ['accepted'],
      [event('delivered', 0, { sender: undefined })],
      { accepted: 1, delivered: 1 },
    ],
    ['neither says anything', [], [], {}],
  ];

const NONE: LogCounts = {
  delivered: 0,
  accepted: 0,
  bounced: 0,
  rejected: 0,
  falselyDelivered: 0,
  untold: 0,
  falselyBounced: 0,
  wrongSource: 0,
};

for (const [name, seen, said, counts] of ROWS) {
  test(`log and ISP: ${name}`, () => {
    const log = logged([seen], said);
    assert.deepEqual(log.compare(1), [{ ...NONE, ...counts }]);
    assert.deepEqual([log.events, log.others, log.unreadable], [said.length, 0, 0]);
  });
}

test('entries about other mail, and lines that can not be read, are counted apart', () => {
  const log = logged(
    [['accepted']],
    [
      event('delivered', 0, { sender: '', recipient: 'b-0@news.sender.test' }),
      event('delivered', 99),
      event('delivered', 0, { recipient: 'u0.7@gmail.com' }),
      event('delivered', 0, { sender: 'news@sender.test' }),
      event('unreadable', 0, { recipient: '' }),
    ],
  );
  assert.deepEqual([log.events, log.others, log.unreadable], [0, 4, 1]);
  assert.equal(log.compare(1)[0]?.untold, 1);
});

test('where mailboxes repeat, one alone tells nobody', () => {
  const log = logged([['accepted']], [event('delivered', 0, { sender: undefined })], true);
  assert.deepEqual([log.events, log.others], [0, 1]);
});

test('where log and ISPs disagree, in sentences, the gravest first', () => {
  const log = logged(
    [['throttled'], ['throttled'], ['accepted'], ['accepted'], ['accepted'], ['accepted']],
    [
      event('delivered', 0),
      event('delivered', 1),
      event('bounced', 2),
      event('received', 3),
      event('delivered', 4, { source: '198.18.128.3' }),
      event('delivered', 5),
      event('unreadable', 0, { recipient: '' }),
    ],
  );
  assert.deepEqual(ownLogSummary(log, ['gmail']).findings, [
    'gmail: it calls 2 recipients delivered whom the ISP never accepted.',
    'gmail: it gives up 1 recipient whom the ISP accepted.',
    'gmail: it does not tell of the delivery to 1 recipient, whom the ISP accepted.',
    'gmail: it names another source than the ISP saw for 1 recipient.',
    '1 line could not be read.',
  ]);
  assert.deepEqual(ownLogSummary(logged([['accepted']], [event('delivered', 0)]), ['gmail']).findings, []);
});
