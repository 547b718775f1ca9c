import { formatBytes, formatCount, formatMs } from '../../numbers.ts';
import type { HarnessLoad, Summary } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';
import { meter, table } from '../table.ts';
import { facts, type Section } from './section.ts';

/** The instrument about itself: was it fast enough to be believed, and on what machine. */
export function harnessSection({ harness, machine, totals, run, mta }: Summary): Section {
  return {
    id: 'harness',
    title: 'The harness itself',
    nav: 'Harness',
    body: html`<div class="panel">
${judgement(harness, mta.adapter)}
${harness.workers.length > 0 && workersTable(harness)}
${facts([
  ['begun over 10 ms late', formatCount(harness.lateInjections)],
  [
    'of these while the driver was busy',
    harness.lateInjections > 0 ? formatCount(harness.lateWhileBusy) : '',
  ],
  ['never begun', formatCount(totals.droppedIterations)],
  ['refused', formatCount(totals.refusedInjections)],
  ['unconfirmed', formatCount(totals.unconfirmedInjections)],
  ...harness.sessions.map(
    ({ side, peak, residentBytes }) =>
      [
        `memory a session, ${side === 'driver' ? 'driver' : 'ISPs'}`,
        `at most ${formatBytes(residentBytes / peak)} (${formatBytes(residentBytes)} for ${formatCount(peak)})`,
      ] as const,
  ),
])}
<h3>Machine</h3>
${facts([
  ['CPU', `${machine.cpus} × ${machine.cpuModel}`],
  ['memory', formatBytes(machine.memoryBytes)],
  ['platform', machine.platform],
  ['Node', machine.node],
  ['windtunnel', run.version],
])}
</div>`,
  };
}

function judgement({ limits, workers }: HarnessLoad, adapter: string): Markup {
  if (limits.length > 0) {
    return html`<p class="balance failed"><span class="mark" aria-hidden="true">✗</span> ${limits.join(' ')}</p>`;
  }
  const others = adapter === 'none' ? 'the load and the ISPs' : 'the MTA and the ISPs';
  return workers.length === 0
    ? html`<p class="nothing">The harness did not measure itself.</p>`
    : html`<p class="balance passed"><span class="mark" aria-hidden="true">✓</span> The harness kept up: ${others} set the pace.</p>`;
}

function workersTable({ workers, judgedSeconds }: HarnessLoad): Markup {
  const number = true as const;
  const percent = (share: number): string => `${Math.round(share * 100)}%`;
  return html`${table(
    'Load of the harness by worker',
    [
      { head: 'worker' },
      { head: 'CPU mean', number },
      { head: html`<span class="hidden">CPU mean as a bar</span>` },
      { head: 'CPU max', number },
      { head: 'loop in use max', number },
      { head: 'loop delay median', number },
      { head: 'loop delay max', number },
      { head: 'seconds busy', number },
      { head: 'memory max', number },
    ],
    workers.map((worker) => [
      worker.name,
      percent(worker.meanCpu),
      meter(worker.meanCpu, 'c-attempts'),
      percent(worker.maxCpu),
      percent(worker.maxLoopUse),
      formatMs(worker.medianLoopDelayMs),
      formatMs(worker.maxLoopDelayMs),
      formatCount(worker.busySeconds),
      worker.maxResidentBytes > 0 ? formatBytes(worker.maxResidentBytes) : '–',
    ]),
  )}
<p class="fine">Of ${formatCount(judgedSeconds)} s of load, without warm-up and drain. CPU is of one core. A loop in use has work, also while that waits for a processor; its delay is how late due work was, the 99th percentile of a second. Busy: over 90% of a core or of the loop in use, or a delay above 50 ms.</p>`;
}
