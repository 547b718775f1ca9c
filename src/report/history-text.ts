/** A recipient's history in words, a line for each thing that happened. */
import { formatCount, formatMs } from './numbers.ts';
import type {
  FeedbackKind,
  FeedbackState,
  HistoryAttempt,
  HistoryInjection,
  HistoryKind,
  RecipientHistory,
} from './summary.ts';

/** What each kind of history is about. */
export const KIND_MEANING: Readonly<Record<HistoryKind, string>> = {
  lost: 'gone from the queue without a word',
  duplicated: 'delivered again after a 250 that the MTA can have read',
  false_bounce: 'delivered, and yet reported as failed',
  missing_dsn: 'bounced, and no DSN came',
  unaccounted: 'no answer, and the queue can’t be listed',
  crash_duplicated: 'delivered before the MTA was killed, and again after it was started again',
  duplicated_unconfirmed: 'delivered again by nobody’s fault: a 250 was never read',
  pending: 'still in the queue at the end',
};

/** A line of a history. */
export interface HistoryLine {
  /** Seconds since the load began: `12.345 s`; empty at the end. */
  readonly at: string;
  readonly text: string;
  /** The ISP's words, on one line. */
  readonly words?: string;
}

/** A history by its moments; attempts that came to the same are one line. */
export function historyLines(history: RecipientHistory): HistoryLine[] {
  const timed = [
    ...history.injections.map((one) => ({ atMs: one.begunMs, line: injection(one, history) })),
    ...groups(history).map((group) => ({ atMs: group.first.atMs, line: attempts(group) })),
    ...history.dsns.map(({ atMs, action }) => ({ atMs, line: { text: `a DSN said “${action}”` } })),
    ...history.feedback.map(({ atMs, kind, state }) => ({
      atMs,
      line: { text: cameBack(kind, state, history.isp) },
    })),
  ].sort((a, b) => a.atMs - b.atMs);
  const lines = timed.map(({ atMs, line }) => ({ at: seconds(atMs), ...line }));
  return [...lines, ...ending(history)];
}

/** A history in a few words: what it is about, and how often it was tried. */
export function historyHead({ attempts, attemptsLeftOut, message, load }: RecipientHistory): string {
  const tries = attempts.length + attemptsLeftOut;
  const last = attempts.at(-1)?.outcome;
  const tried =
    tries === 0
      ? 'never tried'
      : tries === 1
        ? `tried once: ${last}`
        : `tried ${formatCount(tries)} times, at last ${last}`;
  return `message ${message} of load ${load}, ${tried}`;
}

function cameBack(kind: FeedbackKind, state: FeedbackState, isp: string): string {
  switch (state) {
    case 'due':
      return `${isp} has a ${kind} to send back`;
    case 'happened':
      return `the recipient’s ${kind} happened`;
    case 'sent':
      return `${isp}’s ${kind} was taken`;
    case 'failed':
      return `${isp}’s ${kind} was refused or given up`;
    case 'received':
      return `the mailroom received the ${kind}`;
  }
}

type Words = Omit<HistoryLine, 'at'>;

function injection(
  { state, code, dueMs, begunMs, doneMs }: HistoryInjection,
  { load }: RecipientHistory,
): Words {
  const late = begunMs - dueMs >= 0.5 ? `, ${formatMs(begunMs - dueMs)} after it was due` : '';
  const took = formatMs(doneMs - begunMs);
  const reply = code === null ? 'without a reply' : `with ${code}`;
  switch (state) {
    case 'confirmed':
      return { text: `load ${load} handed the message to the MTA${late}; ${code} after ${took}` };
    case 'unconfirmed':
      return { text: `load ${load} handed the message to the MTA${late}; no reply was read within ${took}` };
    case 'refused':
      return { text: `the MTA refused it ${reply} after ${took}${late}` };
    case 'deferred':
      return { text: `the MTA refused the message for now ${reply} after ${took}${late}` };
    case 'dropped':
      return { text: 'the message was due, and never handed over' };
  }
}

/** Attempts that came to the same, one after the other. */
interface Group {
  readonly first: HistoryAttempt;
  last: HistoryAttempt;
  count: number;
  readonly sources: Set<string>;
  /** So many attempts are left out behind it. */
  leftOut: number;
}

function groups({ attempts, attemptsLeftOut }: RecipientHistory): Group[] {
  const all: Group[] = [];
  attempts.forEach((attempt, i) => {
    const source = attempt.source ?? 'an unknown address';
    const group = all.at(-1);
    // Of a history that was shortened the middle is missing.
    const afterGap = attemptsLeftOut > 0 && i === Math.ceil(attempts.length / 2);
    if (afterGap && group) group.leftOut = attemptsLeftOut;
    if (group && !afterGap && isAlike(group.last, attempt)) {
      group.last = attempt;
      group.count++;
      group.sources.add(source);
      return;
    }
    all.push({ first: attempt, last: attempt, count: 1, sources: new Set([source]), leftOut: 0 });
  });
  return all;
}

function isAlike(a: HistoryAttempt, b: HistoryAttempt): boolean {
  return (
    a.isp === b.isp &&
    a.stage === b.stage &&
    a.outcome === b.outcome &&
    a.reply === b.reply &&
    a.replyLost === b.replyLost
  );
}

function attempts({ first, last, count, sources, leftOut }: Group): Words {
  const from = sources.size === 1 ? [...sources][0] : `${sources.size} sources`;
  const times = count === 1 ? '' : `, ${count} times until ${seconds(last.atMs)}`;
  const gap = leftOut === 0 ? '' : `; ${formatCount(leftOut)} more attempts are left out here`;
  const text = `${happened(first)} (from ${from}, ${first.stage})${times}${gap}`;
  return first.text === null ? { text } : { text, words: first.text.join(' ') };
}

function happened({ isp, outcome, reply, code, replyLost }: HistoryAttempt): string {
  const said = code === null ? '' : `: ${code} ${reply}`;
  switch (outcome) {
    case 'accepted':
      return `${isp} accepted it${said}${replyLost ? ', and the MTA can’t have read so' : ''}`;
    case 'throttled':
    case 'deferred':
    case 'rejected':
      return `${isp} ${outcome} it${said}`;
    case 'dropped':
      return `${isp} ended the connection without a reply`;
    case 'abandoned':
      return `the MTA ended the connection to ${isp} before it was answered`;
  }
}

function ending({ queued, outcome, complete }: RecipientHistory): HistoryLine[] {
  const lines: string[] = [];
  if (queued === 'recipient') lines.push('at the end the MTA’s queue listed it');
  else if (queued === 'report') lines.push('at the end the MTA’s queue listed a DSN about its message');
  else if (outcome === 'lost') lines.push('at the end the MTA’s queue did not list it');
  else if (outcome === 'unaccounted') lines.push('the MTA’s queue could not be listed');
  if (!complete) lines.push('records of it are missing');
  return lines.map((text) => ({ at: '', text }));
}

function seconds(ms: number): string {
  return `${(ms / 1e3).toFixed(3)} s`;
}
