import type { SuppressionSummary } from '../../summary.ts';
import { groupText, isRight, SUPPRESSION_COLUMNS } from '../../suppression-text.ts';
import { html } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

/** What the MTA did with mail to recipients about whom there was bad news. */
export function suppressionSection({ groups }: SuppressionSummary): Section {
  return {
    id: 'suppression',
    title: 'Mail to recipients who should get no more',
    nav: 'Suppression',
    body: html`<div class="panel">${table(
      'Mail after bad news about recipients',
      [
        { head: 'what came' },
        ...SUPPRESSION_COLUMNS.map(({ head }) => ({ head, short: head, number: true as const })),
      ],
      groups.map((group) => [
        isRight(group)
          ? html`<span class="mark passed" aria-hidden="true">✓</span> ${groupText(group)}`
          : html`<span class="mark failed" aria-hidden="true">✗</span> ${groupText(group)}`,
        ...SUPPRESSION_COLUMNS.map(({ of }) => of(group)),
      ]),
    )}
<details class="glossary"><summary>What the columns mean</summary>
<dl>${SUPPRESSION_COLUMNS.map(({ head, meaning }) => html`<div><dt>${head}</dt><dd>${meaning}</dd></div>`)}</dl></details>
</div>`,
  };
}
