/** What became of mail to recipients about whom there was bad news, by the definitions of README.md. */
import type { Micros } from '../core/clock.ts';
import type { Measured } from '../gate/threshold.ts';
import type { Aggregate } from '../record/aggregate.ts';
import type { News } from '../record/attempt-log.ts';
import type { Ledger } from '../record/ledger.ts';
import { eachRecipient, type LoadModel, loadOfMessage } from '../record/run-model.ts';
import type { BadRecipient, FollowUpFacts, SuppressionTally } from '../record/suppression-tally.ts';

/**
 * What an MTA did with a message that came after bad news. `refused`: it said no for good when it was handed over;
 * `suppressed`: it took it and never tried the ISP; `sent`: it tried; `pending`: it may still do so; `unknown`: it never
 * had it, or nobody knows.
 */
export const TREATMENTS = ['refused', 'suppressed', 'sent', 'pending', 'unknown'] as const;
export type Treatment = (typeof TREATMENTS)[number];

/** Messages that came after news, by what the MTA did, and attempts at the ISP for them. */
export interface Treated {
  readonly messages: Record<Treatment, number>;
  attempts: number;
}

/** A recipient about whom there was bad news, as the MTA treated it afterwards. */
export interface Observed {
  readonly isp: number;
  readonly news: BadRecipient['news'];
  readonly withdrawn: boolean;
  /** What came while the news held, and what came after it was withdrawn. */
  readonly held: Treated;
  readonly after: Treated;
  /** From the news to the last attempt for a message after it; Infinity: not suppressed; undefined: nothing tells. */
  readonly delay: Micros | undefined;
  /** Of a complaint that was withdrawn: the last message after that did not reach the ISP; undefined: nothing tells. */
  readonly kept: boolean | undefined;
}

/** A message to the recipient. */
interface Message {
  readonly due: Micros;
  readonly treatment: Treatment;
  readonly attempts: number;
  readonly lastAttemptAt: Micros;
}

/** Judges all recipients about whom there was bad news. */
export function observedRecipients({ suppression, ledger, model, marks }: Aggregate): Observed[] {
  // What is not in the queue at the end won't be sent any more.
  const settled = marks.has('queue_listed') || marks.has('drained');
  const messagesTo = (bad: BadRecipient): Message[] => [
    ...followUps(bad, suppression, settled),
    ...laterOnes(bad, model.loads, ledger, suppression, settled),
  ];
  return [...suppression.recipients].map((bad) => judged(bad, messagesTo(bad)));
}

function judged(bad: BadRecipient, messages: readonly Message[]): Observed {
  const { isp, news, at, withdrawnAt, renewedAt = Number.POSITIVE_INFINITY } = bad;
  const held = messages.filter(({ due }) => due < (withdrawnAt ?? Number.POSITIVE_INFINITY));
  const after = messages.filter((message) => !held.includes(message) && message.due < renewedAt);
  return {
    isp,
    news,
    withdrawn: withdrawnAt !== undefined,
    held: treated(held),
    after: treated(after),
    delay: delayOf(held, at),
    kept: isKept(after),
  };
}

/** What waits at the end is on its way. */
function isKept(messages: readonly Message[]): boolean | undefined {
  const treatment = lastOf(messages.filter((message) => message.treatment !== 'unknown'))?.treatment;
  return treatment === undefined ? undefined : treatment === 'refused' || treatment === 'suppressed';
}

function lastOf(messages: readonly Message[]): Message | undefined {
  return messages.length === 0 ? undefined : messages.reduce((a, b) => (b.due >= a.due ? b : a));
}

/** The last message decides whether the recipient is suppressed. */
function delayOf(messages: readonly Message[], at: Micros): Micros | undefined {
  const known = messages.filter(({ treatment }) => treatment !== 'unknown');
  const last = lastOf(known);
  if (last === undefined) return undefined;
  if (last.treatment === 'sent' || known.some(({ treatment }) => treatment === 'pending'))
    return Number.POSITIVE_INFINITY;
  const sent = known.filter(({ treatment }) => treatment === 'sent');
  return sent.reduce((delay, { lastAttemptAt }) => Math.max(delay, lastAttemptAt - at), 0);
}

function treated(messages: readonly Message[]): Treated {
  const counts = nothingTreated();
  for (const message of messages) addMessage(counts, message);
  return counts;
}

/** Counts of nothing yet. */
export function nothingTreated(): Treated {
  return { messages: { refused: 0, suppressed: 0, sent: 0, pending: 0, unknown: 0 }, attempts: 0 };
}

/** Adds counts to others. */
export function addTreated(to: Treated, { messages, attempts }: Treated): void {
  for (const treatment of TREATMENTS) to.messages[treatment] += messages[treatment];
  to.attempts += attempts;
}

function addMessage(to: Treated, { treatment, attempts }: Message): void {
  to.messages[treatment]++;
  to.attempts += attempts;
}

/** The messages that were sent because of the news. */
function followUps(
  { followUps }: BadRecipient,
  suppression: SuppressionTally,
  settled: boolean,
): readonly Message[] {
  const messages: Message[] = [];
  for (const { first, count } of followUps)
    for (let message = first; message < first + count; message++) {
      const facts = suppression.message(message);
      if (facts?.injection !== undefined) messages.push({ ...facts, treatment: treatmentOf(facts, settled) });
    }
  return messages;
}

/** Messages of a load whose mailboxes repeat that went to the same one, and were due after the news. */
function laterOnes(
  bad: BadRecipient,
  loads: readonly LoadModel[],
  ledger: Ledger,
  { refusedForGood }: SuppressionTally,
  settled: boolean,
): readonly Message[] {
  const load = loadOfMessage(loads, bad.message);
  const { repeatAfter } = load ?? {};
  if (!load || repeatAfter === undefined) return [];
  const messages: Message[] = [];
  const end = Math.min(load.firstMessage + load.messages, ledger.endOfMessages(load));
  const first = load.firstMessage + ((bad.message - load.firstMessage) % repeatAfter);
  for (let message = first; message < end; message += repeatAfter)
    eachRecipient(loads, message, bad.slot, undefined, (r) => {
      const injection = ledger.injection(r);
      const due = ledger.due(r);
      if (injection === undefined || due <= bad.at) return;
      const facts: FollowUpFacts = {
        injection,
        isRefusedForGood: refusedForGood.has(message),
        due,
        attempts: ledger.attempts(r),
        lastAttemptAt: ledger.accepted(r) > 0 ? ledger.lastAcceptedAt(r) : ledger.lastTriedAt(r),
        pending: ledger.isPending(r),
      };
      messages.push({ ...facts, treatment: treatmentOf(facts, settled) });
    });
  return messages;
}

function treatmentOf(
  { injection, isRefusedForGood, attempts, pending }: FollowUpFacts,
  settled: boolean,
): Treatment {
  if (attempts > 0) return 'sent';
  if (injection === 'refused' && isRefusedForGood) return 'refused';
  if (injection !== 'confirmed') return 'unknown';
  return pending || !settled ? 'pending' : 'suppressed';
}

/** The metrics of this file, with the news that each is about. */
export const SENT_AFTER = {
  sent_after_bounce: 'bounce',
  sent_after_complaint: 'complaint',
  sent_after_unsubscribe: 'unsubscribe',
} as const satisfies Record<string, News>;
export type SuppressionMetric = keyof typeof SENT_AFTER | 'kept_after_withdrawal' | 'suppression_delay';

/**
 * What a threshold asks for. Undefined where no message tells: a gate must not pass because nobody was written to.
 * @param isp the ISP's number; undefined: all
 * @param loadSeconds what the rate of a counter is over
 */
export function measureSuppression(
  observed: readonly Observed[],
  metric: SuppressionMetric,
  isp: number | undefined,
  loadSeconds: number,
): Measured | undefined {
  const matching = observed.filter((one) => isp === undefined || one.isp === isp);
  const counter = (of: readonly Treated[], value: (counts: Treated) => number): Measured | undefined => {
    const counts = nothingTreated();
    for (const each of of) addTreated(counts, each);
    const { unknown, ...known } = counts.messages;
    if (Object.values(known).every((n) => n === 0)) return undefined;
    const count = value(counts);
    return { kind: 'counter', count, rate: count / loadSeconds };
  };
  if (metric === 'suppression_delay') return trendOf(matching);
  if (metric === 'kept_after_withdrawal') {
    const after = matching.map((one) => one.after);
    return counter(after, ({ messages }) => messages.refused + messages.suppressed);
  }
  const held = matching.filter(({ news }) => news === SENT_AFTER[metric]).map((one) => one.held);
  return counter(held, ({ attempts }) => attempts);
}

/** Delays in milliseconds, exactly; Infinity for who was not suppressed. */
function trendOf(observed: readonly Observed[]): Measured | undefined {
  const delays = observed.flatMap(({ delay }) => (delay === undefined ? [] : [delay / 1e3]));
  if (delays.length === 0) return undefined;
  delays.sort((a, b) => a - b);
  const percentile = (p: number): number =>
    delays[Math.max(0, Math.ceil((p / 100) * delays.length) - 1)] as number;
  return {
    kind: 'trend',
    count: delays.length,
    avg: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
    min: delays[0] as number,
    max: delays.at(-1) as number,
    percentile,
  };
}
