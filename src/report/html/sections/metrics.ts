import { metricNamed } from '../../../gate/metrics.ts';
import { formatCount, formatMs, formatShare } from '../../numbers.ts';
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

function values(metric: MetricValue, format: (value: number) => string): Markup {
  return html`<span class="values">${shown(metric, format).map(
    ([name, value]) => html`<span><small>${name}</small> ${value}</span> `,
  )}</span>`;
}

function shown(
  metric: MetricValue,
  format: (value: number) => string,
): (readonly [name: string, value: string])[] {
  switch (metric.kind) {
    case 'counter':
      return [
        ['count', formatCount(metric.count)],
        ['rate', `${plain(metric.rate)}/s`],
      ];
    case 'rate':
      return [
        ['rate', formatShare(metric.passes, metric.total)],
        ['of', `${formatCount(metric.passes)} / ${formatCount(metric.total)}`],
      ];
    case 'gauge':
      return (['value', 'min', 'max'] as const).map((of) => {
        const value = metric[of];
        return [of, value === null ? (metric.word ?? '–') : format(value)];
      });
    case 'trend':
      return (['avg', 'min', 'med', 'p90', 'p95', 'p99', 'max'] as const).map((of) => {
        const value = metric[of];
        return [of, value === null ? 'never' : format(value)];
      });
  }
}

function plain(value: number): string {
  return Math.abs(value) >= 1000 ? formatCount(value) : String(Number(value.toPrecision(3)));
}
