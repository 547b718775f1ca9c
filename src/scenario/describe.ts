import { formatDuration, formatRate, trim } from '../core/units.ts';
import { type MessagePlan, meanBytes } from '../driver/message.ts';
import { scheduleOf } from '../driver/schedule.ts';
import type { Plan } from './plan.ts';

/** A plan for people: volumes, rates and durations, with both clocks where they differ. */
export function describePlan(plan: Plan): string {
  const recipients = plan.messages * plan.recipients.perMessage;
  const shares = plan.isps.reduce((sum, isp) => sum + isp.share, 0);
  const both = (micros: number): string =>
    plan.clockScale === 1
      ? formatDuration(micros)
      : `${formatDuration(micros)} (simulated ${formatDuration(micros * plan.clockScale)})`;
  const bytes = meanBytes(plan.message);
  const rows: [string, string][] = [
    ['load', `${plan.shape.executor}, ${formatDuration(plan.duration)}, ${plan.connections} connections`],
    ['peak rate', formatRate(peakRate(plan))],
    [
      'messages',
      `${plan.messages.toLocaleString('en')} (${recipients.toLocaleString('en')} recipients, about ${trim((plan.messages * bytes) / 1e6)} MB)`,
    ],
    ['content', contentOf(plan.message)],
    ...plan.isps.map(({ resolved, share, mx }): [string, string] => [
      resolved.id,
      `${trim((share / shares) * 100)} %, about ${Math.round((recipients * share) / shares).toLocaleString('en')} recipients; ${mx.reduce((sum, group) => sum + group.hosts.length, 0)} mail hosts; ${resolved.limits.length} limits`,
    ]),
    [
      'MTA',
      `${plan.adapter}, ${plan.sources.length} source${plan.sources.length === 1 ? '' : 's'}: ${plan.sources.map((s) => s.address).join(', ')}`,
    ],
    ['retry', `${plan.retry.map(both).join(', ')}; gives up after ${both(plan.expire)}`],
    [
      'phases',
      plan.phases.map((p) => `${p.name} ${formatDuration(p.from)} to ${formatDuration(p.to)}`).join(', '),
    ],
    ...plan.incidents.map((i): [string, string] => [
      'incident',
      `${i.isp} from ${formatDuration(i.start)} to ${formatDuration(i.end)}: ${i.label}`,
    ]),
    [
      'drain',
      `at most ${formatDuration(plan.drainTimeout)}, so the run ends within ${formatDuration(plan.duration + plan.drainTimeout)}`,
    ],
    ['clock', plan.clockScale === 1 ? 'real' : `simulated time runs ${trim(plan.clockScale)} times as fast`],
    ['seed', String(plan.seed)],
    ...plan.thresholds.map((t): [string, string] => ['threshold', `${t.key} ${t.expression}`]),
    ...plan.notes.map((note): [string, string] => ['note', note]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${plan.name} (${plan.file})\n${rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('')}`;
}

/** What messages are like besides their size: `html, signed with rsa-2048, one-click unsubscribe`. */
function contentOf({ content, dkim, unsubscribe }: MessagePlan): string {
  const kind = content.kind === 'eml' ? content.files.map(({ file }) => file).join(', ') : content.kind;
  const signed = dkim === 'none' ? [] : [`signed with ${dkim}`];
  return [kind, ...signed, ...(unsubscribe === 'none' ? [] : [`${unsubscribe} unsubscribe`])].join(', ');
}

function peakRate({ shape, duration }: Plan): number {
  const schedule = scheduleOf(shape);
  if (shape.executor === 'constant-arrival-rate') return schedule.rateAt(0);
  return Math.max(shape.startRate, ...shape.stages.map((s) => s.target), schedule.rateAt(duration));
}
