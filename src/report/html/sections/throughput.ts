import type { MtaFacts } from '../../summary.ts';
import type { Chart } from '../charts/chart.ts';
import { emptyFigure, figure } from '../figure.ts';
import { html } from '../markup.ts';
import type { Section } from './section.ts';

/** What became of the mail at all ISPs together. */
export interface MailCharts {
  readonly throughput: Chart;
  readonly deferred: Chart;
  readonly codes: Chart;
  readonly queue: Chart | undefined;
}

/** The charts of all ISPs together: throughput, what was put off, replies by code, the MTA's queue. */
export function throughputSection(charts: MailCharts, { adapter }: MtaFacts): Section {
  const drawn = (chart: Chart, reason: string): ReturnType<typeof figure> =>
    chart.spec.series.length > 0 ? figure(chart) : emptyFigure(chart.title, reason);
  const queue = charts.queue
    ? figure(charts.queue)
    : adapter !== 'none' &&
      emptyFigure('In the queue of the MTA', 'The queue was not sampled: the MTA can’t tell.');
  return {
    id: 'throughput',
    title: 'Throughput',
    nav: 'Throughput',
    body: html`<div class="charts">
${figure(charts.throughput)}
${drawn(charts.deferred, 'There were no ISPs.')}
${drawn(charts.codes, 'The ISPs gave no replies.')}
${queue}
</div>`,
  };
}
