import { historyHead, historyLines, KIND_MEANING } from '../../history-text.ts';
import { formatCount, formatShare } from '../../numbers.ts';
import type { Evidence, Outcome, OutcomeCount, RecipientHistory, Summary } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

const MEANING: Record<Outcome, string> = {
  delivered: 'an ISP answered 250 for it',
  bounced: '5xx, and reported or gone from the queue',
  expired: 'never a 250 or 5xx, given up with a DSN',
  pending: 'still in the queue at the end',
  lost: 'gone from the queue without a word',
  unaccounted: 'its end can’t be known',
};

/** While the run goes on. */
const UNDER_WAY = { ...MEANING, pending: 'under way' };

/** Where every injected recipient ended, and whether that adds up. */
export function conservationSection({ conservation, totals, isps, evidence, run }: Summary): Section {
  const sum = conservation.reduce((all, { count }) => all + count, 0);
  const off = totals.injectedRecipients - sum;
  return {
    id: 'conservation',
    title: 'What became of every recipient',
    nav: 'Recipients',
    body: html`<div class="panel">
${
  sum > 0 &&
  html`<div class="stack" aria-hidden="true">${conservation
    .filter(({ count }) => count > 0)
    .map(
      ({ outcome, count }) => html`<i style="flex-grow: ${count}; background: var(--c-${outcome})"></i>`,
    )}</div>`
}
${table(
  'Recipients by outcome',
  [
    { head: 'outcome' },
    { head: 'recipients', number: true },
    { head: 'share', number: true },
    { head: 'meaning' },
    { head: 'of these' },
  ],
  conservation.map((entry) =>
    outcomeRow(entry, totals.injectedRecipients, run.running ? UNDER_WAY : MEANING),
  ),
  [
    'injected',
    formatCount(totals.injectedRecipients),
    '',
    off === 0
      ? html`<span class="balance passed"><span class="mark" aria-hidden="true">✓</span> the outcomes add up to it</span>`
      : html`<span class="balance failed"><span class="mark" aria-hidden="true">✗</span> the outcomes add up to ${formatCount(sum)}, ${formatCount(Math.abs(off))} ${off > 0 ? 'too few' : 'too many'}</span>`,
    '',
  ],
)}
</div>
${
  isps.length > 0 &&
  html`<div class="panel"><h3>By ISP</h3>${table(
    'Recipients by ISP and outcome',
    [{ head: 'ISP' }, ...conservation.map(({ outcome }) => ({ head: outcome, number: true as const }))],
    isps.map((isp) => [isp.name, ...conservation.map(({ outcome }) => formatCount(isp.outcomes[outcome]))]),
  )}</div>`
}
${evidence && evidence.histories > 0 && evidencePanel(evidence)}`,
  };
}

/** The recipients in question by kind, each kind folded, and the first histories of each. */
function evidencePanel({ file, histories, incomplete, kinds }: Evidence): Markup {
  const found = kinds.filter(({ count }) => count > 0);
  const leftOut = found.reduce((sum, kind) => sum + kind.leftOut, 0);
  return html`<div class="panel"><h3>Recipients in question</h3>
<p class="fine"><code>${file}</code> in the run’s folder has ${histories === 1 ? 'the history of one recipient' : `the histories of ${formatCount(histories)} recipients`}, a line each${leftOut > 0 && `; ${formatCount(leftOut)} more are left out, since there are so many`}.${incomplete > 0 && ` ${formatCount(incomplete)} lack records: recording stopped, or a file is damaged.`} The first of each kind are here; times are seconds since the load began.</p>
${found.map(
  (
    kind,
  ) => html`<details class="kind"><summary><b>${kind.kind}</b> ${formatCount(kind.count)} <small>${KIND_MEANING[kind.kind]}</small></summary>
${kind.sample.map(historyDetails)}
${kind.count > kind.sample.length && html`<p class="fine">and ${formatCount(kind.count - kind.sample.length)} more</p>`}
</details>`,
)}
</div>`;
}

function historyDetails(history: RecipientHistory): Markup {
  return html`<details class="history"><summary><code>${history.recipient}</code> <small>${historyHead(history)}</small></summary>
<ol>${historyLines(history).map(
    ({ at, text, words }) =>
      html`<li><span class="at">${at}</span> <span>${text}${words !== undefined && html`<br><q>${words}</q>`}</span></li>`,
  )}</ol></details>`;
}

function outcomeRow(
  { outcome, count, notes }: OutcomeCount,
  all: number,
  meaning: Record<Outcome, string>,
): (string | Markup)[] {
  const said = notes
    .filter((note) => note.count > 0)
    .map((note) => `${formatCount(note.count)} ${note.name}`);
  return [
    html`<i class="dot" style="background: var(--c-${outcome})"></i>${outcome}`,
    formatCount(count),
    formatShare(count, all),
    meaning[outcome],
    said.join(', '),
  ];
}
