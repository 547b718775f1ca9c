import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortened } from '../../../src/report/history.ts';
import { historyHead, historyLines } from '../../../src/report/history-text.ts';
import type { HistoryInjection, RecipientHistory } from '../../../src/report/summary.ts';
import { attemptAt, historyOf } from '../../support/evidence-fixture.ts';

const WORDS = '421-4.7.28 Gmail has detected an unusual rate of mail 421 4.7.28 from your IP address.';
const HANDED = '1.000 s load default handed the message to the MTA; 250 after 5.6 ms';

/** The lines of a history, with the ISP's words behind a bar. */
function lines(about: Partial<RecipientHistory>): string[] {
  return historyLines(historyOf(12, about)).map(({ at, text, words }) =>
    `${at} ${text}${words === undefined ? '' : ` | ${words}`}`.trim(),
  );
}

function injected(about: Partial<HistoryInjection>): string[] {
  const injection = { dueMs: 1000, begunMs: 1000.4, doneMs: 1006, state: 'confirmed', code: 250 } as const;
  return lines({ injections: [{ ...injection, ...about }], queued: null });
}

test('each kind of injection in words', () => {
  const rows: [Partial<HistoryInjection>, string][] = [
    [{}, HANDED],
    [
      { begunMs: 1020, doneMs: 1030 },
      '1.020 s load default handed the message to the MTA, 20 ms after it was due; 250 after 10 ms',
    ],
    [
      { state: 'unconfirmed', code: null, doneMs: 61_000.4 },
      '1.000 s load default handed the message to the MTA; no reply was read within 1 min',
    ],
    [{ state: 'refused', code: 550 }, '1.000 s the MTA refused it with 550 after 5.6 ms'],
    [{ state: 'refused', code: null }, '1.000 s the MTA refused it without a reply after 5.6 ms'],
    [{ state: 'deferred', code: 451 }, '1.000 s the MTA refused the message for now with 451 after 5.6 ms'],
    [{ state: 'dropped', code: null }, '1.000 s the message was due, and never handed over'],
  ];
  for (const [about, line] of rows) assert.deepEqual(injected(about), [line]);
});

test('each kind of attempt in words', () => {
  const none = { reply: null, code: null, text: null };
  const rows: [Parameters<typeof attemptAt>[1], string][] = [
    [{}, `2.000 s gmail throttled it: 421 G28 (from 198.18.128.1, dot) | ${WORDS}`],
    [
      { source: null, stage: 'rcpt', outcome: 'rejected', reply: 'G1', code: 550, text: ['550 no'] },
      '2.000 s gmail rejected it: 550 G1 (from an unknown address, rcpt) | 550 no',
    ],
    [
      { outcome: 'accepted', reply: 'G-dot', code: 250, text: ['250 OK'] },
      '2.000 s gmail accepted it: 250 G-dot (from 198.18.128.1, dot) | 250 OK',
    ],
    [
      { outcome: 'accepted', reply: 'G-dot', code: 250, text: ['250 OK'], replyLost: true },
      '2.000 s gmail accepted it: 250 G-dot, and the MTA can’t have read so (from 198.18.128.1, dot) | 250 OK',
    ],
    [
      { ...none, outcome: 'dropped', stage: 'data' },
      '2.000 s gmail ended the connection without a reply (from 198.18.128.1, data)',
    ],
    [
      { ...none, outcome: 'abandoned', stage: 'mail' },
      '2.000 s the MTA ended the connection to gmail before it was answered (from 198.18.128.1, mail)',
    ],
  ];
  for (const [about, line] of rows)
    assert.deepEqual(lines({ attempts: [attemptAt(2000, about)], queued: null }), [HANDED, line]);
});

test('how a history ends', () => {
  const rows: [Partial<RecipientHistory>, string[]][] = [
    [{}, ['at the end the MTA’s queue listed it']],
    [{ queued: 'report' }, ['at the end the MTA’s queue listed a DSN about its message']],
    [{ queued: null, outcome: 'lost' }, ['at the end the MTA’s queue did not list it']],
    [
      { queued: null, outcome: 'unaccounted', complete: false },
      ['the MTA’s queue could not be listed', 'records of it are missing'],
    ],
    [{ queued: null, outcome: 'bounced' }, []],
  ];
  for (const [about, end] of rows) assert.deepEqual(lines(about), [HANDED, ...end]);
});

test('attempts that came to the same are one line, and all is in the order of time', () => {
  const other = { outcome: 'deferred', reply: 'G9', code: 452, text: ['452 full'] } as const;
  const history = {
    dsns: [{ atMs: 2500, action: 'delayed' as const }],
    attempts: [
      attemptAt(2000),
      attemptAt(3000, { source: '198.18.128.2' }),
      attemptAt(4000),
      attemptAt(5000, other),
      attemptAt(6000),
    ],
    queued: null,
  };
  const throttled = 'gmail throttled it: 421 G28';
  assert.deepEqual(lines(history), [
    HANDED,
    `2.000 s ${throttled} (from 2 sources, dot), 3 times until 4.000 s | ${WORDS}`,
    '2.500 s a DSN said “delayed”',
    '5.000 s gmail deferred it: 452 G9 (from 198.18.128.1, dot) | 452 full',
    `6.000 s ${throttled} (from 198.18.128.1, dot) | ${WORDS}`,
  ]);
});

test('what came back stands among the rest', () => {
  const feedback = (['happened', 'due', 'sent', 'received', 'failed'] as const).map((state, i) => ({
    atMs: 3000 + i,
    kind: 'complaint' as const,
    state,
  }));
  assert.deepEqual(lines({ feedback, queued: null, dsns: [{ atMs: 3001.5, action: 'failed' }] }), [
    HANDED,
    '3.000 s the recipient’s complaint happened',
    '3.001 s gmail has a complaint to send back',
    '3.002 s a DSN said “failed”',
    '3.002 s gmail’s complaint was taken',
    '3.003 s the mailroom received the complaint',
    '3.004 s gmail’s complaint was refused or given up',
  ]);
});

test('a shortened history says what is left out, and where', () => {
  const attempts = Array.from({ length: 1005 }, (_, i) => attemptAt(2000 + i * 1000));
  const whole = historyOf(12, { attempts, queued: null });
  assert.equal(shortened(whole, 1005), whole);
  const short = shortened(whole, 5);
  assert.deepEqual(
    [short.attempts.map(({ atMs }) => atMs), short.attemptsLeftOut],
    [[2000, 3000, 4000, 1_005_000, 1_006_000], 1000],
  );
  const throttled = 'gmail throttled it: 421 G28 (from 198.18.128.1, dot)';
  assert.deepEqual(lines(short), [
    HANDED,
    `2.000 s ${throttled}, 3 times until 4.000 s; 1,000 more attempts are left out here | ${WORDS}`,
    `1005.000 s ${throttled}, 2 times until 1006.000 s | ${WORDS}`,
  ]);
  assert.equal(historyHead(short), 'message 12 of load default, tried 1,005 times, at last throttled');
});

test('the head of a history', () => {
  const rows: [Partial<RecipientHistory>, string][] = [
    [{}, 'message 12 of load default, never tried'],
    [{ load: 'receipts', attempts: [attemptAt(1)] }, 'message 12 of load receipts, tried once: throttled'],
    [
      { attempts: [attemptAt(1), attemptAt(2, { outcome: 'accepted' })] },
      'message 12 of load default, tried 2 times, at last accepted',
    ],
  ];
  for (const [about, head] of rows) assert.equal(historyHead(historyOf(12, about)), head);
});
