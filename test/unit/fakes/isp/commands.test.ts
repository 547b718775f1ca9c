import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCommand } from '../../../../fakes/isp/commands.ts';

const ALL = new Set(['SIZE', '8BITMIME', 'BINARYMIME', 'SMTPUTF8', 'DSN', 'CHUNKING', 'STARTTLS']);
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

/** A command in short: its verb and what matters of it, or the error. */
function brief(line: string, offered: ReadonlySet<string> = ALL): string {
  const command = parseCommand(line, offered);
  switch (command.verb) {
    case 'fault':
      return `${command.of}: ${command.error}`;
    case 'MAIL':
      return `MAIL <${command.sender}> ${command.size ?? '-'} ${command.body}${command.utf8 ? ' utf8' : ''}`;
    case 'RCPT':
      return `RCPT <${command.recipient}>`;
    case 'BDAT':
      return `BDAT ${command.size}${command.last ? ' last' : ''}`;
    case 'HELO':
    case 'EHLO':
      return `${command.verb} ${command.name}`;
    default:
      return command.verb;
  }
}

test('commands and what they ask', () => {
  for (const [line, expected] of [
    ['EHLO mx.a.test', 'EHLO mx.a.test'],
    ['helo [192.0.2.1]', 'HELO [192.0.2.1]'],
    ['EHLO [IPv6:2001:2::1]', 'EHLO [IPv6:2001:2::1]'],
    ['EHLO under_score.test ', 'EHLO under_score.test'],
    ['EHLO', 'EHLO: empty-hello'],
    ['EHLO  ', 'EHLO: empty-hello'],
    ['EHLO two names', 'EHLO: bad-hello'],
    ['EHLO a\tb', 'EHLO: bad-hello'],
    ['MAIL FROM:<a@b.test>', 'MAIL <a@b.test> - 7BIT'],
    ['mail from:<A@b.test>', 'MAIL <A@b.test> - 7BIT'],
    ['MAIL FROM: <a@b.test> ', 'MAIL <a@b.test> - 7BIT'],
    ['MAIL FROM:<>', 'MAIL <> - 7BIT'],
    ['MAIL FROM:<> SIZE=1', 'MAIL <> 1 7BIT'],
    ['MAIL FROM:<@r.test,@s.test:a@b.test>', 'MAIL <a@b.test> - 7BIT'],
    ['MAIL FROM:<"a b"@c.test>', 'MAIL <"a b"@c.test> - 7BIT'],
    ['MAIL FROM:<"a\\"b"@c.test>', 'MAIL <"a\\"b"@c.test> - 7BIT'],
    ['MAIL FROM:<a@[192.0.2.1]>', 'MAIL <a@[192.0.2.1]> - 7BIT'],
    ['MAIL FROM:<b-1+x=y@b.test> SIZE=10 BODY=8BITMIME', 'MAIL <b-1+x=y@b.test> 10 8BITMIME'],
    ['MAIL FROM:<.a..b.@b.test>', 'MAIL <.a..b.@b.test> - 7BIT'],
    ['MAIL FROM:<a@b.test> body=binarymime RET=full ENVID=x', 'MAIL <a@b.test> - BINARYMIME'],
    [latin1('MAIL FROM:<ü@b.test> SMTPUTF8'), 'MAIL <ü@b.test> - 7BIT utf8'],
    [latin1('MAIL FROM:<ü@b.test>'), 'MAIL: not-ascii'],
    ['MAIL FROM:<\xfc@b.test> SMTPUTF8', 'MAIL: bad-sender'],
    ['MAIL', 'MAIL: bad-sender'],
    ['MAIL FROM', 'MAIL: bad-sender'],
    ['MAIL TO:<a@b.test>', 'MAIL: bad-sender'],
    ['MAIL FROM:a@b.test', 'MAIL: bad-sender'],
    ['MAIL FROM:<a@b.test', 'MAIL: bad-sender'],
    ['MAIL FROM:<a>', 'MAIL: bad-sender'],
    ['MAIL FROM:<@b.test>', 'MAIL: bad-sender'],
    ['MAIL FROM:<a@b@c.test>', 'MAIL: bad-sender'],
    ['MAIL FROM:<a b@c.test>', 'MAIL: bad-sender'],
    ['MAIL FROM:<a@b.test>SIZE=1', 'MAIL: bad-sender'],
    ['MAIL FROM:<a@b.test\0>', 'MAIL: bad-sender'],
    [`MAIL FROM:<${'a'.repeat(247)}@b.test>`, `MAIL <${'a'.repeat(247)}@b.test> - 7BIT`],
    [`MAIL FROM:<${'a'.repeat(248)}@b.test>`, 'MAIL: bad-sender'],
    ['MAIL FROM:<a@b.test> SIZE', 'MAIL: bad-argument'],
    ['MAIL FROM:<a@b.test> SIZE=-1', 'MAIL: bad-argument'],
    ['MAIL FROM:<a@b.test> SIZE=1 size=2', 'MAIL: bad-argument'],
    ['MAIL FROM:<a@b.test> BODY=9BIT', 'MAIL: bad-parameter'],
    ['MAIL FROM:<a@b.test> RET=SOME', 'MAIL: bad-argument'],
    ['MAIL FROM:<a@b.test> NOTIFY=NEVER', 'MAIL: bad-parameter'],
    ['MAIL FROM:<a@b.test> =', 'MAIL: bad-argument'],
    ['RCPT TO:<a@b.test>', 'RCPT <a@b.test>'],
    ['RCPT TO:<Postmaster>', 'RCPT <Postmaster>'],
    ['RCPT TO:<>', 'RCPT: bad-recipient'],
    [latin1('RCPT TO:<ü@b.test>'), 'RCPT <ü@b.test>'],
    ['RCPT TO:<a@b.test> NOTIFY=NEVER', 'RCPT <a@b.test>'],
    ['RCPT TO:<a@b.test> NOTIFY=success,delay ORCPT=rfc822;a@b.test', 'RCPT <a@b.test>'],
    ['RCPT TO:<a@b.test> NOTIFY=NEVER,DELAY', 'RCPT: bad-argument'],
    ['RCPT TO:<a@b.test> ORCPT=a@b.test', 'RCPT: bad-argument'],
    ['RCPT TO:<a@b.test> SIZE=1', 'RCPT: bad-parameter'],
    ['BDAT 0', 'BDAT 0'],
    ['bdat 86 last', 'BDAT 86 last'],
    ['BDAT', 'BDAT: bad-argument'],
    ['BDAT -1', 'BDAT: bad-argument'],
    ['BDAT 1 FIRST', 'BDAT: bad-argument'],
    ['BDAT 9999999999999999', 'BDAT: bad-argument'],
    ['DATA', 'DATA'],
    ['DATA ', 'DATA'],
    ['DATA x', 'DATA: bad-argument'],
    ['RSET', 'RSET'],
    ['QUIT', 'QUIT'],
    ['QUIT now', 'QUIT: bad-argument'],
    ['NOOP whatever', 'NOOP'],
    ['STARTTLS', 'STARTTLS'],
    ['STARTTLS x', 'STARTTLS: bad-argument'],
    ['VRFY a', 'VRFY'],
    ['VRFY', 'VRFY: bad-argument'],
    ['HELP', 'HELP'],
    ['EXPN a', 'EXPN: unimplemented-command'],
    ['HALLO', 'HALLO: unknown-command'],
    ['', ': unknown-command'],
    [' NOOP', ': unknown-command'],
    ['NOOP\tx', 'NOOP\tX: unknown-command'],
  ] as const) {
    assert.equal(brief(line), expected, JSON.stringify(line));
  }
});

test('what was not offered is not known', () => {
  const nothing = new Set<string>();
  for (const [line, expected] of [
    ['MAIL FROM:<a@b.test> SIZE=1', 'MAIL: bad-parameter'],
    ['MAIL FROM:<a@b.test> BODY=7BIT', 'MAIL: bad-parameter'],
    ['MAIL FROM:<a@b.test> SMTPUTF8', 'MAIL: bad-parameter'],
    ['MAIL FROM:<a@b.test> RET=FULL', 'MAIL: bad-parameter'],
    ['RCPT TO:<a@b.test> NOTIFY=NEVER', 'RCPT: bad-parameter'],
    ['BDAT 1', 'BDAT: unknown-command'],
    ['STARTTLS', 'STARTTLS: unknown-command'],
  ] as const) {
    assert.equal(brief(line, nothing), expected);
  }
});

test('any line is a command or a fault, soon', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('MAIL FROM:', 'RCPT TO:', 'MAIL FROM:<"', 'RCPT TO:<@a,', 'EHLO ', 'BDAT ', ''),
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('', '>', '@b.test>', '> SIZE=1', '\\"'.repeat(100)),
      (begin, middle, end) => {
        const line = latin1(begin + middle + end).slice(0, 1024);
        assert.equal(typeof parseCommand(line, ALL).verb, 'string');
      },
    ),
    { numRuns: 3000, seed: 5 },
  );
});
