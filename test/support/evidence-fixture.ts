import { HISTORY_KINDS } from '../../src/analysis/in-question.ts';
import type { Evidence, HistoryAttempt, HistoryKind, RecipientHistory } from '../../src/report/summary.ts';

/** An attempt at Gmail from the first source, throttled unless it says otherwise. */
export function attemptAt(atMs: number, about: Partial<HistoryAttempt> = {}): HistoryAttempt {
  return {
    atMs,
    isp: 'gmail',
    source: '198.18.128.1',
    stage: 'dot',
    outcome: 'throttled',
    reply: 'G28',
    code: 421,
    text: ['421-4.7.28 Gmail has detected an unusual rate of mail', '421 4.7.28 from your IP address.'],
    replyLost: false,
    ...about,
  };
}

/** The history of a recipient at Gmail that was injected and not yet tried, unless it says otherwise. */
export function historyOf(message: number, about: Partial<RecipientHistory> = {}): RecipientHistory {
  return {
    kinds: ['pending'],
    recipient: `u${message}.0@gmail.com`,
    message,
    slot: 0,
    load: 'default',
    isp: 'gmail',
    outcome: 'pending',
    injections: [{ dueMs: 1000, begunMs: 1000.4, doneMs: 1006, state: 'confirmed', code: 250 }],
    attempts: [],
    attemptsLeftOut: 0,
    dsns: [],
    feedback: [],
    queued: 'recipient',
    complete: true,
    ...about,
  };
}

/** Evidence with these recipients, and so many of each kind in all. */
export function evidenceOf(
  samples: readonly RecipientHistory[],
  counts: Partial<Record<HistoryKind, number>>,
): Evidence {
  return {
    file: 'evidence.ndjson',
    histories: Object.values(counts).reduce((sum, n) => sum + n, 0),
    incomplete: 0,
    kinds: HISTORY_KINDS.map((kind) => ({
      kind,
      count: counts[kind] ?? 0,
      leftOut: 0,
      sample: samples.filter(({ kinds }) => kinds.includes(kind)),
    })),
  };
}

/** What is in question after the fixture's run: mail that waits, and three bounces without a DSN. */
export function evidenceFixture(): Evidence {
  const rejected = { outcome: 'rejected', stage: 'rcpt', reply: 'G1', code: 550 } as const;
  const text = ['550-5.1.1 The email account that you tried to reach does not exist.'];
  return evidenceOf(
    [
      ...[7, 311, 4711].map((message) =>
        historyOf(message, {
          kinds: ['missing_dsn'],
          outcome: 'bounced',
          attempts: [attemptAt(1200 + message, { ...rejected, text })],
          queued: null,
        }),
      ),
      ...[12_001, 12_007].map((message) =>
        historyOf(message, { attempts: [0, 1, 2, 3].map((i) => attemptAt(40_000 + i * 15_000)) }),
      ),
    ],
    { missing_dsn: 3, pending: 391 },
  );
}
