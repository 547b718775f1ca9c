import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MtaEvent } from '../../../../src/mta/adapter.ts';
import { LogReader } from '../../../../src/mta/postfix/log.ts';

const WRITTEN = new Date('2026-11-28T14:00:00Z');
const AT = Date.UTC(2026, 10, 28, 13, 45, 45);

function read(lines: readonly string[], written = WRITTEN): MtaEvent[] {
  const reader = new LogReader(written);
  return lines.flatMap((line) => reader.read(line));
}

/** A line of the time AT. */
function line(tag: string, rest: string): string {
  return `Nov 28 13:45:45 mta postfix/${tag}[23]: ${rest}`;
}

const FROM = line('qmgr', '4C11E9A259E: from=<b-7@news.sender.test>, size=344, nrcpt=1 (queue active)');
const SENT =
  '4C11E9A259E: to=<u7.0@gmail.com>, relay=gmail-smtp-in.l.google.com[198.18.16.10]:25, delay=7.5, delays=1/6.2/0.04/0.2, dsn=2.0.0, status=sent (250 2.0.0 OK  1795874165 x - gsmtp)';
const BASE: MtaEvent = {
  kind: 'delivered',
  atMs: AT,
  sender: 'b-7@news.sender.test',
  recipient: 'u7.0@gmail.com',
  source: 'vmta1',
  code: 250,
  text: '250 2.0.0 OK  1795874165 x - gsmtp',
};

test('a line of a delivery agent tells what became of a recipient', () => {
  const fate = (status: string, words: string, more = ''): string =>
    `4C11E9A259E: to=<u7.0@gmail.com>, relay=none, delay=0.21, delays=0.03/0.17/0.01/0, ${more}dsn=4.0.0, status=${status} (${words})`;
  const said = (words: string): string =>
    `host mx.test[198.18.16.11] said: ${words} (in reply to RCPT TO command)`;
  const table: { name: string; tag?: string; rest: string; expected: Partial<MtaEvent> }[] = [
    { name: 'a delivery', rest: SENT, expected: {} },
    {
      name: 'with the fields of other versions and settings',
      rest: SENT.replace('to=<u7.0@gmail.com>,', 'to=<u7.0@gmail.com>, orig_to=<x@y.test>,').replace(
        'dsn=',
        'conn_use=2, tls=TLSv1.3:X/256/256, dsn=',
      ),
      expected: {},
    },
    {
      name: 'a deferral in the words of the ISP, several lines in one',
      rest: fate('deferred', said("452-4.2.2 The recipient's inbox 452 4.2.2 is full")),
      expected: {
        kind: 'deferred',
        code: 452,
        text: said("452-4.2.2 The recipient's inbox 452 4.2.2 is full"),
      },
    },
    {
      name: 'a greeting that refuses',
      rest: fate('deferred', 'host mx.test[198.18.16.11] refused to talk to me: 421 4.7.0 busy'),
      expected: {
        kind: 'deferred',
        code: 421,
        text: 'host mx.test[198.18.16.11] refused to talk to me: 421 4.7.0 busy',
      },
    },
    {
      name: 'a deferral without a reply',
      rest: fate('deferred', 'connect to mx.test[198.18.16.11]:25: Connection refused'),
      expected: {
        kind: 'deferred',
        code: undefined,
        text: 'connect to mx.test[198.18.16.11]:25: Connection refused',
      },
    },
    {
      name: 'a bounce',
      rest: fate('bounced', said('550 5.1.1 no such user (really)')),
      expected: { kind: 'bounced', code: 550, text: said('550 5.1.1 no such user (really)') },
    },
    {
      name: 'a bounce without a reply, with numbers that are no code',
      rest: fate(
        'bounced',
        'Name service error for name=550 mx.test type=AAAA: Host found but no data record',
      ),
      expected: {
        kind: 'bounced',
        code: undefined,
        text: 'Name service error for name=550 mx.test type=AAAA: Host found but no data record',
      },
    },
    {
      name: 'a deferral by the queue manager’s order, from no virtual MTA',
      tag: 'error',
      rest: fate('deferred', 'delivery temporarily suspended: lost connection with mx.test[198.18.16.11]'),
      expected: {
        kind: 'deferred',
        source: undefined,
        code: undefined,
        text: 'delivery temporarily suspended: lost connection with mx.test[198.18.16.11]',
      },
    },
    { name: 'a DSN’s delivery', tag: 'smtp', rest: SENT, expected: { source: undefined } },
  ];
  for (const { name, tag = 'vmta1/smtp', rest, expected } of table)
    assert.deepEqual(read([FROM, line(tag, rest)]), [{ ...BASE, ...expected }], name);
});

test('a message is known by its queue id, until it is removed', () => {
  const removed = line('qmgr', '4C11E9A259E: removed');
  const sent = line('vmta1/smtp', SENT);
  const table: { name: string; lines: string[]; senders: (string | undefined)[] }[] = [
    { name: 'never seen to come', lines: [sent], senders: [undefined] },
    {
      name: 'of another id',
      lines: [FROM.replaceAll('4C11E9A259E', '08ABB9A2565'), sent],
      senders: [undefined],
    },
    { name: 'removed', lines: [FROM, sent, removed, sent], senders: ['b-7@news.sender.test', undefined] },
    {
      name: 'the id is another message’s then',
      lines: [FROM, removed, FROM.replace('b-7', 'b-8'), sent],
      senders: ['b-8@news.sender.test'],
    },
    { name: 'a DSN', lines: [FROM.replace('b-7@news.sender.test', ''), sent], senders: [''] },
  ];
  for (const { name, lines, senders } of table)
    assert.deepEqual(
      read(lines).map(({ sender }) => sender),
      senders,
      name,
    );
});

test('a message that expired did so for whom it was deferred last', () => {
  const deferred = (to: string, at = '13:45:45'): string =>
    line(
      'vmta1/smtp',
      `4C11E9A259E: to=<${to}@x.test>, relay=none, delay=1, dsn=4.2.1, status=deferred (host a[1.2.3.4] said: 450 4.2.1 no (in reply to RCPT TO command))`,
    ).replace('13:45:45', at);
  const expired = line(
    'qmgr',
    '4C11E9A259E: from=<b-7@news.sender.test>, status=expired, returned to sender',
  ).replace('13:45:45', '13:50:00');
  const events = read([
    FROM,
    deferred('one'),
    deferred('two'),
    line('vmta1/smtp', SENT.replace('u7.0@gmail.com', 'two@x.test')),
    deferred('one', '13:46:00'),
    expired,
    expired,
  ]);
  assert.deepEqual(
    events.map(({ kind, recipient }) => `${kind} ${recipient}`),
    [
      'deferred one@x.test',
      'deferred two@x.test',
      'delivered two@x.test',
      'deferred one@x.test',
      'expired one@x.test',
    ],
  );
  assert.deepEqual(events.at(-1), {
    kind: 'expired',
    atMs: Date.UTC(2026, 10, 28, 13, 50, 0),
    sender: 'b-7@news.sender.test',
    recipient: 'one@x.test',
    source: 'vmta1',
    code: 450,
    text: 'host a[1.2.3.4] said: 450 4.2.1 no (in reply to RCPT TO command)',
  });
});

test('a log that was begun in the year before tells so by its months', () => {
  const written = new Date('2027-01-01T00:10:00Z');
  const table = [
    { day: 'Dec 31', time: '23:59:59', atMs: Date.UTC(2026, 11, 31, 23, 59, 59) },
    { day: 'Jan  1', time: '00:00:01', atMs: Date.UTC(2027, 0, 1, 0, 0, 1) },
  ];
  for (const { day, time, atMs } of table) {
    const dated = line('vmta1/smtp', SENT).replace('Nov 28 13:45:45', `${day} ${time}`);
    assert.deepEqual(
      read([dated], written).map((event) => event.atMs),
      [atMs],
      day,
    );
  }
});

test('a line that was torn in the middle of a fate is said to be unreadable', () => {
  const whole = line('vmta1/smtp', SENT);
  for (const cut of ['u7.0@', ', relay=gmail', 'status=', 'sent (250', 'gsmtp)']) {
    const torn = whole.slice(0, whole.indexOf(cut));
    assert.deepEqual(
      read([FROM, torn]).map(({ kind, recipient }) => `${kind} ${recipient}`),
      ['unreadable '],
      cut,
    );
  }
});

test('lines of all else tell nothing', () => {
  const lines = [
    '',
    'Terminated',
    line('master', 'daemon started -- version 3.7.11, configuration /etc/postfix'),
    line('smtpd', 'connect from localhost[127.0.0.1]'),
    line(
      'smtpd',
      'NOQUEUE: filter: RCPT from localhost[127.0.0.1]: <u0.0@gmail.com>: Recipient address triggers FILTER out.one:; from=<b-0@a.test> to=<u0.0@gmail.com> proto=ESMTP helo=<x>',
    ),
    line('smtpd', '07B7D9A06FF: client=localhost[127.0.0.1]'),
    line('cleanup', '07B7D9A06FF: message-id=<0@news.sender.test>'),
    line('vmta1/smtp', 'warning: no MX host for yahoo.ca has a valid address record'),
    line(
      'vmta1/smtp',
      '4C11E9A259E: host mx.test[198.18.16.11] said: 451 4.3.0 no (in reply to MAIL FROM command)',
    ),
    line('vmta1/smtp', SENT.replace('status=sent', 'status=deliverable')),
    line('vmta1/smtp', SENT).slice(0, 50),
    FROM,
    line('qmgr', '4C11E9A259E: removed'),
    line('qmgr', '4C11E9A259E: from=<b-7@a.test>, status=expired, returned to sender'),
  ];
  assert.deepEqual(read(lines), []);
});
