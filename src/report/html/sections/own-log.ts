import { formatCount } from '../../numbers.ts';
import type { OwnLogSummary, ReturnedReports } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';
import { table } from '../table.ts';

/** What the MTA's own log says, beside what the ISPs saw. */
export function ownLogTable(summary: OwnLogSummary): Markup {
  const { isps, findings, events, others, unreadable, returned } = summary;
  const number = true as const;
  const rest = [
    ...(others > 0 ? [`${formatCount(others)} about other mail, such as DSNs`] : []),
    ...(unreadable > 0 ? [`${formatCount(unreadable)} that could not be read`] : []),
  ];
  return html`<h3>Its own log <small>beside what the ISPs saw, in recipients</small></h3>
${
  findings.length === 0
    ? html`<p><span class="balance passed"><span class="mark" aria-hidden="true">✓</span> it says what the ISPs say</span></p>`
    : html`<ul class="findings">${findings.map((finding) => html`<li><span class="mark failed" aria-hidden="true">✗</span> ${finding}</li>`)}</ul>`
}
${table(
  'The MTA’s log beside the ISPs',
  [
    { head: 'ISP' },
    { head: 'delivered, says the log', number },
    { head: 'accepted, says the ISP', number },
    { head: 'given up, says the log', number },
    { head: 'refused, says the ISP', number },
    { head: 'delivered, and never accepted', number },
    { head: 'accepted, and not told', number },
    { head: 'given up, and accepted', number },
    { head: 'wrong source', number },
  ],
  isps.map((one) => [
    one.isp,
    ...[one.delivered, one.accepted, one.bounced, one.rejected].map(formatCount),
    ...[one.falselyDelivered, one.untold, one.falselyBounced, one.wrongSource].map((count) =>
      count > 0 ? html`<b class="failed">${formatCount(count)}</b>` : '0',
    ),
  ]),
)}
${returned.length > 0 && returnedTable(returned)}
<p class="fine">${formatCount(events)} entries about recipients of this run${rest.length > 0 && `; ${rest.join(', ')}`}.</p>`;
}

/** Whether the MTA has read the reports that ISPs have sent to it. */
function returnedTable(returned: readonly ReturnedReports[]): Markup {
  const number = true as const;
  const bad = (count: number): Markup | string =>
    count > 0 ? html`<b class="failed">${formatCount(count)}</b>` : '0';
  return table(
    'Reports that were sent to the MTA',
    [
      { head: 'reports' },
      { head: 'sent to the MTA', number },
      { head: 'read, says the log', number },
      { head: 'not told', number },
      { head: 'told, and never sent', number },
    ],
    returned.map(({ kind, sent, processed, unasked }) => [
      kind,
      formatCount(sent),
      processed === null ? 'it does not tell' : formatCount(processed),
      processed === null ? '' : bad(sent - processed),
      bad(unasked),
    ]),
  );
}
