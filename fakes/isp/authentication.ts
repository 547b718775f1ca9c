/**
 * What an ISP makes of a sender's authentication: pure rules over findings. check-message.ts finds, profile data says
 * which finding is refused with which reply, and this decides.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { ReverseResult } from './lab-resolver.ts';
import type { Mark } from './replies.ts';
import type { HeaderFaultKind, HeaderReport } from './rfc5322.ts';

/** How often an ISP checks: never, now and then and without consequences, or every message and for real. */
export const CHECKING = ['off', 'sampled', 'every'] as const;
export type Checking = (typeof CHECKING)[number];

/** Where rules are applied: what the client is, is known at MAIL; the message is known after the dot. */
export const RULE_STAGES = ['mail', 'dot'] as const;
export type RuleStage = (typeof RULE_STAGES)[number];

/** What is known of a client when it says MAIL. */
export interface ClientFindings {
  readonly tls: boolean;
  readonly ipv6: boolean;
  readonly reverse: ReverseResult;
  /** Whether it greets with the ISP's own name. */
  readonly ownHelo: boolean;
  /** Whether DNS knows the domain of MAIL FROM; it does if there is none. */
  readonly mailDomain: Existence;
}
export type Existence = 'exists' | 'missing' | 'temperror';

/** Results of RFC 7208 section 2.6. */
export type SpfResult = 'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'temperror' | 'permerror';

/** What is known of a message. Domains are in small letters; '' where there is none. */
export interface MessageFindings {
  readonly header: HeaderReport;
  readonly fromDomain: string;
  /** The organisational domain of From (RFC 7489 section 3.2). */
  readonly organisation: string;
  readonly fromExists: Existence;
  /** `open`: the record lets everyone pass (`+all`). */
  readonly spf: { readonly result: SpfResult; readonly open: boolean };
  /** The best of all signatures: one that passes and is aligned, one that passes, one that could not be judged, another. */
  readonly dkim: { readonly result: 'pass' | 'fail' | 'none' | 'temperror'; readonly domain: string };
  /** Result and policy (RFC 7489 section 6.3). No policy: no record, or none that says one. */
  readonly dmarc: {
    readonly result: 'pass' | 'fail' | 'none' | 'temperror';
    readonly policy: 'none' | 'quarantine' | 'reject' | undefined;
  };
  /** Whether SPF or DKIM passes for the organisational domain of From; so is relaxed alignment defined. */
  readonly aligned: boolean;
}

type OfClient = (client: ClientFindings) => boolean;
type OfMessage = (message: MessageFindings) => boolean;

const CLIENT_CONDITIONS = {
  plaintext: ({ tls }) => !tls,
  ipv6: (client) => client.ipv6,
  'no-reverse': ({ reverse }) => reverse === 'none' || reverse === 'fail',
  'reverse-temperror': ({ reverse }) => reverse === 'temperror',
  'own-helo': ({ ownHelo }) => ownHelo,
  'no-mail-domain': ({ mailDomain }) => mailDomain === 'missing',
  'mail-domain-temperror': ({ mailDomain }) => mailDomain === 'temperror',
} satisfies Record<string, OfClient>;

/** A failure that comes from DNS is none of the sender: its conditions have names of their own. */
const MESSAGE_CONDITIONS = {
  'no-from': fault('no-from'),
  'several-from-addresses': fault('several-from-addresses'),
  'no-date': fault('no-date'),
  'no-message-id': fault('no-message-id'),
  'repeated-field': fault('repeated-field'),
  'encoded-address': fault('encoded-address'),
  'no-one-click': ({ header }) => header.unsubscribe !== 'one-click',
  'no-from-domain': ({ fromExists }) => fromExists === 'missing',
  'spf-fail': ({ spf }) => spf.result === 'fail',
  'spf-not-passed': spfNotPassed,
  'spf-open': ({ spf }) => spf.open,
  'dkim-not-passed': dkimNotPassed,
  'dkim-invalid': ({ dkim }) => dkim.result === 'fail',
  /** Neither SPF nor DKIM passes. */
  unauthenticated: (m) => spfNotPassed(m) && dkimNotPassed(m),
  'unauthenticated-temperror': (m) => undecided(m) && m.spf.result !== 'pass' && m.dkim.result !== 'pass',
  'not-aligned': (m) => !m.aligned && !undecided(m),
  'no-dmarc': ({ dmarc }) => dmarc.result !== 'temperror' && dmarc.policy === undefined,
  'dmarc-reject': (m) => m.dmarc.result === 'fail' && m.dmarc.policy === 'reject' && !undecided(m),
  /** DNS keeps the ISP from knowing whether the policy would reject it. */
  'dmarc-temperror': (m) =>
    m.dmarc.result === 'temperror'
      ? !m.aligned
      : m.dmarc.result === 'fail' && m.dmarc.policy === 'reject' && undecided(m),
  /** One of SPF, DKIM and DMARC does not pass. */
  'not-all-passed': (m) =>
    spfNotPassed(m) ||
    dkimNotPassed(m) ||
    m.dmarc.result === 'none' ||
    (m.dmarc.result === 'fail' && !undecided(m)),
} satisfies Record<string, OfMessage>;

export type ClientCondition = keyof typeof CLIENT_CONDITIONS;
export type Condition = ClientCondition | keyof typeof MESSAGE_CONDITIONS;

/** Every condition that a rule can name. */
export const CONDITIONS = [
  ...Object.keys(CLIENT_CONDITIONS),
  ...Object.keys(MESSAGE_CONDITIONS),
] as Condition[];

/** Whether a condition can be told at MAIL already. */
export function isOfClient(condition: Condition): condition is ClientCondition {
  return condition in CLIENT_CONDITIONS;
}

/** One rule: the reply to messages that meet all its conditions. */
export interface ResolvedRule {
  readonly name: string;
  readonly when: readonly Condition[];
  /** Whether it is for bulk senders only. */
  readonly bulk: boolean;
  readonly stage: RuleStage;
  /** Index in the ISP's replies. */
  readonly reply: number;
  readonly source: string;
  readonly mark: Mark;
}

/** How an ISP authenticates, in one run. */
export interface ResolvedAuthentication {
  readonly check: Checking;
  /** Share of messages that are looked at if the check is `sampled`. */
  readonly sample: number;
  /** Messages of one organisational domain in that many real microseconds that make it a bulk sender, for good. */
  readonly bulk: { readonly messages: number; readonly per: Micros } | null;
  /** In the order in which they are applied; the first that holds is said. */
  readonly rules: readonly ResolvedRule[];
}

/** What an ISP remembers of one organisational domain: the window that its messages are counted in. Plain data. */
export interface SenderRecord {
  windowStart: Micros;
  messages: number;
  isBulk: boolean;
}

/** The organisational domains that have sent. */
export type Senders = Map<string, SenderRecord>;

/** A sender may invent any number of domains. From this many on, at each doubling, those that sent little are forgotten. */
const MANY_SENDERS = 16_384;

/** Counts a message of an organisational domain. `messages`: how many it stands for. */
export function countMessage(
  senders: Senders,
  { bulk }: ResolvedAuthentication,
  organisation: string,
  now: Micros,
  messages = 1,
): void {
  if (bulk === null || organisation === '') return;
  let record = senders.get(organisation);
  if (!record) {
    const { size } = senders;
    if (size >= MANY_SENDERS && (size & (size - 1)) === 0) forgetSmall(senders, bulk.per, now);
    record = { windowStart: now, messages: 0, isBulk: false };
    senders.set(organisation, record);
  } else if (now - record.windowStart >= bulk.per) {
    record.windowStart = now;
    record.messages = 0;
  }
  record.messages += messages;
  record.isBulk ||= record.messages >= bulk.messages;
}

function forgetSmall(senders: Senders, per: Micros, now: Micros): void {
  for (const [organisation, { isBulk, windowStart }] of senders) {
    if (!isBulk && now - windowStart >= per) senders.delete(organisation);
  }
}

/** The first rule of a stage that holds; undefined: nothing is wrong. At MAIL there is no message yet. */
export function judgeAuthentication(
  client: ClientFindings,
  message: MessageFindings | undefined,
  { rules }: ResolvedAuthentication,
  senders: Senders,
): ResolvedRule | undefined {
  const stage: RuleStage = message ? 'dot' : 'mail';
  const isBulk = message !== undefined && senders.get(message.organisation)?.isBulk === true;
  const holds = (condition: Condition): boolean =>
    isOfClient(condition)
      ? CLIENT_CONDITIONS[condition](client)
      : message !== undefined && MESSAGE_CONDITIONS[condition](message);
  return rules.find((rule) => rule.stage === stage && (isBulk || !rule.bulk) && rule.when.every(holds));
}

function fault(kind: HeaderFaultKind): OfMessage {
  return ({ header }) => header.faults.some((f) => f.kind === kind);
}

function spfNotPassed({ spf }: MessageFindings): boolean {
  return spf.result !== 'pass' && spf.result !== 'temperror';
}

function dkimNotPassed({ dkim }: MessageFindings): boolean {
  return dkim.result !== 'pass' && dkim.result !== 'temperror';
}

function undecided({ spf, dkim }: MessageFindings): boolean {
  return spf.result === 'temperror' || dkim.result === 'temperror';
}
