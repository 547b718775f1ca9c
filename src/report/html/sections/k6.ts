import { k6Format, k6Meaning } from '../../k6-text.ts';
import type { Summary } from '../../summary.ts';
import { html } from '../markup.ts';
import { table } from '../table.ts';
import { values } from './metrics.ts';
import type { Section } from './section.ts';
import { scriptThresholds } from './thresholds.ts';

/** What k6 measured, and what its script asks of that; none if k6 carried out no load. */
export function k6Section(summary: Summary): Section[] {
  const { k6 } = summary;
  if (!k6) return [];
  const entries = Object.entries(k6.metrics);
  return [
    {
      id: 'k6',
      title: 'k6',
      nav: 'k6',
      body: html`${scriptThresholds(summary)}
<div class="panel">${
        entries.length === 0
          ? html`<p class="nothing">k6 told of no sample.</p>`
          : table(
              "Values of k6's metrics",
              [{ head: 'metric' }, { head: 'kind' }, { head: 'values' }, { head: 'meaning' }],
              entries.map(([key, metric]) => [
                html`<code>${key}</code>`,
                metric.value.kind,
                values(metric.value, k6Format(metric)),
                html`<small>${k6Meaning(key)}</small>`,
              ]),
            )
      }
<p class="fine">As k6 measured it, over all its processes, without setup() and teardown(). Values of trends are kept within 0.05 %.</p></div>`,
    },
  ];
}
