/** What came back of accepted mail, in numbers and in words. */
import type { Micros } from '../core/clock.ts';
import type { Aggregate } from '../record/aggregate.ts';
import { ATTEMPT_OUTCOMES, FEEDBACK_KINDS, NO_ISP } from '../record/attempt-log.ts';
import { waitingOf } from '../record/feedback-tally.ts';
import type { FeedbackCount, FeedbackSummary, IspFeedback } from './feedback-summary.ts';
import type { ReportInput } from './input.ts';
import { formatCount } from './numbers.ts';

const ACCEPTED = ATTEMPT_OUTCOMES.indexOf('accepted');

/** What came back; null: the scenario asks for nothing. */
export function feedbackSummary(aggregate: Aggregate, input: ReportInput): FeedbackSummary | null {
  const { feedback: plan } = input;
  if (!plan) return null;
  const accepted = new Map<number, number>();
  for (const { isp, attempts } of aggregate.timeline.rows())
    accepted.set(isp, (accepted.get(isp) ?? 0) + (attempts[ACCEPTED] as number));
  const isps = input.isps
    .map(({ id }, index) => ofIsp(aggregate, id, index, accepted.get(index) ?? 0))
    .filter(({ isp, kinds }) => kinds.length > 0 || plan.isps.includes(isp as string));
  const unknown = ofIsp(aggregate, null, NO_ISP, 0);
  const all = [...isps, ...(unknown.kinds.length > 0 ? [unknown] : [])];
  return {
    to: plan.to,
    address: plan.address,
    findings: input.run.running ? [] : findingsOf(all, plan.to),
    isps: all,
  };
}

function ofIsp({ feedback }: Aggregate, isp: string | null, index: number, accepted: number): IspFeedback {
  const complaints = feedback.of(index, 'complaint').happened;
  const kinds = FEEDBACK_KINDS.map((kind): FeedbackCount => {
    const totals = feedback.of(index, kind);
    const isTrap = kind === 'trap';
    const isDone = kind === 'complaint' || kind === 'withdrawal';
    return {
      kind,
      happened: isDone ? totals.happened : totals.due,
      due: isTrap ? 0 : totals.due,
      sent: totals.sent,
      failed: totals.failed,
      waiting: isTrap ? 0 : waitingOf(totals),
      received: totals.received,
      tries: totals.tries,
      sentAfterMs: median(totals.sentAfter),
      receivedAfterMs: median(totals.receivedAfter),
    };
  });
  return {
    isp,
    accepted,
    complaints,
    complaintRate: accepted === 0 ? 0 : complaints / accepted,
    kinds: kinds.filter(({ happened, due, received }) => happened + due + received > 0),
  };
}

/** Milliseconds; half of all took no longer. */
function median(times: readonly Micros[]): number | null {
  const middle = [...times].sort((a, b) => a - b)[Math.ceil(times.length / 2) - 1];
  return middle === undefined ? null : middle / 1e3;
}

/** The gravest first. */
function findingsOf(isps: readonly IspFeedback[], to: FeedbackSummary['to']): string[] {
  // What the mailroom could not tell whose it is may be any ISP's.
  const unknown = new Map(
    isps.find(({ isp }) => isp === null)?.kinds.map(({ kind, received }) => [kind, received]),
  );
  const kept = to === 'mta' ? 'was taken by the MTA and never came to the mailroom' : 'was taken and is gone';
  return isps.flatMap(({ isp, kinds }) =>
    kinds.flatMap(({ kind, sent, received, failed, waiting }) => {
      const gone = Math.max(0, sent - received);
      const explained = Math.min(gone, unknown.get(kind) ?? 0);
      unknown.set(kind, (unknown.get(kind) ?? 0) - explained);
      const sentences: [number, string][] = [
        [gone - explained, kept],
        [failed, 'was refused or given up'],
        [waiting, 'still waited at the end'],
      ];
      return sentences
        .filter(([count]) => count > 0)
        .map(([count, what]) => `${isp ?? 'unknown'}: ${formatCount(count)} × ${kind} ${what}.`);
    }),
  );
}
