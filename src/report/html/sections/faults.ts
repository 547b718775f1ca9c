import { FAULT_COLUMNS, faultText } from '../../fault-text.ts';
import type { Summary } from '../../summary.ts';
import { html } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

/** What each fault of the MTA cost. */
export function faultsSection({ faults }: Summary): Section {
  return {
    id: 'faults',
    title: 'What each fault of the MTA cost',
    nav: 'Faults',
    body: html`<div class="panel">${table(
      'Faults of the MTA',
      [{ head: 'fault' }, ...FAULT_COLUMNS.map(({ head }) => ({ head, short: head, number: true as const }))],
      faults.map((fault) => [
        `${fault.fault}: ${faultText(fault)}`,
        ...FAULT_COLUMNS.map(({ of }) => of(fault)),
      ]),
    )}
<details class="glossary"><summary>What the columns mean</summary>
<dl>${FAULT_COLUMNS.map(({ head, meaning }) => html`<div><dt>${head}</dt><dd>${meaning}</dd></div>`)}</dl></details>
</div>`,
  };
}
