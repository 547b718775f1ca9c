import { formatDuration, formatRate, trim } from '../core/units.ts';
import type { LoadPlan } from '../driver/load.ts';
import { type MessagePlan, meanBytes } from '../driver/message.ts';
import { iterationsOf, type LoadShape, scheduleOf } from '../driver/schedule.ts';
import { describeFeedback } from './feedback-plan.ts';
import { describeLoad } from './load-plan.ts';
import type { Plan } from './plan.ts';
import { describeSuppression } from './suppression.ts';
import { describeThreshold } from './thresholds.ts';

/** A plan for people: volumes, rates and durations, with both clocks where they differ. */
export function describePlan(plan: Plan): string {
  const shares = plan.isps.reduce((sum, isp) => sum + isp.share, 0);
  const both = (micros: number): string =>
    plan.clockScale === 1
      ? formatDuration(micros)
      : `${formatDuration(micros)} (simulated ${formatDuration(micros * plan.clockScale)})`;
  const rows: [string, string][] = [
    ...plan.loads.flatMap((load) => loadRows(load, plan.loads.length > 1)),
    ...plan.isps.map(({ resolved, share, mx }, index): [string, string] => [
      resolved.id,
      `${trim((share / shares) * 100)} %${recipientsAt(plan, index)}; ${mx.reduce((sum, group) => sum + group.hosts.length, 0)} mail hosts; ${resolved.limits.length} limits`,
    ]),
    ...feedbackRows(plan),
    [
      'MTA',
      `${plan.adapter}, ${plan.sources.length} source${plan.sources.length === 1 ? '' : 's'}${sourcesOf(plan)}`,
    ],
    ...virtualMtaRows(plan),
    // An external MTA has waits of its own, and without one nobody tries again.
    ...(plan.adapter === 'external' || plan.adapter === 'none'
      ? []
      : [
          ['retry', `${plan.retry.map(both).join(', ')}; gives up after ${both(plan.expire)}`] as [
            string,
            string,
          ],
        ]),
    [
      'phases',
      plan.phases.map((p) => `${p.name} ${formatDuration(p.from)} to ${formatDuration(p.to)}`).join(', '),
    ],
    ...plan.incidents.map((i): [string, string] => [
      'incident',
      `${i.isp} from ${formatDuration(i.start)} to ${formatDuration(i.end)}: ${i.label}`,
    ]),
    ...plan.faults.map((f): [string, string] => [
      'fault',
      `${formatDuration(f.start)} ${f.end === undefined ? 'on' : `to ${formatDuration(f.end)}`}: ${f.label}`,
    ]),
    ...(plan.queueDisk === undefined
      ? []
      : [['queue', `on a disk of its own of ${trim(plan.queueDisk / 1e6)} MB`] as [string, string]]),
    ...(plan.suppression ? [['suppression', describeSuppression(plan.suppression)] as [string, string]] : []),
    [
      'drain',
      `at most ${formatDuration(plan.drainTimeout)}, so the run ends within ${formatDuration(plan.duration + plan.drainTimeout)}`,
    ],
    ['clock', plan.clockScale === 1 ? 'real' : `simulated time runs ${trim(plan.clockScale)} times as fast`],
    ['seed', String(plan.seed)],
    ...plan.thresholds.map((t): [string, string] => ['threshold', describeThreshold(t)]),
    ...plan.notes.map((note): [string, string] => ['note', note]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${plan.name} (${plan.file})\n${rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('')}`;
}

/** What comes back from each ISP, and where it goes. */
function feedbackRows({ isps, feedback: { to, address, loops } }: Plan): [string, string][] {
  const rows = isps.flatMap(({ resolved }): [string, string][] => {
    const said = describeFeedback(resolved);
    return said === undefined ? [] : [['comes back', `${resolved.id}: ${said}`]];
  });
  if (rows.length === 0) return [];
  const enrolled = loops ? `; enrolled are ${loops.join(', ') || 'none'}` : '';
  return [
    ...rows,
    ['comes back', `to the ${to === 'mta' ? 'MTA' : 'mailroom'}, complaints to ${address}${enrolled}`],
  ];
}

/** The addresses, unless virtual MTAs are told with theirs. */
function sourcesOf(plan: Plan): string {
  const { sources, mta } = plan;
  if (hasVirtualMtas(plan)) return `, ${mta.vmtas.length} virtual MTAs`;
  return `: ${sources.map(({ address }) => address).join(', ')}`;
}

/** Whether there is more to say than that each source is a virtual MTA, and all take turns. */
function hasVirtualMtas({ adapter, mta: { vmtas, pools }, sources }: Plan): boolean {
  if (adapter === 'none') return false;
  return (
    pools.length > 0 || vmtas.length < sources.length || vmtas.some(({ name }, i) => name !== `vmta${i + 1}`)
  );
}

/** Virtual MTAs with their addresses, pools with their weights, and who takes what names neither. */
function virtualMtaRows(plan: Plan): [string, string][] {
  if (!hasVirtualMtas(plan)) return [];
  const { vmtas, pools, defaultPool } = plan.mta;
  const rows = vmtas.map(({ name, sources }): [string, string] => [
    'virtual MTA',
    `${name}: ${sources.map((source) => plan.sources[source]?.address).join(', ')}`,
  ]);
  for (const { name, members } of pools) {
    const weights = members.reduce((sum, { weight }) => sum + weight, 0);
    const shares = members.map(({ vmta, weight }) => `${vmta} ${trim((weight / weights) * 100)} %`);
    rows.push(['pool', `${name}: ${shares.join(', ')}`]);
  }
  const isNamed = pools.some(({ name }) => name === defaultPool.name);
  const takers = isNamed ? defaultPool.name : 'all virtual MTAs in equal shares';
  return [...rows, ['pool', `mail that names none: ${takers}`]];
}

/** What messages are like besides their size: `html, signed with rsa-2048, one-click unsubscribe`. */
function contentOf({ content, dkim, unsubscribe }: MessagePlan): string {
  const kind = content.kind === 'eml' ? content.files.map(({ file }) => file).join(', ') : content.kind;
  const signed = dkim === 'none' ? [] : [`signed with ${dkim}`];
  return [kind, ...signed, ...(unsubscribe === 'none' ? [] : [`${unsubscribe} unsubscribe`])].join(', ');
}

/** How many recipients an ISP has, if that can be told. */
function recipientsAt({ loads }: Plan, isp: number): string {
  let count = 0;
  for (const { shape, recipients } of loads) {
    const iterations = iterationsOf(scheduleOf(shape));
    if (iterations === undefined) return '';
    const sum = recipients.isps.reduce((total, { share }) => total + share, 0);
    count += (iterations * recipients.perMessage * (recipients.isps[isp]?.share ?? 0)) / sum;
  }
  return `, about ${Math.round(count).toLocaleString('en')} recipients`;
}

function loadRows(load: LoadPlan, named: boolean): [string, string][] {
  const { shape, recipients, message, action } = load;
  const iterations = iterationsOf(scheduleOf(shape));
  const rows: [string, string][] = [[named ? `load ${load.name}` : 'load', describeLoad(load)]];
  const rate = peakRate(shape);
  if (rate !== undefined) rows.push(['peak rate', formatRate(rate)]);
  if (action === 'noop') return rows;
  const bytes = meanBytes(message);
  const volume =
    iterations === undefined
      ? `as many as are taken, of about ${trim(bytes / 1e3)} KB`
      : `${iterations.toLocaleString('en')} (${(iterations * recipients.perMessage).toLocaleString('en')} recipients, about ${trim((iterations * bytes) / 1e6)} MB)`;
  return [...rows, ['messages', volume], ['content', contentOf(message)]];
}

function peakRate(shape: LoadShape): number | undefined {
  if (shape.executor === 'constant-arrival-rate') return shape.rate;
  if (shape.executor !== 'ramping-arrival-rate') return undefined;
  return Math.max(shape.startRate, ...shape.stages.map((s) => s.target));
}
