import { formatCount, formatPerSecond, formatSeconds, formatShare } from '../../numbers.ts';
import type {
  AdaptationSummary,
  IncidentScores,
  IspSeries,
  IspSummary,
  Phase,
  Score,
} from '../../summary.ts';
import type { Column, Mark, SeriesSpec } from '../chart-spec.ts';
import { anchor } from '../markup.ts';
import { type Chart, type TimeFrame, timeSpec, total } from './chart.ts';

/** An allowance stretches the chart up to this multiple of the most attempts; a higher one would press them flat. */
export const LIMIT_REACH = 1.9;

function unpunished(column: string): SeriesSpec {
  return { label: 'if never punished', column, color: 'c-allowance', style: 'limit-dashed' };
}

function perfectSender(column: string): SeriesSpec {
  return { label: 'a perfect sender', column, color: 'c-perfect', style: 'thin' };
}

/** A perfect sender is known for the load without its warm-up. */
function judgedOf({ series: { t }, phases, loadSeconds }: TimeFrame, perfect: readonly number[]): Column {
  const warm = phases.find(({ name }) => name === 'warmup')?.to ?? 0;
  return perfect.map((value, i) => {
    const at = t[i] ?? 0;
    return at >= warm && at < loadSeconds ? value : null;
  });
}

/** Whether a perfect sender would have had noticeably more accepted; else its line would lie on what was accepted. */
function isTelling(perfect: Column, accepted: readonly number[]): boolean {
  const missed = total(perfect.map((most, i) => Math.max(0, (most ?? 0) - (accepted[i] ?? 0))));
  return missed > 0.03 * total(perfect.map((most) => most ?? 0));
}

/** When the MTA was told, when it had slowed down, and when it was back. */
function marksOf({ marks, reactionSeconds, recoverySeconds, drainSeconds }: IncidentScores): Mark[] {
  const after = (word: string, seconds: Score): string =>
    typeof seconds === 'number' ? `${word} +${formatSeconds(seconds)}` : word;
  const all: readonly (readonly [at: number | null, label: string, color: string])[] = [
    [marks.throttled, 'throttled', 'c-throttled'],
    [marks.settled, after('settled', reactionSeconds), 'c-attempts'],
    [marks.recovered, after('recovered', recoverySeconds), 'c-accepted'],
    [marks.drained, after('drained', drainSeconds), 'c-queue'],
  ];
  return all.flatMap(([at, label, color]) => (at === null ? [] : [{ at, label, color }]));
}

/**
 * The adaptation curve of an ISP: what was allowed, what the MTA tried and what came of it. `scores`: of the ISP as a
 * whole, for the moments that are marked.
 */
export function adaptationChart(
  frame: TimeFrame,
  isp: IspSummary,
  kind: 'overview' | 'isp',
  scores?: AdaptationSummary,
): Chart {
  const series = frame.series.isps.find(({ id }) => id === isp.id) ?? noIspSeries(isp, frame.series.t.length);
  const column = (name: string): string => `${isp.id} ${name}`;
  // Shown only where the sender has earned a penalty or lost reputation: being punished is not free.
  const punished = series.allowanceUnpunished.some((value, i) => value !== series.allowance[i]);
  const perfect = judgedOf(frame, series.perfect);
  const telling = isTelling(perfect, series.accepted);
  return {
    spec: {
      ...timeSpec(frame, anchor(kind, isp.id), isp.id),
      stacked: true,
      marks: scores ? scores.incidents.flatMap(marksOf).sort((a, b) => a.at - b.at) : [],
      series: [
        { label: 'accepted', column: column('accepted'), color: 'c-accepted', style: 'area' },
        { label: 'throttled', column: column('throttled'), color: 'c-throttled', style: 'area' },
        { label: 'attempts', column: column('attempts'), color: 'c-attempts', style: 'line' },
        // Below the allowance, which it often follows.
        ...(telling ? [perfectSender(column('perfect'))] : []),
        { label: 'allowance', column: column('allowance'), color: 'c-allowance', style: 'limit' },
        ...(punished ? [unpunished(column('unpunished'))] : []),
      ],
    },
    columns: {
      [column('accepted')]: series.accepted,
      [column('throttled')]: series.throttled,
      [column('attempts')]: series.attempts,
      [column('allowance')]: series.allowance,
      ...(punished && { [column('unpunished')]: series.allowanceUnpunished }),
      ...(telling && { [column('perfect')]: perfect }),
    },
    title: `Adaptation at ${isp.name}: recipient attempts a second`,
    sentence: adaptationSentence(frame, isp, series),
  };
}

function adaptationSentence(frame: TimeFrame, isp: IspSummary, series: IspSeries): string {
  if (isp.attempts === 0) return `Nothing was tried at ${isp.name}.`;
  const others = isp.attempts - isp.accepted - isp.throttled;
  const tried = [
    `${formatCount(isp.attempts)} attempts: ${formatCount(isp.accepted)} accepted`,
    `${formatCount(isp.throttled)} throttled (${formatShare(isp.throttled, isp.attempts)})`,
    ...(others > 0 ? [`${formatCount(others)} deferred, rejected or unanswered`] : []),
  ].join(', ');
  const limits = series.allowance.filter((v) => v !== null);
  const [lowest, highest] = [Math.min(...limits), Math.max(...limits)];
  const allowance =
    limits.length === 0
      ? 'no limit applied'
      : lowest === highest
        ? `the allowance was ${formatPerSecond(lowest)}`
        : `the allowance was ${formatPerSecond(lowest)} to ${formatPerSecond(highest)}`;
  const unseen =
    lowest > LIMIT_REACH * Math.max(...series.attempts) && limits.length > 0 ? ', above the chart' : '';
  const incident = frame.phases.find((phase) => phase.name === 'incident' && phase.isp === isp.id);
  const during = incident ? duringIncident(frame, incident, series) : '';
  return `${tried}; ${allowance}${unseen}${during}.`;
}

function duringIncident({ series: { t } }: TimeFrame, { from, to }: Phase, series: IspSeries): string {
  const within = <T>(values: readonly T[]): T[] =>
    values.filter((_, i) => (t[i] ?? -1) >= from && (t[i] ?? to) < to);
  const tried = within(series.attempts);
  const allowed = within(series.allowance).filter((v) => v !== null);
  if (tried.length === 0 || allowed.length === 0) return '';
  return `; in the incident the MTA tried ${formatCount(total(tried) / tried.length)}/s where ${formatPerSecond(total(allowed) / allowed.length)} were allowed`;
}

function noIspSeries({ id, name }: IspSummary, length: number): IspSeries {
  const zeros = new Array<number>(length).fill(0);
  const allowance = new Array<null>(length).fill(null);
  return {
    id,
    name,
    allowance,
    allowanceUnpunished: allowance,
    attempts: zeros,
    accepted: zeros,
    throttled: zeros,
    deferred: zeros,
    rejected: zeros,
    connectionsOpen: zeros,
    complaints: zeros,
    perfect: zeros,
    replies: [],
    sources: [],
    standings: [],
    spamRates: [],
  };
}
