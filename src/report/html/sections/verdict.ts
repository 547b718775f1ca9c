import { holdsSessionsOnly } from '../../injection-text.ts';
import { formatCount, formatMs, formatPerSecond, formatShare, formatStopwatch } from '../../numbers.ts';
import type { Summary } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';
import { facts } from './section.ts';

/** The head of the report: passed or failed and why, what was asked, what limits the result's worth. */
export function verdictBanner({ verdict, run, mta, warnings }: Summary): Markup {
  const [kind, mark, word] = run.running
    ? (['running', '▶', 'Running'] as const)
    : run.interrupted
      ? (['stopped', '■', 'Interrupted'] as const)
      : verdict.passed
        ? (['passed', '✓', 'Passed'] as const)
        : (['failed', '✗', 'Failed'] as const);
  return html`<header class="verdict ${kind}">
<div class="said">
<p class="word"><span class="mark" aria-hidden="true">${mark}</span>${word}</p>
<p class="sentence">${verdict.sentence}</p>
</div>
<div class="asked">
<h1>${run.scenario}</h1>
${run.question !== '' && html`<p class="question">${run.question}</p>`}
${facts([
  ['MTA', mta.version === '' ? mta.adapter : mta.version],
  ['started', startedAt(run.startedAt)],
  run.running
    ? ['so far', `${formatStopwatch(run.durationSeconds)}, load ${formatStopwatch(run.loadSeconds)}`]
    : ['took', formatMs(run.durationSeconds * 1e3)],
  ['lab', run.lab === 'sealed' ? 'sealed' : 'loopback, not sealed'],
  ['clock', run.clockScale === 1 ? '' : `×${run.clockScale}`],
  ['seed', run.seed],
  ['exit code', run.running ? '' : verdict.exitCode],
])}
</div>
</header>
${
  warnings.length > 0 &&
  html`<aside class="warnings" aria-label="Warnings"><ul>${warnings.map((warning) => html`<li>${warning}</li>`)}</ul></aside>`
}`;
}

/** A number that matters, with what it is and what it means. */
type Tile = readonly [name: string, value: string, note: string];

/** The four numbers that matter. */
export function keyNumbers(summary: Summary): Markup {
  const tiles = holdsSessionsOnly(summary) ? sessionTiles(summary) : mailTiles(summary);
  return html`<dl class="tiles">${tiles.map(
    ([name, value, note]) => html`<div><dt>${name}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`,
  )}</dl>`;
}

function mailTiles({ totals, isps, latency }: Summary): Tile[] {
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

function sessionTiles({ injector: i, latency }: Summary): Tile[] {
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

/** `2026-07-14T09:30:00.000Z` as `2026-07-14 09:30:00 UTC`. */
function startedAt(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, '$1 $2 UTC');
}
