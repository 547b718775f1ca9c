/** One verdict over what several k6 processes measured without the lab (`windtunnel k6 gate`). */

import type { K6Summary } from './k6-summary.ts';
import { k6Lines } from './k6-text.ts';
import { formatCount } from './numbers.ts';
import { paintWith } from './paint.ts';
import type { Summary, ThresholdResult } from './summary.ts';
import { table, wrap } from './text-table.ts';
import { titleOf } from './threshold-result.ts';

/** The verdict. Plain data: what `--json` prints. */
export interface K6Verdict {
  readonly schema: 1;
  readonly scenario: string;
  readonly verdict: Summary['verdict'];
  /** What limits its worth, a sentence each. */
  readonly warnings: readonly string[];
  /** Streams of results that were read, one a k6 process. */
  readonly streams: number;
  /** From the first sample to the last; what rates of counters are over. */
  readonly seconds: number;
  readonly messages: K6Messages;
  readonly thresholds: readonly ThresholdResult[];
  /** Thresholds of the scenario on what k6 can't know: what ISPs saw, and what became of the mail. */
  readonly notJudged: readonly { readonly metric: string; readonly expression: string }[];
  readonly metrics: K6Summary['metrics'];
}

/** Messages by what became of them, over all processes. */
export interface K6Messages {
  /** null: a load goes by time, so nobody can say. */
  readonly planned: number | null;
  readonly confirmed: number;
  readonly refused: number;
  /** Their answer never came. */
  readonly unconfirmed: number;
  /** Handed over more than once. */
  readonly twice: number;
  /** Numbers of which nobody tells, though later ones of the same process's turn were handed over. */
  readonly missing: number;
}

/** The verdict for a terminal, ending with a newline. */
export function renderK6Verdict(result: K6Verdict, color: boolean, width = 100): string {
  const paint = paintWith(color);
  const { verdict, warnings, thresholds, notJudged, messages } = result;
  const { passed } = verdict;
  const rows = table(
    thresholds.map((t) => [titleOf(t), t.expression, t.actualText]),
    ['left', 'left', 'right'],
  );
  const metrics = k6Lines(result, width - 4);
  const heading = (text: string): string[] => ['', `  ${paint('bold', text)}`];
  const lines = [
    '',
    `  ${paint('bold', paint(passed ? 'green' : 'red', passed ? '✓ PASSED' : '✗ FAILED'))}  ${paint('bold', result.scenario)}`,
    ...wrap(verdict.sentence, width - 4).map((line) => `    ${line}`),
    paint(
      'dim',
      `    ${result.streams} ${result.streams === 1 ? 'stream' : 'streams'} · ${messagesText(messages)} · exit ${verdict.exitCode}`,
    ),
    ...warnings.flatMap((warning) =>
      wrap(warning, width - 4).map((line, i) => `  ${i === 0 ? paint('yellow', '!') : ' '} ${line}`),
    ),
    ...(thresholds.length === 0 ? [] : heading('thresholds')),
    ...thresholds.map(({ passed }, i) =>
      passed ? `  ${paint('green', '✓')} ${rows[i]}` : `  ${paint('red', `✗ ${rows[i]}`)}`,
    ),
    ...(notJudged.length === 0 ? [] : heading('not judged here: what only the lab sees')),
    ...notJudged.map(({ metric, expression }) => `    ${metric} ${expression}`),
    ...(metrics.length === 0 ? [] : heading('k6')),
    ...metrics.map((line) => `    ${line}`),
  ];
  return `${lines.join('\n')}\n\n`;
}

function messagesText({ planned, confirmed, refused, unconfirmed, twice, missing }: K6Messages): string {
  const troubles = [
    [refused, 'refused'],
    [unconfirmed, 'unconfirmed'],
    [twice, 'twice'],
    [missing, 'missing'],
  ] as const;
  const of = planned === null ? '' : ` of ${formatCount(planned)}`;
  return [
    `${formatCount(confirmed)}${of} messages injected`,
    ...troubles.filter(([n]) => n > 0).map(([n, what]) => `${formatCount(n)} ${what}`),
  ].join(', ');
}
