import { holdsSessionsOnly } from '../../injection-text.ts';
import { formatCount, formatMs } from '../../numbers.ts';
import type { Summary } from '../../summary.ts';
import type { Chart } from '../charts/chart.ts';
import { figure } from '../figure.ts';
import { html } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

const MAIL =
  'Injection and delivery count from the moment the schedule named, so a stall of the MTA shows in every message that had to wait for it (no coordinated omission). The service time counts from the first byte sent, connect from the first packet until the session is ready for mail.';
const SESSIONS =
  'Connect counts from the first packet until the session is ready for mail, NOOP from the moment it was due to its 250.';

/** Latency as table, percentile curves, and over time. */
export function latencySection(
  summary: Summary,
  charts: { readonly percentiles: Chart | undefined; readonly delivery: Chart | undefined },
): Section {
  const { latency } = summary;
  if (latency.length === 0) {
    return {
      id: 'latency',
      title: 'Latency',
      nav: 'Latency',
      body: html`<p class="nothing">Nothing was injected, so there is no latency.</p>`,
    };
  }
  const number = true as const;
  const heads = ['mean', 'median', 'p90', 'p99', 'p99.9', 'max', 'count'];
  return {
    id: 'latency',
    title: 'Latency',
    nav: 'Latency',
    body: html`<div class="panel">${table(
      'Latency by percentile',
      [{ head: 'latency of' }, ...heads.map((head) => ({ head, number }))],
      latency.map((l) => [
        l.name,
        ...[l.meanMs, l.p50Ms, l.p90Ms, l.p99Ms, l.p999Ms, l.maxMs].map(formatMs),
        formatCount(l.count),
      ]),
    )}
<p class="fine">${holdsSessionsOnly(summary) ? SESSIONS : MAIL}</p></div>
${charts.percentiles && charts.delivery ? html`<div class="charts">${figure(charts.percentiles)}${figure(charts.delivery)}</div>` : charts.percentiles && figure(charts.percentiles)}`,
  };
}
