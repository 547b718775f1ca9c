import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, workFolder } from '../support/cli.ts';

/** Sends lines to a port, one after each reply, and returns all that was said until the server closes. */
async function talk(port: number, lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  const left = [...lines];
  let heard = '';
  socket.on('data', (text: string) => {
    heard += text;
    // A reply is over with a line that has a blank behind its code.
    if (/(^|\n)\d{3} [^\n]*\r\n$/.test(heard)) {
      const next = left.shift();
      if (next !== undefined) socket.write(`${next}\r\n`);
    }
  });
  await once(socket, 'close');
  return heard;
}

test('one ISP, served to anyone: its dialogue, its limit, a transcript and counters', async (t) => {
  const transcript = join(workFolder(t), 'dialogue.txt');
  let served = false;
  let heard = '';
  const message = (n: number): string[] => [
    `MAIL FROM:<b-${n}@news.sender.test>`,
    'RCPT TO:<u1.0@gmail.com>',
    'DATA',
    `Subject: ${n}\r\n\r\nhello\r\n.`,
  ];
  const argv = [
    'isp',
    'gmail',
    '--listen',
    '127.0.0.1:0',
    '--limit',
    'ip-rate=1/d',
    '--transcript',
    transcript,
    '--json',
  ];
  const { code, stdout, stderr } = await cli(argv, (text, interrupt) => {
    const port = Number(/port (\d+);/.exec(text)?.[1]);
    if (served || Number.isNaN(port)) return;
    served = true;
    talk(port, ['EHLO client.test', ...message(1), ...message(2), 'QUIT']).then((text) => {
      heard = text;
      interrupt();
    });
  });
  assert.equal(code, 0, stderr);
  assert.match(
    heard,
    /^220 mx\.google\.com ESMTP \S+ - gsmtp\r\n250-mx\.google\.com at your service, \[127\.0\.0\.1\]\r\n/,
  );
  assert.match(heard, /250 2\.0\.0 OK {2}\d+ \S+ - gsmtp\r\n/);
  assert.match(heard, /421-4\.7\.28 \[127\.0\.0\.1 +15\] /);
  const counters = JSON.parse(stdout);
  assert.deepEqual(
    [counters.connections, counters.transactions, counters.attempts.accepted, counters.attempts.throttled],
    [1, 2, 1, 1],
  );
  const lines = readFileSync(transcript, 'latin1').trimEnd().split('\n');
  assert.equal(lines[0], '1 -- 127.0.0.1 connects');
  assert.ok(lines.includes('1 C: EHLO client.test'));
  assert.equal(lines.filter((line) => line.startsWith('1 S: 421')).length, heard.match(/^421/gm)?.length);
});

test('with every limit out of reach, nothing is throttled', async () => {
  let served = false;
  const argv = ['isp', 'yahoo', '--listen', '127.0.0.1:0', '--unlimited', '--json'];
  const { stdout } = await cli(argv, (text, interrupt) => {
    const port = Number(/port (\d+);/.exec(text)?.[1]);
    if (served || Number.isNaN(port)) return;
    served = true;
    // Yahoo closes a connection after twenty messages, if limits hold.
    const messages = Array.from({ length: 30 }, (_, n) => `MAIL FROM:<b-${n}@news.sender.test>\r\nRSET`);
    talk(port, ['EHLO client.test', ...messages, 'QUIT']).then(interrupt);
  });
  const { transactions, attempts } = JSON.parse(stdout);
  assert.deepEqual([transactions, attempts.throttled, attempts.dropped], [30, 0, 0]);
});

test('what can not be served', async () => {
  const rows: [string[], number, RegExp][] = [
    [['isp', 'gmial'], 104, /gmial/],
    [['isp', 'gmail', '--listen', 'localhost'], 2, /--listen localhost: expected an address and a port/],
    [['isp', 'gmail', '--listen', '192.0.2.1:25'], 106, /can't listen on 192\.0\.2\.1 port 25/],
    [['isp', 'gmail', '--limit', 'ip-rat=5/s'], 104, /did you mean ip-rate\?/],
    [['isp', 'gmail', '--limit', 'ip-rate'], 2, /--limit ip-rate: expected a name and a rate/],
    [
      ['isp', 'gmail', '--incident', 'ip-rate=5/s'],
      2,
      /--incident ip-rate=5\/s: expected a limit, a rate, a moment and a length/,
    ],
    [['isp', 'gmail', '--seed', 'x'], 2, /--seed x: expected a whole number/],
    [
      ['isp', 'gmail', '--listen', '127.0.0.1:0', '--transcript', '/nowhere/x'],
      2,
      /can't write the transcript \/nowhere\/x/,
    ],
  ];
  for (const [argv, code, message] of rows) {
    const result = await cli(argv);
    assert.equal(result.code, code, argv.join(' '));
    assert.match(result.stderr, message);
  }
});
