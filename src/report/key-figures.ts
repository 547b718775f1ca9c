import { holdsSessionsOnly } from './injection-text.ts';
import { formatCount, formatMs, formatPerSecond, formatShare } from './numbers.ts';
import type { Summary } from './summary.ts';

/** A number that matters, with what it is and what it means. */
export interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

/** The four numbers that matter, the same in every report: of mail, or of sessions where no mail was sent. */
export function keyFigures(summary: Summary): KeyFigure[] {
  const figures = holdsSessionsOnly(summary) ? ofSessions(summary) : ofMail(summary);
  return figures.map(([name, value, note]) => ({ name, value, note }));
}

type Row = readonly [name: string, value: string, note: string];

function ofMail({ totals, isps, latency }: Summary): Row[] {
  const attempts = isps.reduce((sum, isp) => sum + isp.attempts, 0);
  const injection = latency.find(({ name }) => name === 'injection');
  const delivery = latency.find(({ name }) => name === 'delivery');
  return [
    [
      'injected',
      formatCount(totals.injectedMessages),
      `messages, ${formatPerSecond(totals.injectedPerSecond)}`,
    ],
    [
      'delivered',
      formatCount(totals.delivered),
      `${formatShare(totals.delivered, totals.injectedRecipients)} of the recipients, ${formatPerSecond(totals.deliveredPerSecond)}`,
    ],
    [
      'throttled attempts',
      formatCount(totals.throttled),
      `${formatShare(totals.throttled, attempts)} of all attempts`,
    ],
    [
      'p99 injection latency',
      injection ? formatMs(injection.p99Ms) : '–',
      delivery ? `p99 delivery ${formatMs(delivery.p99Ms)}` : 'nothing was delivered',
    ],
  ];
}

function ofSessions({ injector: i, latency }: Summary): Row[] {
  const noop = latency.find(({ name }) => name === 'NOOP');
  const connect = latency.find(({ name }) => name === 'connect');
  const troubles = i.refused + i.failed + i.lost;
  return [
    ['sessions at once', formatCount(i.peak), `${formatCount(i.opened)} opened`],
    [
      'sessions in trouble',
      formatCount(troubles),
      troubles === 0
        ? 'none refused, failed or lost'
        : `${formatCount(i.refused)} refused, ${formatCount(i.failed)} failed, ${formatCount(i.lost)} lost`,
    ],
    [
      'NOOPs answered',
      formatCount(i.noops),
      i.noopsFailed === 0 ? 'every one that was sent' : `${formatCount(i.noopsFailed)} were not`,
    ],
    [
      'p99 of NOOP',
      noop ? formatMs(noop.p99Ms) : '–',
      connect ? `p99 to connect ${formatMs(connect.p99Ms)}` : 'no session was opened',
    ],
  ];
}
