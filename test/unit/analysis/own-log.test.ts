import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogCounts, type LoggedEvent, OwnLog } from '../../../src/analysis/own-log.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { type AttemptOutcome, type FeedbackState, Packer } from '../../../src/record/attempt-log.ts';
import { REPORT_KINDS, type ReportKind } from '../../../src/record/sent-reports.ts';
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

/** Reports that ISPs have sent: kind and message, and the slot of messages with two recipients, which begin with 20. */
type Sent = readonly [kind: ReportKind | 'auto-reply', message: number, slot?: number, state?: FeedbackState];

/** A log beside the reports that were sent. Messages 0 to 19 have one recipient, 20 to 29 two. */
function reported(sent: readonly Sent[], events: readonly LoggedEvent[]): [OwnLog, Aggregate] {
  const load = { messages: 20, ispOf: () => 0 };
  const aggregate = new Aggregate({
    loads: [
      { ...load, name: 'one', firstMessage: 0, recipientsPerMessage: 1, firstRecipient: 0 },
      { ...load, name: 'two', firstMessage: 20, recipientsPerMessage: 2, firstRecipient: 20 },
    ],
    phaseOf: () => undefined,
  });
  const packer = new Packer();
  for (const [kind, message, slot = 0, state = 'sent'] of sent)
    packer.feedback({ at: 0, isp: 0, source: 0, message, slot, kind, state });
  const records = packer.take();
  if (records) aggregate.add(records);
  const log = new OwnLog(aggregate.ledger, aggregate.model.loads, SOURCES);
  for (const each of events) log.take(each);
  return [log, aggregate];
}

const hidden = { recipient: '', sender: undefined };

const REPORT_ROWS: readonly [
  name: string,
  sent: readonly Sent[],
  said: readonly LoggedEvent[],
  counts: Partial<Record<ReportKind, readonly [sent: number, processed: number, unasked: number]>>,
][] = [
  ['none', [], [], {}],
  ['sent, and read', [['complaint', 3]], [event('complaint', 3)], { complaint: [1, 1, 0] }],
  ['sent, and not told', [['complaint', 3]], [event('delivered', 3)], { complaint: [1, 0, 0] }],
  [
    'told twice',
    [['complaint', 3]],
    [event('complaint', 3), event('complaint', 3)],
    { complaint: [1, 1, 0] },
  ],
  ['told of another one', [['complaint', 3]], [event('complaint', 4)], { complaint: [1, 0, 1] }],
  [
    'told, and another kind was sent',
    [['withdrawal', 3]],
    [event('complaint', 3)],
    { complaint: [0, 0, 1], withdrawal: [1, 0, 0] },
  ],
  ['a withdrawal', [['withdrawal', 3]], [event('withdrawal', 3)], { withdrawal: [1, 1, 0] }],
  ['a bounce', [['bounce', 3]], [event('remote-bounce', 3)], { bounce: [1, 1, 0] }],
  [
    'due, and not sent',
    [
      ['bounce', 3, 0, 'due'],
      ['bounce', 3, 0, 'failed'],
    ],
    [],
    {},
  ],
  ['of no kind that a log tells of', [['auto-reply', 3]], [], {}],
  [
    'by the header alone',
    [['complaint', 3]],
    [event('complaint', 3, { ...hidden, message: 3 })],
    { complaint: [1, 1, 0] },
  ],
  [
    'by the reverse path alone',
    [['complaint', 3]],
    [event('complaint', 3, { recipient: '' })],
    { complaint: [1, 1, 0] },
  ],
  [
    'by the mailbox alone',
    [['complaint', 3]],
    [event('complaint', 3, { sender: undefined })],
    { complaint: [1, 1, 0] },
  ],
  [
    'one of two',
    [['complaint', 21, 1]],
    [event('complaint', 21, { recipient: 'u23.1@gmail.com' })],
    { complaint: [1, 1, 0] },
  ],
  [
    'the wrong one of two',
    [['complaint', 21, 1]],
    [event('complaint', 21, { recipient: 'u22.0@gmail.com' })],
    { complaint: [1, 0, 1] },
  ],
  [
    'one of two who is hidden',
    [['complaint', 21, 1]],
    [event('complaint', 21, { ...hidden, message: 21 })],
    { complaint: [1, 1, 0] },
  ],
  [
    'three that are hidden, of whom two were sent',
    [
      ['complaint', 21, 1],
      ['complaint', 22, 0],
    ],
    [21, 22, 22].map((message) => event('complaint', message, { ...hidden, message })),
    { complaint: [2, 2, 1] },
  ],
];

for (const [name, sent, said, counts] of REPORT_ROWS) {
  test(`reports and the log: ${name}`, () => {
    const [log, { sentReports }] = reported(sent, said);
    const found = log
      .compareReports(sentReports)
      .map((one) => [one.kind, one.sent, one.processed, one.unasked]);
    assert.deepEqual(
      found,
      REPORT_KINDS.map((kind) => [kind, ...(counts[kind] ?? [0, 0, 0])]),
    );
    assert.deepEqual([log.events, log.others], [said.length, 0]);
  });
}

test('reports about nobody of the run are about other mail', () => {
  const [log, { sentReports }] = reported(
    [['complaint', 3]],
    [
      event('complaint', 3, hidden),
      event('complaint', 3, { ...hidden, message: 99 }),
      event('complaint', 3, { sender: 'redacted@news.sender.test', recipient: 'redacted@gmail.com' }),
    ],
  );
  assert.deepEqual([log.events, log.others], [0, 3]);
  assert.equal(log.compareReports(sentReports)[0]?.processed, 0);
});

test('what became of reports, in sentences; a log is not held to a kind that it never tells of', () => {
  const [log, { sentReports: sent }] = reported(
    [
      ['complaint', 1],
      ['complaint', 2],
      ['withdrawal', 1],
      ['bounce', 4],
    ],
    [event('complaint', 2), event('complaint', 5)],
  );
  const all = ownLogSummary(log, ['gmail'], { sent, told: REPORT_KINDS });
  assert.deepEqual(all.findings, [
    'it tells nothing of 1 of 2 complaints that were sent to it.',
    'it tells of 1 complaint that no ISP has sent.',
    'it tells nothing of 1 of 1 withdrawal that was sent to it.',
    'it tells nothing of 1 of 1 bounce that was sent to it.',
  ]);
  const some = ownLogSummary(log, ['gmail'], { sent, told: ['complaint'] });
  assert.deepEqual(some.returned, [
    { kind: 'complaint', sent: 2, processed: 1, unasked: 1 },
    { kind: 'withdrawal', sent: 1, processed: null, unasked: 0 },
    { kind: 'bounce', sent: 1, processed: null, unasked: 0 },
  ]);
  assert.equal(some.findings.length, 2);
  assert.deepEqual(ownLogSummary(log, ['gmail']).returned, []);
});
