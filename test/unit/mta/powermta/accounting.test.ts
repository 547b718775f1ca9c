import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import type { MtaEvent } from '../../../../src/mta/adapter.ts';
import {
  type AccountingRecord,
  parseAccounting,
  readAccounting,
} from '../../../../src/mta/powermta/accounting.ts';
import { parseCsv } from '../../../../src/mta/powermta/csv.ts';
import { eventOf, events } from '../../../../src/mta/powermta/events.ts';
import { workFolder } from '../../../support/cli.ts';

/** A text in pieces of a few characters, as a file may come. */
async function* pieces(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const records = (text: string): Promise<AccountingRecord[]> => all(parseAccounting(pieces(text, 7)));

test('comma-separated values, however they are quoted, ended and cut into pieces', async () => {
  const table: { text: string; rows: string[][] }[] = [
    { text: '', rows: [] },
    {
      text: 'a,b\r\nc,\r\n',
      rows: [
        ['a', 'b'],
        ['c', ''],
      ],
    },
    {
      text: 'a,b\nc,d',
      rows: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
    { text: '"a,b","say ""no""",c\r\n', rows: [['a,b', 'say "no"', 'c']] },
    { text: '"two\r\nlines",b\r\n', rows: [['two\r\nlines', 'b']] },
    { text: '"",""\n', rows: [['', '']] },
    { text: '\r\n\n,\n', rows: [['', '']] },
    { text: 'in "the" middle,b\n', rows: [['in "the" middle', 'b']] },
    { text: 'a,b\r\nc,"torn', rows: [['a', 'b']] },
    { text: 'a,"ends quoted"', rows: [['a', 'ends quoted']] },
  ];
  for (const { text, rows } of table) {
    for (const length of [1, 2, 3, 100])
      assert.deepEqual(
        await all(parseCsv(pieces(text, length))),
        rows,
        `${JSON.stringify(text)} by ${length}`,
      );
  }
});

/** One file with all types of records: the columns are those of all of them, and what a type lacks is empty. */
const HEADER =
  'type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,dsnReportingMta,bounceCat,srcType,srcMta,' +
  'dlvType,dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,vmtaPool,rcvSourceIp,' +
  'rcvDestinationIp,format,feedbackType,userAgent,reportingMTA,reportedDomain,header_x-job,arf_version,header_X-Windtunnel-Message';
const ROWS: Record<string, string> = {
  r: '2026-11-28 12:00:01+0100,,b-7@news.sender.test,u1.0@gmail.com,,,,,,,,smtp,injector.news.sender.test (127.0.0.1),,,,,,letters,spring,e7,,letters,127.0.0.1,127.0.0.1,,,,,,spring,,',
  d: '2026-11-28 12:00:03+0100,2026-11-28 12:00:01+0100,b-7@news.sender.test,u1.0@gmail.com,,relayed,2.0.0 (success),"smtp;250 2.0.0 OK  1795863603 af-20si1 - gsmtp",gmail-smtp-in.l.google.com (198.18.16.10),,,smtp,injector.news.sender.test (127.0.0.1),smtp,198.18.128.1,198.18.16.10,"8BITMIME,STARTTLS,CHUNKING",2211,bulk,spring,e7,gmail.rollup/bulk,letters,,,,,,,,spring,,',
  t: '2026-11-28 12:00:04+0100,2026-11-28 12:00:02+0100,b-8@news.sender.test,u2.0@yahoo.com,,delayed,4.7.0 (other or undefined security status),"smtp;421 4.7.0 [TSS04] Messages from 198.18.128.2 temporarily deferred, ""come back""; see https://postmaster.yahooinc.com/error-codes",mta5.am0.yahoodns.net (198.18.17.10),,policy-related,smtp,injector.news.sender.test (127.0.0.1),smtp,198.18.128.2,198.18.17.10,,2300,receipts,,,yahoo.com/receipts,,,,,,,,,,,',
  tq: '2026-11-28 12:00:05+0100,,,,,,4.4.1 (no answer from host),,mx.dead.test (198.18.18.99),,,,,smtp,0.0.0.0,198.18.18.99,,,bulk,,,dead.test/bulk,,,,,,,,,,,',
  b: '2026-11-28 12:00:06+0100,2026-11-28 12:00:02+0100,b-9@news.sender.test,u3.0@outlook.com,,failed,5.1.1 (bad destination mailbox address),"smtp;550 5.5.0 Requested action not taken: mailbox unavailable",outlook-com.olc.protection.outlook.com (198.18.18.10),,bad-mailbox,smtp,injector.news.sender.test (127.0.0.1),smtp,198.18.128.1,198.18.18.10,,2250,bulk,,,outlook.rollup/bulk,letters,,,,,,,,,,',
  rb: '2026-11-28 12:05:00+0100,,b-7@news.sender.test,u1.0@gmail.com,,,5.2.1 (mailbox disabled),smtp;550 5.2.1 inactive,mx.forwarded.test (198.18.19.1),mx.forwarded.test,inactive-mailbox,smtp,mx.forwarded.test (198.18.19.1),,,,,,,,e7,,,,,dsn,,,,,,,',
  rs: '2026-11-28 12:06:00+0100,,b-7@news.sender.test,u1.0@gmail.com,,delayed,4.4.7 (delivery time expired),,,mx.forwarded.test,,smtp,mx.forwarded.test (198.18.19.1),,,,,,,,e7,,,,,dsn,,,,,,,',
  f: '2026-11-28 12:07:00+0100,,b-7@news.sender.test,u1.0@gmail.com,,,,,,,,,,,198.18.128.1,,,,,,,,,,,arf,abuse,Complainer/1.0,mx.yahoo.test,news.sender.test,spring,1,7',
};
const FILE = [HEADER, ...Object.entries(ROWS).map(([type, row]) => `${type},${row}`)]
  .join('\r\n')
  .concat('\r\n');

test('every type of record is read by its header', async () => {
  const columns = HEADER.split(',').length;
  for (const row of await all(parseCsv(pieces(FILE, 9)))) assert.equal(row.length, columns, row[0]);
  const found = await records(FILE);
  assert.deepEqual(
    found.map(({ type }) => type),
    ['r', 'd', 't', 'tq', 'b', 'rb', 'rs', 'f'],
  );
  const { fields: _fields, ...t } = found[2] as AccountingRecord;
  assert.deepEqual(t, {
    type: 't',
    loggedMs: Date.parse('2026-11-28T11:00:04Z'),
    queuedMs: Date.parse('2026-11-28T11:00:02Z'),
    sender: 'b-8@news.sender.test',
    recipient: 'u2.0@yahoo.com',
    action: 'delayed',
    status: '4.7.0',
    reply: {
      code: 421,
      text: '4.7.0 [TSS04] Messages from 198.18.128.2 temporarily deferred, "come back"; see https://postmaster.yahooinc.com/error-codes',
    },
    bounceCategory: 'policy-related',
    sourceIp: '198.18.128.2',
    destinationIp: '198.18.17.10',
    vmta: 'receipts',
    pool: undefined,
    queue: 'yahoo.com/receipts',
    jobId: undefined,
    envelopeId: undefined,
    feedbackType: undefined,
  });
  const [r, d, , tq, b, rb, rs, f] = found as [
    AccountingRecord,
    AccountingRecord,
    AccountingRecord,
    AccountingRecord,
    AccountingRecord,
    AccountingRecord,
    AccountingRecord,
    AccountingRecord,
  ];
  assert.deepEqual([r.vmta, r.pool, r.jobId, r.envelopeId], ['letters', 'letters', 'spring', 'e7']);
  assert.deepEqual([d.action, d.fields.dlvEsmtpAvailable], ['relayed', '8BITMIME,STARTTLS,CHUNKING']);
  assert.deepEqual(
    [tq.sender, tq.recipient, tq.sourceIp, tq.queue, tq.reply],
    [undefined, undefined, undefined, 'dead.test/bulk', undefined],
  );
  assert.deepEqual([b.bounceCategory, b.reply?.code], ['bad-mailbox', 550]);
  assert.deepEqual([rb.bounceCategory, rb.fields.dsnReportingMta], ['inactive-mailbox', 'mx.forwarded.test']);
  assert.deepEqual([rs.action, rs.status], ['delayed', '4.4.7']);
  assert.deepEqual(
    [f.feedbackType, f.sourceIp, f.fields['header_x-job'], f.fields.arf_version],
    ['abuse', '198.18.128.1', 'spring', '1'],
  );
});

test('other forms of the same: headers, names of types, times, JSON', async () => {
  const noon = Date.parse('2026-11-28T12:00:00Z');
  const table: { name: string; text: string; records: [string, number | undefined, string | undefined][] }[] =
    [
      { name: 'nothing', text: '', records: [] },
      { name: 'a header alone', text: 'type,timeLogged,rcpt\r\n', records: [] },
      {
        name: 'LF, columns in another order',
        text: 'type,rcpt,timeLogged\nd,a@x.test,2026-11-28 12:00:00+0000\n',
        records: [['d', noon, 'a@x.test']],
      },
      {
        name: '#type, and the mark of UTF-8',
        text: '\uFEFF#type,timeLogged,rcpt\r\nb,2026-11-28 12:00:00Z,a@x.test\r\n',
        records: [['b', noon, 'a@x.test']],
      },
      {
        name: 'long names of types, and one that nobody has',
        text: 'type,timeLogged,rcpt\ndelivery,1795867200,a@x.test\np,1795867200,b@x.test\nremote-bounce,1795867200,c@x.test\n',
        records: [
          ['d', noon, 'a@x.test'],
          ['rb', noon, 'c@x.test'],
        ],
      },
      {
        name: 'a header again, as at each start of a pipe',
        text: 'type,timeLogged,rcpt\nd,1795867200,a@x.test\ntype,rcpt,timeLogged\nd,b@x.test,1795867200\n',
        records: [
          ['d', noon, 'a@x.test'],
          ['d', noon, 'b@x.test'],
        ],
      },
      {
        name: 'the date as Americans write it, in another zone',
        text: 'type,timeLogged,rcpt\nd,11/28/2026 07:00:00-0500,a@x.test\n',
        records: [['d', noon, 'a@x.test']],
      },
      {
        name: 'a time that is none, and columns that are missing',
        text: 'type,timeLogged,rcpt\nd,soon,a@x.test\nd\n',
        records: [
          ['d', undefined, 'a@x.test'],
          ['d', undefined, undefined],
        ],
      },
      {
        name: 'a last line that is being written',
        text: 'type,timeLogged,rcpt,dsnDiag\nd,1795867200,a@x.test,\nt,1795867200,b@x.test,"smtp;421 4.7',
        records: [['d', noon, 'a@x.test']],
      },
      {
        name: 'JSON lines, the last one torn',
        text: '{"type":"d","timeLogged":1795867200,"rcpt":"a@x.test","orcpt":null}\n\n{"type":"t","timeLogged":"2026-11-28 12:00:00+0000","rcpt":"b@x.test"}\n{"type":"d","rc',
        records: [
          ['d', noon, 'a@x.test'],
          ['t', noon, 'b@x.test'],
        ],
      },
    ];
  for (const { name, text, records: expected } of table) {
    const found = await records(text);
    assert.deepEqual(
      found.map(({ type, loggedMs, recipient }) => [type, loggedMs, recipient]),
      expected,
      name,
    );
  }
});

test('a file without a header is named, and not guessed at', async (t) => {
  const file = join(workFolder(t), 'acct.csv');
  for (const text of [FILE.slice(FILE.indexOf('\n') + 1), 'hello\n', '{"type":\n']) {
    await writeFile(file, text);
    await assert.rejects(
      all(readAccounting(file)),
      (error: unknown) =>
        error instanceof HarnessError &&
        error.kind === 'usage' &&
        error.message.startsWith(`${file} is no accounting file of PowerMTA: `),
      text,
    );
  }
});

const at = (time: string): number => Date.parse(`2026-11-28T11:${time}Z`);
const EVENTS: MtaEvent[] = [
  {
    kind: 'received',
    atMs: at('00:01'),
    sender: 'b-7@news.sender.test',
    recipient: 'u1.0@gmail.com',
    source: 'letters',
    code: undefined,
    text: undefined,
  },
  {
    kind: 'delivered',
    atMs: at('00:03'),
    sender: 'b-7@news.sender.test',
    recipient: 'u1.0@gmail.com',
    source: '198.18.128.1',
    code: 250,
    text: '2.0.0 OK  1795863603 af-20si1 - gsmtp',
  },
  {
    kind: 'deferred',
    atMs: at('00:04'),
    sender: 'b-8@news.sender.test',
    recipient: 'u2.0@yahoo.com',
    source: '198.18.128.2',
    code: 421,
    text: '4.7.0 [TSS04] Messages from 198.18.128.2 temporarily deferred, "come back"; see https://postmaster.yahooinc.com/error-codes',
  },
  {
    kind: 'bounced',
    atMs: at('00:06'),
    sender: 'b-9@news.sender.test',
    recipient: 'u3.0@outlook.com',
    source: '198.18.128.1',
    code: 550,
    text: '5.5.0 Requested action not taken: mailbox unavailable',
  },
  {
    kind: 'remote-bounce',
    atMs: at('05:00'),
    sender: 'b-7@news.sender.test',
    recipient: 'u1.0@gmail.com',
    source: undefined,
    code: 550,
    text: '5.2.1 inactive',
  },
  {
    kind: 'complaint',
    atMs: at('07:00'),
    sender: 'b-7@news.sender.test',
    recipient: 'u1.0@gmail.com',
    message: 7,
    source: undefined,
    code: undefined,
    text: undefined,
  },
];

test("a run's events are those of all its files, in order; there may be none", async (t) => {
  const folder = workFolder(t);
  assert.deepEqual(await all(events(folder)), []);
  await mkdir(join(folder, 'acct'));
  const [header = '', ...rows] = FILE.split('\r\n');
  await writeFile(join(folder, 'acct', 'acct-2026-11-28-0001.csv'), [header, ...rows.slice(2)].join('\r\n'));
  await writeFile(
    join(folder, 'acct', 'acct-2026-11-28-0000.csv'),
    [header, ...rows.slice(0, 2), ''].join('\r\n'),
  );
  await writeFile(join(folder, 'acct', 'notes.txt'), 'not of PowerMTA');
  assert.deepEqual(await all(events(folder)), EVENTS);
});

test('a message that was given up is told from one that was refused; the null sender is one', async () => {
  const table: [string, MtaEvent['kind'] | undefined, string | undefined][] = [
    ['b,a@x.test,b@y.test,4.4.7 (delivery time expired),', 'expired', 'a@x.test'],
    ['b,a@x.test,b@y.test,4.7.0 (other),message-expired', 'expired', 'a@x.test'],
    ['b,a@x.test,b@y.test,5.7.1 (delivery not authorized),policy-related', 'bounced', 'a@x.test'],
    ['d,,a@news.sender.test,2.0.0 (success),', 'delivered', ''],
    ['rb,a@x.test,b@y.test,5.1.1 (bad),bad-mailbox', 'remote-bounce', 'a@x.test'],
    ['rs,a@x.test,b@y.test,4.4.7 (late),', undefined, undefined],
    ['d,a@x.test,,2.0.0 (success),', undefined, undefined],
  ];
  for (const [line, kind, sender] of table) {
    const [record] = await records(`type,orig,rcpt,dsnStatus,bounceCat\n${line}\n`);
    const event = record && eventOf(record);
    assert.deepEqual([event?.kind, event?.sender], [kind, sender], line);
  }
});

test('a complaint report is told with what it does not hide, and one about authentication is none', async () => {
  const rows: [line: string, expected: Partial<MtaEvent> | undefined][] = [
    ['f,b-7@news.sender.test,u1.0@gmail.com,abuse,7', { kind: 'complaint', message: 7 }],
    ['f,b-7@news.sender.test,u1.0@gmail.com,,', { kind: 'complaint' }],
    ['f,,,fraud,7', { kind: 'complaint', sender: undefined, recipient: '', message: 7 }],
    ['f,b-7@news.sender.test,u1.0@gmail.com,Not-Spam,', { kind: 'withdrawal' }],
    ['f,b-7@news.sender.test,u1.0@gmail.com,auth-failure,7', undefined],
    ['f,b-7@news.sender.test,u1.0@gmail.com,abuse,seven', { kind: 'complaint' }],
  ];
  const whole = {
    atMs: undefined,
    sender: 'b-7@news.sender.test',
    recipient: 'u1.0@gmail.com',
    source: undefined,
    code: undefined,
    text: undefined,
  };
  for (const [line, expected] of rows) {
    const [record] = await records(`type,orig,rcpt,feedbackType,header_x-windtunnel-message\n${line}\n`);
    assert.deepEqual(record && eventOf(record), expected && { ...whole, ...expected }, line);
  }
});
