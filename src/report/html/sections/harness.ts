import { formatBytes, formatCount, formatMs } from '../../numbers.ts';
import type { Summary } from '../../summary.ts';
import { html } from '../markup.ts';
import { meter, table } from '../table.ts';
import { facts, type Section } from './section.ts';

/** The instrument about itself: was it fast enough to be believed, and on what machine. */
export function harnessSection({ harness, machine, totals, run }: Summary): Section {
  return {
    id: 'harness',
    title: 'The harness itself',
    nav: 'Harness',
    body: html`<div class="panel">
<p class="balance ${harness.saturated ? 'failed' : 'passed'}"><span class="mark" aria-hidden="true">${harness.saturated ? '✗' : '✓'}</span> ${
      harness.saturated
        ? 'The harness was saturated at times: it, not the MTA, may have set the pace.'
        : 'The harness kept up: the MTA and the ISPs set the pace.'
    }</p>
${
  harness.workers.length > 0 &&
  table(
    'Load of the harness by worker',
    [
      { head: 'worker' },
      { head: 'mean CPU', number: true },
      { head: '' },
      { head: 'longest event-loop delay', number: true },
    ],
    harness.workers.map(({ name, meanCpu, maxLoopDelayMs }) => [
      name,
      `${Math.round(meanCpu * 100)}%`,
      meter(meanCpu, 'c-attempts'),
      formatMs(maxLoopDelayMs),
    ]),
  )
}
${facts([
  ['begun over 10 ms late', formatCount(harness.lateInjections)],
  ['never begun', formatCount(totals.droppedIterations)],
  ['refused', formatCount(totals.refusedInjections)],
  ['unconfirmed', formatCount(totals.unconfirmedInjections)],
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
