import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import type { MtaEvent } from '../../../../src/mta/adapter.ts';
import {
  events,
  eventsOf,
  type KumoRecord,
  parseLog,
  RECORD_TYPES,
  readSegment,
} from '../../../../src/mta/kumomta/logs.ts';
import { workFolder } from '../../../support/cli.ts';
import { lacking } from '../../../support/skip.ts';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function* linesOf(...lines: string[]): AsyncGenerator<string> {
  yield* lines;
}

/** A record as KumoMTA writes it, of the first attempt for a message at Yahoo. */
const RECORD = {
  type: 'TransientFailure',
  id: '6a1f0b7ec9a111efb5a40242ac120002',
  sender: 'b-8@news.sender.test',
  recipient: 'u2.0@yahoo.com',
  queue: 'receipts@yahoo.com',
  site: 'source2->(mta5|mta6|mta7).am0.yahoodns.net@smtp_client',
  size: 0,
  response: {
    code: 421,
    enhanced_code: { class: 4, subject: 7, detail: 0 },
    content: '[TSS04] Messages from 198.18.128.2 temporarily deferred',
    command: 'MAIL FROM:<b-8@news.sender.test>',
  },
  peer_address: { name: 'mta5.am0.yahoodns.net.', addr: '198.18.17.10' },
  timestamp: 1795867204,
  event_time: '2026-11-28T12:00:04.250526026Z',
  created: 1795867202,
  created_time: '2026-11-28T12:00:02.125Z',
  num_attempts: 0,
  bounce_classification: 'Uncategorized',
  egress_pool: 'receipts',
  egress_source: 'source2',
  source_address: { address: '198.18.128.2:40123', protocol: null, server: null },
  feedback_report: null,
  meta: {},
  headers: {},
  delivery_protocol: 'ESMTP',
  reception_protocol: 'ESMTP',
  nodeid: '557f3ad4-2c8c-11ee-976e-782d7e12e173',
};

const DEFERRED: MtaEvent = {
  kind: 'deferred',
  atMs: Date.parse('2026-11-28T12:00:04.250Z'),
  sender: 'b-8@news.sender.test',
  recipient: 'u2.0@yahoo.com',
  source: '198.18.128.2',
  code: 421,
  text: '4.7.0 [TSS04] Messages from 198.18.128.2 temporarily deferred',
};

async function parsed(change: object): Promise<KumoRecord> {
  const [found] = await all(parseLog(linesOf(JSON.stringify({ ...RECORD, ...change }))));
  assert.ok(found);
  return found;
}

test('a record of a recipient is an event; records of what only moved are none', async () => {
  const kinds: Record<(typeof RECORD_TYPES)[number], MtaEvent['kind'] | undefined> = {
    Reception: 'received',
    Delivery: 'delivered',
    Bounce: 'bounced',
    TransientFailure: 'deferred',
    Expiration: 'expired',
    AdminBounce: 'bounced',
    OOB: 'remote-bounce',
    // It has no report here.
    Feedback: undefined,
    Rejection: undefined,
    AdminRebind: undefined,
    DeferredInjectionRebind: undefined,
    Delayed: undefined,
    XferOut: undefined,
    XferIn: undefined,
  };
  for (const type of RECORD_TYPES)
    assert.deepEqual(
      eventsOf(await parsed({ type })).map(({ kind }) => kind),
      kinds[type] ? [kinds[type]] : [],
      type,
    );
});

test('what is told in other ways, or not at all', async () => {
  const table: { name: string; change: object; events: Partial<MtaEvent>[] }[] = [
    { name: 'all there', change: {}, events: [{}] },
    {
      name: 'several recipients',
      change: { recipient: ['u2.0@yahoo.com', 'u3.1@yahoo.com'] },
      events: [{}, { recipient: 'u3.1@yahoo.com' }],
    },
    {
      name: 'whole seconds, by an older version; no source address',
      change: { event_time: undefined, source_address: undefined },
      events: [{ atMs: Date.parse('2026-11-28T12:00:04Z'), source: 'source2' }],
    },
    {
      name: 'IPv6',
      change: { source_address: { address: '[2001:2:0:1::1]:40123' } },
      events: [{ source: '2001:2:0:1::1' }],
    },
    {
      name: 'no enhanced code',
      change: { response: { ...RECORD.response, enhanced_code: null, content: 'later' } },
      events: [{ text: 'later' }],
    },
    {
      name: 'no answer and no source, as where no host was found',
      change: { response: null, source_address: null, egress_source: null },
      events: [{ source: undefined, code: undefined, text: undefined }],
    },
    {
      name: "a reception has no ISP's reply",
      change: {
        type: 'Reception',
        site: '',
        response: { code: 250, enhanced_code: null, content: 'OK' },
        source_address: null,
        egress_source: null,
      },
      events: [{ kind: 'received', source: undefined, code: undefined, text: undefined }],
    },
    { name: 'the null sender', change: { sender: '<>' }, events: [{ sender: '' }] },
    { name: 'a record about a record', change: { reception_protocol: 'LogRecord' }, events: [] },
  ];
  for (const { name, change, events: expected } of table)
    assert.deepEqual(
      eventsOf(await parsed(change)),
      expected.map((each) => ({ ...DEFERRED, ...each })),
      name,
    );
});

test('lines that are torn or of a type that nobody has are left out', async () => {
  const whole = JSON.stringify(RECORD);
  const lines = ['', whole.slice(0, 90), JSON.stringify({ ...RECORD, type: 'Tomorrow' }), '[]', whole];
  assert.deepEqual(
    (await all(parseLog(linesOf(...lines)))).map(({ id }) => id),
    [RECORD.id],
  );
});

/** Compresses lines as KumoMTA does; undefined where zstd is not installed. */
function compressed(...lines: object[]): Buffer | undefined {
  const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const { status, stdout } = spawnSync('zstd', ['--compress', '--stdout', '-1'], { input });
  return status === 0 ? stdout : undefined;
}

function segments(t: TestContext, files: Record<string, Buffer>): string {
  const folder = workFolder(t);
  mkdirSync(join(folder, 'logs'));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, 'logs', name), bytes);
  return folder;
}

test('segments are read in order, one that was not closed as far as it goes', async (t) => {
  const first = compressed({ ...RECORD, recipient: 'first@yahoo.com' });
  const second = compressed({ ...RECORD, recipient: 'second@yahoo.com' });
  if (!first || !second) return lacking(t, 'zstd is not installed');
  assert.deepEqual(await all(events(workFolder(t))), [], 'no logs at all');
  const folder = segments(t, {
    '20261128-120010.000000000': second,
    '20261128-120000.000000000': first,
    '20261128-120020.000000000': second.subarray(0, second.length - 9),
    '20261128-120030.000000000': Buffer.alloc(0),
  });
  const recipients = (await all(events(folder))).map(({ recipient }) => recipient);
  assert.deepEqual(recipients.slice(0, 2), ['first@yahoo.com', 'second@yahoo.com']);
  assert.ok(recipients.length <= 3);
});

test('without zstd the error names what to install', async (t) => {
  const folder = segments(t, { '20261128-120000': Buffer.from('x') });
  const before = process.env.PATH;
  process.env.PATH = folder;
  t.after(() => {
    process.env.PATH = before;
  });
  await assert.rejects(
    all(readSegment(join(folder, 'logs', '20261128-120000'))),
    (error: unknown) =>
      error instanceof HarnessError &&
      error.kind === 'usage' &&
      /without the program zstd/.test(error.message) &&
      /apt-get install zstd/.test(error.hint ?? ''),
  );
});

/** What KumoMTA keeps of an ARF report in its log; the record's own sender and recipient are those of the report. */
const FEEDBACK = {
  type: 'Feedback',
  sender: 'feedback@arf.mail.yahoo.com',
  recipient: ['fbl@news.sender.test'],
  response: { code: 250, enhanced_code: null, content: 'OK', command: null },
  egress_source: null,
  source_address: null,
};
const REPORT = {
  feedback_type: 'abuse',
  user_agent: 'Yahoo!-Mail-Feedback/2.0',
  version: '0.1',
  arrival_date: '2026-11-28T11:59:00Z',
  original_mail_from: 'b-8@news.sender.test',
  original_rcpto_to: ['u2.0@yahoo.com'],
  reported_domain: ['news.sender.test'],
  extensions: {},
  original_message: 'From: news@news.sender.test\nX-Windtunnel-Message: 8\n\nX-Windtunnel-Message: 9\n',
  supplemental_trace: null,
};

test('a complaint report is told with what it does not hide', async () => {
  const complaint = {
    kind: 'complaint',
    atMs: DEFERRED.atMs,
    sender: 'b-8@news.sender.test',
    recipient: 'u2.0@yahoo.com',
    message: 8,
    source: undefined,
    code: undefined,
    text: undefined,
  } satisfies MtaEvent;
  const { message: _, ...unnumbered } = complaint;
  const rows: [name: string, report: object | null, expected: MtaEvent[]][] = [
    ['all there', {}, [complaint]],
    ['a withdrawal', { feedback_type: 'not-spam' }, [{ ...complaint, kind: 'withdrawal' }]],
    ['about authentication', { feedback_type: 'auth-failure' }, []],
    [
      'two recipients',
      { original_rcpto_to: ['u2.0@yahoo.com', 'u3.1@yahoo.com'] },
      [complaint, { ...complaint, recipient: 'u3.1@yahoo.com' }],
    ],
    [
      'nobody named',
      { original_mail_from: null, original_rcpto_to: [] },
      [{ ...complaint, sender: undefined, recipient: '' }],
    ],
    ['no message in it', { original_message: null }, [unnumbered]],
    [
      'no number in its header',
      { original_message: 'Subject: x\n\nX-Windtunnel-Message: 9\n' },
      [unnumbered],
    ],
  ];
  for (const [name, report, expected] of rows)
    assert.deepEqual(
      eventsOf(await parsed({ ...FEEDBACK, feedback_report: { ...REPORT, ...report } })),
      expected,
      name,
    );
});

test('a bounce that came back has sender and recipient of the message', async () => {
  const bounce = {
    type: 'OOB',
    size: 0,
    recipient: 'u2.0@yahoo.com',
    response: {
      code: 550,
      enhanced_code: { class: 5, subject: 1, detail: 1 },
      content: '5.1.1 No such user',
      command: null,
    },
    egress_source: null,
    source_address: null,
  };
  assert.deepEqual(eventsOf(await parsed(bounce)), [
    { ...DEFERRED, kind: 'remote-bounce', source: undefined, code: 550, text: '5.1.1 5.1.1 No such user' },
  ]);
});
