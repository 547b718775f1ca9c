/** From a recipient's records to its history as reports tell it. */
import type { AttemptEvent, History } from '../analysis/histories.ts';
import type { HistoryKind } from '../analysis/in-question.ts';
import type { Micros } from '../core/clock.ts';
import type { ReportInput } from './input.ts';
import type { HistoryAttempt, Outcome, RecipientHistory } from './summary.ts';

/** What is known of a recipient beside its records. */
export interface HistoryFacts {
  readonly kinds: readonly HistoryKind[];
  readonly address: string;
  /** The ISP that its address leads to, by index. */
  readonly isp: number;
  readonly outcome: Outcome | undefined;
  readonly complete: boolean;
}

/** Tells a recipient's history, whole. */
export function tellHistory(history: History, facts: HistoryFacts, input: ReportInput): RecipientHistory {
  const { message, slot, load, injections, attempts, dsns, feedback, queued } = history;
  return {
    kinds: facts.kinds,
    recipient: facts.address,
    message,
    slot,
    load: load.name,
    isp: input.isps[facts.isp]?.id ?? '',
    outcome: facts.outcome ?? null,
    injections: injections.map(({ due, begun, done, state, code }) => ({
      dueMs: ms(due),
      begunMs: ms(begun),
      doneMs: ms(done),
      state,
      code: code === 0 ? null : code,
    })),
    attempts: attempts.map((attempt) => tellAttempt(attempt, input)),
    attemptsLeftOut: 0,
    dsns: dsns.map(({ at, action }) => ({ atMs: ms(at), action })),
    feedback: feedback.map(({ at, kind, state }) => ({ atMs: ms(at), kind, state })),
    queued: queued ?? null,
    complete: facts.complete,
  };
}

/** A history with the first and the last of its attempts, `most` in all. */
export function shortened(history: RecipientHistory, most: number): RecipientHistory {
  const { attempts } = history;
  if (attempts.length <= most) return history;
  const first = Math.ceil(most / 2);
  return {
    ...history,
    attempts: [...attempts.slice(0, first), ...attempts.slice(first - most)],
    attemptsLeftOut: attempts.length - most,
  };
}

function tellAttempt(
  { at, isp, source, reply, stage, outcome, replyLost }: AttemptEvent,
  input: ReportInput,
): HistoryAttempt {
  const said = input.replies[reply];
  return {
    atMs: ms(at),
    isp: input.isps[isp]?.id ?? '',
    source: input.sources[source] ?? null,
    stage,
    outcome,
    reply: said?.id ?? null,
    code: said?.code ?? null,
    text: said?.text ?? null,
    replyLost,
  };
}

/** Milliseconds, to the microsecond. */
function ms(micros: Micros): number {
  return Math.round(micros) / 1e3;
}
