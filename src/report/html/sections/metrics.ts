import { formatCount, formatShare } from '../../numbers.ts';
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
            'All metrics',
            [{ head: 'metric' }, { head: 'kind' }, { head: 'values' }],
            entries.map(([name, metric]) => [html`<code>${name}</code>`, metric.kind, values(metric)]),
          )
    }</div>`,
  };
}

function values(metric: MetricValue): Markup {
  const shown: readonly (readonly [string, string])[] = (() => {
    switch (metric.kind) {
      case 'counter':
        return [
          ['count', formatCount(metric.count)],
          ['rate', `${plain(metric.rate)}/s`],
        ];
      case 'rate':
        return [
          ['rate', formatShare(metric.passes, metric.total)],
          ['', `${formatCount(metric.passes)} of ${formatCount(metric.total)}`],
        ];
      case 'gauge':
        return [
          ['value', plain(metric.value)],
          ['min', plain(metric.min)],
          ['max', plain(metric.max)],
        ];
      case 'trend':
        return (['avg', 'min', 'med', 'p90', 'p95', 'p99', 'max'] as const).map(
          (of) => [of, plain(metric[of])] as const,
        );
    }
  })();
  return html`<span class="values">${shown.map(([name, value]) => html`<span><small>${name}</small> ${value}</span>`)}</span>`;
}

function plain(value: number): string {
  return value.toLocaleString('en-US', {
    maximumSignificantDigits: Math.abs(value) >= 1000 ? 9 : 3,
    maximumFractionDigits: 2,
  });
}
