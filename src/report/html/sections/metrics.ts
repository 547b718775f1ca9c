import { metricNamed } from '../../../gate/metrics.ts';
import { metricParts, plain } from '../../metric-text.ts';
import { formatMs } from '../../numbers.ts';
import type { MetricValue, Summary } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

/** Every metric that a threshold can name. */
export function metricsSection({ metrics }: Summary): Section {
  const entries = Object.entries(metrics);
  return {
    id: 'metrics',
    title: 'All metrics',
    nav: 'Metrics',
    body: html`<div class="panel">${
      entries.length === 0
        ? html`<p class="nothing">Nothing was measured.</p>`
        : table(
            'Values of all metrics',
            [{ head: 'metric' }, { head: 'kind' }, { head: 'values' }, { head: 'meaning' }],
            entries.map(([key, metric]) => {
              const definition = metricNamed(key.replace(/\{.*/, ''));
              return [
                html`<code>${key}</code>`,
                metric.kind,
                values(metric, definition?.unit === 'ms' ? formatMs : plain),
                html`<small>${definition?.meaning}</small>`,
              ];
            }),
          )
    }</div>`,
  };
}

/** The numbers of a metric, in a cell. */
export function values(metric: MetricValue, format: (value: number) => string): Markup {
  return html`<span class="values">${metricParts(metric, format).map(
    ([name, value]) => html`<span><small>${name}</small> ${value}</span> `,
  )}</span>`;
}
