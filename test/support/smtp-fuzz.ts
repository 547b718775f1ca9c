/** Conversations that clients should not have: sound ones, random ones, and sound ones with bytes lost, added and changed. */

/** What a client says, in packets, and how it goes. */
export interface Dialogue {
  readonly packets: readonly string[];
  readonly end: 'fin' | 'gone' | 'stop' | 'timeout';
}

type Random = () => number;

/** Bytes that break things. */
const NASTY = [
  '\r',
  '\n',
  '\0',
  '.',
  ' ',
  '<',
  '>',
  '@',
  ':',
  '=',
  '\t',
  '\x80',
  '\xff',
  '\xc3',
  'A',
  '\x7f',
  '0',
];

const COMMANDS = [
  'EHLO x.test',
  'HELO y.test',
  'EHLO',
  'EHLO a!b',
  'MAIL FROM:<a@b.test>',
  'MAIL FROM:<>',
  'mail from: <c@d.test> size=100',
  'MAIL FROM:<a@b.test> BODY=8BITMIME',
  'MAIL FROM:<a@b.test> BODY=BINARYMIME',
  'MAIL FROM:<\xc3\xbc@b.test> SMTPUTF8',
  'MAIL FROM:<\xc3\xbc@b.test>',
  'MAIL FROM:<a@b.test> SIZE=999999999999',
  'MAIL FROM:a@b.test',
  'MAIL FROM:<a@b.test> RET=HDRS ENVID=1',
  'MAIL FROM:<a@b.test> FOO',
  'RCPT TO:<u@isp.test>',
  'RCPT TO:<v@isp.test>',
  'RCPT TO:<u@isp.test> NOTIFY=NEVER',
  'RCPT TO:<\xc3\xbc@isp.test>',
  'RCPT TO:<>',
  'RCPT TO:<postmaster>',
  'DATA',
  'DATA x',
  'BDAT 0',
  'BDAT 0 LAST',
  'BDAT x',
  'BDAT 5',
  'BDAT 3 LAST',
  'RSET',
  'NOOP',
  'NOOP x',
  'VRFY u',
  'HELP',
  'EXPN x',
  'HALLO',
  'STARTTLS',
  'QUIT',
  '.',
  '',
];

/** Pieces of messages: line ends that are none, dots, and what would be a message if one of them were an end. */
const CONTENT = [
  'Subject: a\r\n',
  '\r\n',
  'text',
  '.',
  '..',
  '\n',
  '\r',
  '\n.\n',
  '\r\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\r\n.\r',
  '\r\n..\r\n',
  '\r\n.x\r\n',
  '\0',
  '\xe4',
  'MAIL FROM:<evil@b.test>\r\nRCPT TO:<u@isp.test>\r\nDATA\r\nevil\r\n',
  'QUIT\r\n',
];

/** A conversation. The same sequence of chances gives the same one. */
export function randomDialogue(random: Random): Dialogue {
  let text = random() < 0.9 ? 'EHLO x.test\r\n' : '';
  for (let n = 1 + Math.floor(random() * 4); n > 0; n--)
    text += random() < 0.6 ? transaction(random) : `${pick(COMMANDS, random)}\r\n`;
  if (random() < 0.3) text += 'QUIT\r\n';
  if (random() < 0.5) for (let n = 1 + Math.floor(random() * 4); n > 0; n--) text = mutated(text, random);
  const end = random();
  return {
    packets: split(text, random),
    end: end < 0.6 ? 'fin' : end < 0.8 ? 'gone' : end < 0.9 ? 'stop' : 'timeout',
  };
}

function transaction(random: Random): string {
  let text = `MAIL FROM:<b-${Math.floor(random() * 100)}@b.test>\r\n`;
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) text += `RCPT TO:<u${n}@isp.test>\r\n`;
  if (random() < 0.1) text += `${pick(COMMANDS, random)}\r\n`;
  if (random() < 0.7) return `${text}DATA\r\n${content(random)}\r\n.\r\n`;
  for (let n = Math.floor(random() * 3); n > 0; n--) text += chunk(random, false);
  return text + chunk(random, true);
}

function content(random: Random): string {
  if (random() < 0.02)
    return `${'x'.repeat(900 + Math.floor(random() * 300))}\r\n`.repeat(1 + random() * 200);
  let text = '';
  for (let n = Math.floor(random() * 8); n > 0; n--) text += pick(CONTENT, random);
  return text;
}

function chunk(random: Random, last: boolean): string {
  const text = content(random);
  return `BDAT ${text.length}${last ? ' LAST' : ''}\r\n${text}`;
}

function mutated(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  const to = Math.min(text.length, at + Math.floor(random() * 20));
  const kind = Math.floor(random() * 7);
  if (kind === 0) return text.slice(0, at) + text.slice(at + 1);
  if (kind === 1) return text.slice(0, at) + pick(NASTY, random) + text.slice(at);
  if (kind === 2) return text.slice(0, at) + pick(NASTY, random) + text.slice(at + 1);
  if (kind === 3) return text.slice(0, to) + text.slice(at);
  if (kind === 4) return text.slice(0, at) + text.slice(at).replace('\r\n', random() < 0.5 ? '\n' : '\r');
  if (kind === 5) return text.slice(0, at) + 'x'.repeat(Math.floor(random() * 2000)) + text.slice(at);
  return text.slice(0, at);
}

function split(text: string, random: Random): string[] {
  const longest = random() < 0.3 ? 3 : random() < 0.5 ? 50 : text.length;
  const packets: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + Math.floor(random() * longest);
    packets.push(text.slice(at, at + length));
    at += length;
  }
  return packets;
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)] as T;
}
