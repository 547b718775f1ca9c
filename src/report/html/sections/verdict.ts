import { keyFigures } from '../../key-figures.ts';
import { formatMs, formatStopwatch } from '../../numbers.ts';
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

/** The four numbers that matter. */
export function keyNumbers(summary: Summary): Markup {
  return html`<dl class="tiles">${keyFigures(summary).map(
    ({ name, value, note }) =>
      html`<div><dt>${name}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`,
  )}</dl>`;
}

/** `2026-07-14T09:30:00.000Z` as `2026-07-14 09:30:00 UTC`. */
function startedAt(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, '$1 $2 UTC');
}
