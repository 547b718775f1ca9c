import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MtaEvent } from '../../../../src/mta/adapter.ts';
import { events, LogReader } from '../../../../src/mta/exim/log.ts';
import { workFolder } from '../../../support/cli.ts';

const ID = '1xXIr1-00000D-2O';
const AT = '2026-11-28 13:52:48.745';
const FROM =
  'H=(injector.news.sender.test) [127.0.0.1] I=[127.0.0.1]:25 P=esmtp S=2179 id=0@news.sender.test';
const TO = 'R=everywhere T=smtp H=mx.gmail.test [198.18.16.10] I=[198.18.128.1]';

function event(kind: MtaEvent['kind'], more: Partial<MtaEvent> = {}): MtaEvent {
  return {
    kind,
    atMs: Date.UTC(2026, 10, 28, 13, 52, 48, 745),
    sender: 'b-0@news.sender.test',
    recipient: 'u0.0@gmail.com',
    source: '198.18.128.1',
    code: undefined,
    text: undefined,
    ...more,
  };
}

test('what each line tells', () => {
  const received = event('received', { source: undefined });
  const rows: [line: string, told: MtaEvent[]][] = [
    [`<= b-0@news.sender.test ${FROM} from <b-0@news.sender.test> for u0.0@gmail.com`, [received]],
    [
      `<= b-0@news.sender.test ${FROM} from <b-0@news.sender.test> for u0.0@gmail.com u1.1@yahoo.com`,
      [received, { ...received, recipient: 'u1.1@yahoo.com' }],
    ],
    [
      '<= <> R=1xXIr0-00000D-2O U=Debian-exim P=local S=3942 from <> for b-4@news.sender.test',
      [{ ...received, sender: '', recipient: 'b-4@news.sender.test' }],
    ],
    [
      `=> u0.0@gmail.com F=<b-0@news.sender.test> ${TO} X=TLS1.3:AES_256_GCM:256 CV=no K C="250 2.0.0 OK  17 a93e - gsmtp"`,
      [event('delivered', { code: 250, text: '2.0.0 OK  17 a93e - gsmtp' })],
    ],
    // A second recipient in the same transaction; words in quotes; an address that was another.
    [
      `-> u0.0@gmail.com F=<b-0@news.sender.test> ${TO} C="250 \\"ok\\" dirdel"`,
      [event('delivered', { code: 250, text: '"ok" dirdel' })],
    ],
    [`=> u0.0@gmail.com <v@gmail.com> F=<b-0@news.sender.test> ${TO}`, [event('delivered')]],
    [
      '=> b-4@news.sender.test F=<> R=mailroom T=mailroom H=mx [198.18.0.25] C="250 taken in"',
      [
        event('delivered', {
          sender: '',
          recipient: 'b-4@news.sender.test',
          source: undefined,
          code: 250,
          text: 'taken in',
        }),
      ],
    ],
    [
      `** u0.0@gmail.com F=<b-0@news.sender.test> ${TO} CV=no: SMTP error from remote mail server after RCPT TO:<u0.0@gmail.com>: 550-5.1.1 The email account that you tried\\n550-5.1.1 to reach does not exist: see\\n550 5.1.1  https://x.test/?p=NoSuchUser`,
      [
        event('bounced', {
          code: 550,
          text: '5.1.1 The email account that you tried 5.1.1 to reach does not exist: see 5.1.1  https://x.test/?p=NoSuchUser',
        }),
      ],
    ],
    [
      '** u0.0@gmail.com F=<b-0@news.sender.test>: all relevant MX records point to non-existent hosts',
      [event('bounced', { source: undefined, text: 'all relevant MX records point to non-existent hosts' })],
    ],
    [
      '** u0.0@gmail.com: retry timeout exceeded',
      [event('expired', { sender: undefined, source: undefined, text: 'retry timeout exceeded' })],
    ],
    [
      `** u0.0@gmail.com F=<b-0@news.sender.test> ${TO}: SMTP error from remote mail server after MAIL FROM:<b-0@news.sender.test> SIZE=3000: 421 4.7.0 [TSS04] Messages temporarily deferred: retry timeout exceeded`,
      [event('expired', { code: 421, text: '4.7.0 [TSS04] Messages temporarily deferred' })],
    ],
    [
      `== u0.0@gmail.com ${TO.replace(' H=', ' defer (-44) H=')}: SMTP error from remote mail server after RCPT TO:<u0.0@gmail.com>: 451 4.7.500 Server busy. Please try again later from [198.18.128.2]. (AS77)`,
      [
        event('deferred', {
          sender: undefined,
          code: 451,
          text: '4.7.500 Server busy. Please try again later from [198.18.128.2]. (AS77)',
        }),
      ],
    ],
    [
      `== u0.0@gmail.com ${TO.replace(' H=', ' defer (-46) H=')}: SMTP error from remote mail server after pipelined end of data: 421-4.7.28 [198.18.128.1      15] Our system\\n421 4.7.28 has`,
      [
        event('deferred', {
          sender: undefined,
          code: 421,
          text: '4.7.28 [198.18.128.1      15] Our system 4.7.28 has',
        }),
      ],
    ],
    [
      '== u0.0@gmail.com R=everywhere T=smtp defer (111) H=mx.gmail.test [198.18.16.10] I=[198.18.128.1]: Connection refused',
      [event('deferred', { sender: undefined, text: 'Connection refused' })],
    ],
    [
      '== u0.0@gmail.com R=everywhere T=smtp defer (-53): retry time not reached for any host for "gmail.com"',
      [],
    ],
    ['Completed', []],
    // Another host may still take it.
    [
      'H=mx.gmail.test [198.18.16.10]: SMTP error from remote mail server after RCPT TO:<u0.0@gmail.com>: 451 later',
      [],
    ],
    ['b-15@news.sender.test: error ignored', []],
  ];
  for (const [line, told] of rows) assert.deepEqual(new LogReader().read(`${AT} ${ID} ${line}`), told, line);
  for (const line of ['nonsense', `${ID} => u0.0@gmail.com`, `${AT} ${ID} =>`, `${AT} ${ID} == `])
    assert.deepEqual(
      new LogReader().read(line),
      [event('unreadable', { atMs: undefined, sender: undefined, recipient: '', source: undefined })],
      line,
    );
  for (const line of [
    '',
    ': No space left on device',
    `${AT} exim 4.96 daemon started: pid=11`,
    `${AT} ${ID}`,
  ])
    assert.deepEqual(new LogReader().read(line), [], line);
});

test('lines that do not name the sender have the one of their message, until it is completed', async (t) => {
  const path = join(workFolder(t), 'mainlog');
  const deferred = `${AT} ${ID} == u0.0@gmail.com R=everywhere T=smtp defer (111): Connection refused`;
  writeFileSync(
    path,
    [
      `${AT} ${ID} <= b-0@news.sender.test ${FROM} from <b-0@news.sender.test> for u0.0@gmail.com`,
      deferred,
      `${AT} ${ID} Completed`,
      deferred,
      // The end of a log whose writer was killed.
      `${AT} ${ID} =`,
    ].join('\n'),
  );
  const told: [string, string | undefined][] = [];
  for await (const { kind, sender } of events(path)) told.push([kind, sender]);
  assert.deepEqual(told, [
    ['received', 'b-0@news.sender.test'],
    ['deferred', 'b-0@news.sender.test'],
    ['deferred', undefined],
  ]);
});
