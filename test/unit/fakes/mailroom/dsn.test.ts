import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDeliveryStatus, type RecipientReport } from '../../../../fakes/mailroom/dsn.ts';
import { subjectOf } from '../../../../fakes/mailroom/subject.ts';
import { DSN_SAMPLES, report } from '../../../support/dsn-samples.ts';

test('every layout gives its reports, with LF and with CRLF', () => {
  for (const { name, status, reports, reportingMta } of DSN_SAMPLES) {
    const expected = { reports, malformed: 0, reportingMta };
    assert.deepEqual(parseDeliveryStatus(status), expected, name);
    assert.deepEqual(parseDeliveryStatus(status.replace(/\n/g, '\r\n')), expected, `${name}, CRLF`);
  }
});

test('bent and broken bodies', () => {
  const seven = report('u7.0@gmail.com', 'failed', '5.1.1', undefined);
  const eight = report('u8.1@gmail.com', 'failed', '5.2.1', undefined);
  const cases: [name: string, body: string[], reports: RecipientReport[], malformed: number][] = [
    ['empty', [], [], 0],
    ['only fields of the message', ['Reporting-MTA: dns; a.test', '', 'Arrival-Date: now'], [], 0],
    ['no fields at all', ['Sorry, it did not work.', '', 'Bye.'], [], 0],
    [
      'names and values in any case',
      ['FINAL-RECIPIENT: RFC822; u7.0@gmail.com', 'action: Failed', 'STATUS:5.1.1'],
      [seven],
      0,
    ],
    [
      'no blank line before the first recipient',
      [
        'Reporting-MTA: dns; a.test',
        'Final-Recipient: rfc822; u7.0@gmail.com',
        'Action: failed',
        'Status: 5.1.1',
      ],
      [seven],
      0,
    ],
    [
      'no blank line between recipients',
      [
        ...['Final-Recipient: rfc822; u7.0@gmail.com', 'Action: failed', 'Status: 5.1.1'],
        ...['Final-Recipient: rfc822; u8.1@gmail.com', 'Action: failed', 'Status: 5.2.1'],
      ],
      [seven, eight],
      0,
    ],
    [
      'no blank line between recipients, action first',
      [
        ...['Action: failed', 'Final-Recipient: rfc822; u7.0@gmail.com', 'Status: 5.1.1'],
        ...['Action: failed', 'Final-Recipient: rfc822; u8.1@gmail.com', 'Status: 5.2.1'],
      ],
      [seven, eight],
      0,
    ],
    [
      'several blank lines, one with blanks in it',
      [
        '',
        'Final-Recipient: rfc822; u7.0@gmail.com',
        'Action: failed',
        'Status: 5.1.1',
        '',
        '  ',
        '',
        'X: y',
      ],
      [seven],
      0,
    ],
    [
      'brackets, comments, folded',
      [
        'Final-Recipient: rfc822;',
        '\t<u7.0@gmail.com> (Seven)',
        'Action: failed (for good)',
        'Status: 5.1.1 (no such user)',
      ],
      [seven],
      0,
    ],
    [
      'no type before the address',
      ['Final-Recipient: u7.0@gmail.com', 'Action: failed', 'Status: 5.1.1'],
      [seven],
      0,
    ],
    [
      'the original recipient where the final one is not ours',
      [
        'Original-Recipient: rfc822; u7.0@gmail.com',
        'Final-Recipient: rfc822; seven@mailbox.internal',
        ...['Action: failed', 'Status: 5.1.1'],
      ],
      [seven],
      0,
    ],
    [
      'only the original recipient',
      ['Original-Recipient: rfc822; u7.0@gmail.com', 'Action: failed', 'Status: 5.1.1'],
      [seven],
      0,
    ],
    [
      'a recipient that is not ours',
      ['Final-Recipient: rfc822; who@else.test', 'Action: relayed', 'Status: 2.0.0'],
      [
        {
          ...seven,
          recipient: 'who@else.test',
          mailbox: undefined,
          slot: undefined,
          action: 'relayed',
          status: '2.0.0',
        },
      ],
      0,
    ],
    [
      'no action, as Haraka writes it for some of the recipients',
      [
        'Final-Recipient: rfc822; u7.0@gmail.com',
        '',
        'Final-Recipient: rfc822; u7.0@gmail.com',
        'Status: 4.4.1',
      ],
      [
        { ...seven, status: '' },
        { ...seven, action: 'delayed', status: '4.4.1' },
      ],
      0,
    ],
    [
      'unknown action, missing recipient; the next one is read all the same',
      [
        ...['Final-Recipient: rfc822; u1.0@gmail.com', 'Action: exploded', 'Status: 5.0.0', ''],
        ...['Action: failed', 'Status: 5.0.0', ''],
        ...['Final-Recipient: rfc822;', 'Action: failed', ''],
        ...['Final-Recipient: rfc822; u7.0@gmail.com', 'Action: failed', 'Status: 5.1.1'],
      ],
      [seven],
      3,
    ],
    [
      'a status that is none',
      ['Final-Recipient: rfc822; u7.0@gmail.com', 'Action: failed', 'Status: 10.5.1.1', 'Diagnostic-Code:'],
      [{ ...seven, status: '' }],
      0,
    ],
  ];
  for (const [name, body, reports, malformed] of cases) {
    const { reportingMta: _, ...read } = parseDeliveryStatus(body.join('\r\n'));
    assert.deepEqual(read, { reports, malformed }, name);
  }
});

test("the message's number is read from returned headers alone", () => {
  const cases: [text: string, message: number | undefined][] = [
    ['Subject: x\r\nX-Windtunnel-Message: 42\r\n\r\nbody', 42],
    ['x-windtunnel-message:42\n', 42],
    ['Subject: x\r\nX-Windtunnel-Message:\r\n 42\r\n\r\n', 42],
    ['Subject: x\r\n\r\nX-Windtunnel-Message: 42\r\n', undefined],
    ['X-Windtunnel-Message: forty-two\r\n\r\n', undefined],
    ['', undefined],
  ];
  for (const [text, message] of cases) assert.equal(subjectOf('', [text]).message, message, text);
});

test('no text whatever makes it throw', () => {
  const word = fc.constantFrom(
    'Final-Recipient:',
    'Action:',
    'failed',
    'rfc822;',
    'u7.0@gmail.com',
    '\n',
    '\r\n',
    ' ',
    ':',
    '<',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word).map((words) => words.join('')),
      ),
      (text) => {
        for (const { slot, mailbox, recipient } of parseDeliveryStatus(text).reports) {
          assert.equal(slot === undefined, mailbox === undefined);
          assert.notEqual(recipient, '');
        }
        subjectOf(text, [text], [text], [text]);
      },
    ),
    { numRuns: 1000 },
  );
});
