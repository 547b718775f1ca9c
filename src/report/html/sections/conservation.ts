import { formatCount, formatShare } from '../../numbers.ts';
import type { Outcome, OutcomeCount, Summary } from '../../summary.ts';
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

/** Where every injected recipient ended, and whether that adds up. */
export function conservationSection({ conservation, totals, isps }: Summary): Section {
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
  conservation.map((entry) => outcomeRow(entry, totals.injectedRecipients)),
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
}`,
  };
}

function outcomeRow({ outcome, count, notes }: OutcomeCount, all: number): (string | Markup)[] {
  const said = notes
    .filter((note) => note.count > 0)
    .map((note) => `${formatCount(note.count)} ${note.name}`);
  return [
    html`<i class="dot" style="background: var(--c-${outcome})"></i>${outcome}`,
    formatCount(count),
    formatShare(count, all),
    MEANING[outcome],
    said.join(', '),
  ];
}
