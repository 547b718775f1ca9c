import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerFields, reportOnHeader } from '../../../../fakes/isp/rfc5322.ts';

const DATE = 'Date: Thu, 01 Jan 1970 00:00:00 +0000';
const ID = 'Message-ID: <7@sender.test>';
const FROM = 'From: News <news@Sender.Test>';
const WELL = [DATE, FROM, ID, 'To: a@isp.test', 'Subject: News'];
const WORD = '=?utf-8?q?caf=C3=A9?=';

const report = (lines: readonly string[]) =>
  reportOnHeader(headerFields(`${lines.join('\r\n')}\r\n\r\nbody`));

test('the fields of a header, unfolded', () => {
  const table: [message: string, expected: [string, string][]][] = [
    [
      'A: 1\r\nb-C : 2\r\n\r\nD: 3',
      [
        ['A', '1'],
        ['b-C', '2'],
      ],
    ],
    ['A: 1\r\n 2\r\n\t3\r\n\r\n', [['A', '1 2\t3']]],
    ['A:\r\n x\r\n\r\n', [['A', 'x']]],
    ['A: 1', [['A', '1']]],
    ['no field\r\nA: 1\r\n\r\n', [['A', '1']]],
    ['\r\nA: 1\r\n\r\n', []],
    ['', []],
  ];
  for (const [message, expected] of table) {
    assert.deepEqual(
      headerFields(message),
      expected.map(([name, value]) => ({ name, value })),
      message,
    );
  }
});

test('what is wrong with a header', () => {
  const without = (name: string): string[] => WELL.filter((line) => !line.startsWith(name));
  const table: [about: string, lines: string[], faults: string[], fromDomain?: string][] = [
    ['nothing', WELL, []],
    [
      'nothing: these may be there twice',
      [...WELL, 'Received: x', 'Received: y', 'X-A: 1', 'X-A: 2', 'Comments: a', 'Comments: b'],
      [],
    ],
    ['no From', without('From'), ['no-from From'], ''],
    ['an empty From', [...without('From'), 'From:'], ['no-from From'], ''],
    ['a From without a domain', [...without('From'), 'From: news'], ['no-from From'], ''],
    ['two authors', [...without('From'), 'From: a@x.test, b@y.test'], ['several-from-addresses From'], ''],
    ['a comma in a name', [...without('From'), 'From: "News, daily" <news@sender.test>'], []],
    [
      'two authors in a group',
      [...without('From'), 'From: us: a@x.test, b@y.test;'],
      ['several-from-addresses From'],
      '',
    ],
    ['two From fields', [...WELL, 'FROM: b@y.test'], ['repeated-field FROM']],
    [
      'two subjects and two ids',
      [...WELL, 'Subject: x', ID],
      ['repeated-field Subject', 'repeated-field Message-ID'],
    ],
    ['no date', without('Date'), ['no-date Date']],
    ['no id', without('Message-ID'), ['no-message-id Message-ID']],
    [
      'an id without brackets',
      [...without('Message-ID'), 'Message-ID: 7@sender.test'],
      ['no-message-id Message-ID'],
    ],
    ['an encoded name is fine', [...without('From'), `From: ${WORD} <news@sender.test>`], []],
    ['an encoded address', [...WELL, `Reply-To: <${WORD}@sender.test>`], ['encoded-address Reply-To']],
    [
      'an encoded id',
      [...without('Message-ID'), `Message-ID: <${WORD}@x.test>`],
      ['encoded-address Message-ID'],
    ],
    ['an encoded subject is fine', [...without('Subject'), `Subject: <${WORD}>`], []],
  ];
  for (const [about, lines, expected, fromDomain = 'sender.test'] of table) {
    const found = report(lines);
    assert.deepEqual(
      found.faults.map(({ kind, field }) => `${kind} ${field}`),
      expected,
      about,
    );
    assert.equal(found.fromDomain, fromDomain, about);
  }
});

test('how one unsubscribes (RFC 8058)', () => {
  const POST = 'List-Unsubscribe-Post: List-Unsubscribe=One-Click';
  const table: [lines: string[], expected: string][] = [
    [[], 'none'],
    [[POST], 'none'],
    [['List-Unsubscribe: <mailto:out@sender.test>'], 'header'],
    [['List-Unsubscribe: <https://sender.test/out/7>'], 'header'],
    [['List-Unsubscribe: <https://sender.test/out/7>', POST], 'one-click'],
    [['List-Unsubscribe: <mailto:out@sender.test>,\r\n <https://sender.test/out/7>', POST], 'one-click'],
    // One click means HTTPS.
    [['List-Unsubscribe: <http://sender.test/out/7>', POST], 'header'],
    [['List-Unsubscribe: <mailto:out@sender.test>', POST], 'header'],
    [['List-Unsubscribe: <https://sender.test/out/7>', 'List-Unsubscribe-Post: yes'], 'header'],
  ];
  for (const [lines, expected] of table)
    assert.equal(report([...WELL, ...lines]).unsubscribe, expected, lines.join());
});
