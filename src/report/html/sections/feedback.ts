import { COMPLAINT_LIMIT, FEEDBACK_COLUMNS, formatComplaintRate, isOverLimit } from '../../feedback-text.ts';
import { formatCount } from '../../numbers.ts';
import type { FeedbackSummary, IspFeedback, Summary } from '../../summary.ts';
import type { Chart } from '../charts/chart.ts';
import { figure } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

/** What came back of accepted mail, and what became of that. */
export function feedbackSection(
  feedback: FeedbackSummary,
  { isps: names, run }: Pick<Summary, 'isps' | 'run'>,
  charts: readonly Chart[],
): Section {
  const { isps, findings, to, address } = feedback;
  const nameOf = ({ isp }: IspFeedback): string =>
    isp === null ? 'not known whose' : (names.find(({ id }) => id === isp)?.name ?? isp);
  const known = isps.filter(({ isp }) => isp !== null);
  return {
    id: 'feedback',
    title: 'What came back',
    nav: 'Feedback',
    body: html`<div class="panel">
${
  findings.length > 0
    ? html`<ul class="findings">${findings.map((finding) => html`<li><span class="mark failed" aria-hidden="true">✗</span> ${finding}</li>`)}</ul>`
    : !run.running &&
      html`<p><span class="balance passed"><span class="mark" aria-hidden="true">✓</span> all that was due was sent, and all that was sent was received</span></p>`
}
<p class="fine">It went to ${to === 'mta' ? 'the MTA, which passes on to the mailroom what it does not keep' : 'the mailroom'}; complaints were addressed to ${address}.</p>
${known.length > 0 && rates(known, nameOf)}
${kinds(isps, nameOf)}
<details class="glossary"><summary>What the columns mean</summary>
<dl>${FEEDBACK_COLUMNS.map(({ head, meaning }) => html`<div><dt>${head}</dt><dd>${meaning}</dd></div>`)}</dl></details>
</div>
${charts.map((chart) => figure(chart))}`,
  };
}

/** How many complained, against what ISPs tolerate. */
function rates(isps: readonly IspFeedback[], nameOf: (isp: IspFeedback) => string): Markup {
  const number = true as const;
  return html`<h3>Complaints <small>Gmail and Yahoo tolerate less than ${COMPLAINT_LIMIT * 100}%</small></h3>
${table(
  'Complaint rates',
  [
    { head: 'ISP' },
    { head: 'accepted', short: 'accepted', number },
    { head: 'complaints', short: 'complaints', number },
    { head: 'rate', short: 'rate', number },
  ],
  isps.map((isp) => [
    nameOf(isp),
    formatCount(isp.accepted),
    formatCount(isp.complaints),
    isOverLimit(isp)
      ? html`<b class="failed">${formatComplaintRate(isp)} <span class="mark" aria-hidden="true">✗</span></b>`
      : formatComplaintRate(isp),
  ]),
)}`;
}

/** A row an ISP and kind: how far each has come. */
function kinds(isps: readonly IspFeedback[], nameOf: (isp: IspFeedback) => string): Markup {
  const rows = isps.flatMap((isp) =>
    isp.kinds.map((count) => [
      `${nameOf(isp)}: ${count.kind}`,
      ...FEEDBACK_COLUMNS.map(({ of }) => of(count)),
    ]),
  );
  return html`<h3>By kind <small>how far each has come</small></h3>
${
  rows.length === 0
    ? html`<p>Nothing came back.</p>`
    : table(
        'What came back, by ISP and kind',
        [
          { head: 'ISP and kind' },
          ...FEEDBACK_COLUMNS.map(({ head }) => ({ head, short: head, number: true as const })),
        ],
        rows,
      )
}`;
}
