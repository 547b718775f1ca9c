import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DialogueLines } from '../../../../src/lab/isps/dialogue-lines.ts';

interface Heard {
  readonly lines: DialogueLines;
  at: number;
  told: number;
  ended: number;
}

function listen(): Heard {
  const heard = { at: 5e6, told: 0, ended: 0 };
  const lines = new DialogueLines(
    () => heard.at,
    () => {
      heard.told++;
    },
    () => {
      heard.ended++;
    },
  );
  return Object.assign(heard, { lines });
}

/** What was said, in order: `C:` and `S:` in the pieces in which it came. */
type Piece = readonly [who: 'C' | 'S', text: string];

const DIALOGUES: readonly (readonly [name: string, said: readonly Piece[], kept: readonly string[]])[] = [
  [
    'commands and replies',
    [
      ['S', '220 hello\r\n'],
      ['C', 'EHLO me\r\n'],
      ['S', '250-you\r\n250 SIZE\r\n'],
    ],
    ['S 220 hello', 'C EHLO me', 'S 250-you', 'S 250 SIZE'],
  ],
  [
    'lines in pieces',
    [
      ['C', 'MA'],
      ['C', 'IL FROM:<a@b>\r'],
      ['C', '\nRCPT'],
      ['S', '250'],
      ['S', ' ok\r\n'],
      ['C', ' TO:<c@d>\r\n'],
    ],
    ['C MAIL FROM:<a@b>', 'S 250 ok', 'C RCPT TO:<c@d>'],
  ],
  [
    'a message is only counted, also in pieces, with lines that look like its end',
    [
      ['C', 'DATA\r\n'],
      ['S', '354 go\r\n'],
      ['C', 'Subject: x\r\n\r\n..\r\n.'],
      ['C', 'x\r\n\r'],
      ['C', '\n.\r'],
      ['C', '\nQUIT\r\n'],
    ],
    ['C DATA', 'S 354 go', 'C (27 bytes of a message)', 'C QUIT'],
  ],
  [
    'an empty message',
    [
      ['C', 'DATA\r\n'],
      ['S', '250 ok\r\n354 go\r\n'],
      ['C', '.\r\nQUIT\r\n'],
    ],
    ['C DATA', 'S 250 ok', 'S 354 go', 'C (3 bytes of a message)', 'C QUIT'],
  ],
  [
    'chunks are counted by what they announce',
    [
      ['C', 'BDAT 6\r\nQUIT\r\nBDAT 4 LAST\r\nab'],
      ['C', 'cdRSET\r\nBDAT 0 LAST\r\nNOOP\r\n'],
    ],
    [
      'C BDAT 6',
      'C (6 bytes of a message)',
      'C BDAT 4 LAST',
      'C (4 bytes of a message)',
      'C RSET',
      'C BDAT 0 LAST',
      'C NOOP',
    ],
  ],
  ['a line without end is cut', [['C', `${'x'.repeat(5000)}\r\n`]], [`C ${'x'.repeat(300)}…`]],
];

for (const [name, said, kept] of DIALOGUES) {
  test(`${name}`, () => {
    const { lines } = listen();
    for (const [who, text] of said) {
      if (who === 'C') lines.client(Buffer.from(text, 'latin1'));
      else lines.server(text);
    }
    assert.deepEqual(
      lines.lines.map(([, who, text]) => `${who} ${text}`),
      kept,
    );
  });
}

test('each line has its moment, counted from the connection', () => {
  const heard = listen();
  heard.lines.server('220 hello\r\n');
  heard.at += 12_400;
  heard.lines.client(Buffer.from('QUIT\r\n'));
  heard.at += 600;
  heard.lines.closed();
  assert.deepEqual(heard.lines.lines, [
    [0, 'S', '220 hello'],
    [12, 'C', 'QUIT'],
    [13, '-', 'closed'],
  ]);
  assert.deepEqual([heard.told, heard.ended], [2, 1]);
});

test('of a long dialogue beginning and end are kept, and nothing once nobody listens', () => {
  const { lines } = listen();
  for (let i = 0; i < 1000; i++) lines.client(Buffer.from(`NOOP ${i}\r\n`));
  const kept = lines.lines.map(([, who, text]) => `${who} ${text}`);
  assert.equal(lines.count, 1000);
  assert.ok(kept.length < 80, String(kept.length));
  assert.deepEqual([kept[0], kept[23], kept.at(-1)], ['C NOOP 0', 'C NOOP 23', 'C NOOP 999']);
  assert.equal(kept[24], `- ${1000 - kept.length + 1} lines left out`);
  lines.mute();
  lines.client(Buffer.from('QUIT\r\n'));
  lines.server('221 bye\r\n');
  lines.closed();
  assert.equal(lines.count, 1000);
});
