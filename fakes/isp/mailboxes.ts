/** Which mailboxes take no mail. The fate of each depends on seed, ISP and address alone. */
import { type Prng, Purpose } from '../../src/core/prng.ts';
import type { Stage } from '../../src/record/attempt-log.ts';
import type { ResolvedIsp, ResolvedMailbox } from './resolved-isp.ts';
import type { Verdict } from './verdict.ts';

/** What happens to mail for one kind of mailbox. */
interface Fate {
  readonly share: number;
  /** Where the refusal is said. */
  readonly stage: Stage | undefined;
  readonly refusal: Verdict;
  /** Whether mail to it tells of a bad list: the mailbox does not exist, or not any more. */
  readonly isDead: boolean;
}

/** All mailboxes of an ISP. */
export interface Mailboxes {
  readonly number: number;
  readonly fates: readonly Fate[];
  readonly hostedDomains: ReadonlySet<string>;
  readonly hostedFates: readonly Fate[];
  /** Whether anything is found out only after the dot. */
  readonly speakAtDot: boolean;
  readonly mixed: ResolvedIsp['mixed'];
}

/** What was found out about recipients. `dead`: how many of them do not exist. */
export interface Finding {
  readonly refusal: Verdict | undefined;
  readonly dead: number;
}

const FINE: Finding = { refusal: undefined, dead: 0 };

/** The mailboxes of an ISP. */
export function createMailboxes(isp: ResolvedIsp): Mailboxes {
  const fatesOf = (kinds: readonly ResolvedMailbox[]): Fate[] =>
    kinds.map(({ name, share, reply }) => ({
      share,
      stage: isp.replies[reply]?.stage,
      refusal: { kind: 'refuse', reply, close: isp.replies[reply]?.closes ?? false, limit: undefined },
      isDead: name === 'unknown' || name === 'disabled',
    }));
  const fates = fatesOf(isp.mailboxes);
  const hostedFates = fatesOf(isp.hosted.mailboxes);
  return {
    number: isp.number,
    fates,
    hostedDomains: new Set(isp.hosted.domains),
    hostedFates,
    speakAtDot: [...fates, ...hostedFates].some((fate) => fate.stage === 'dot'),
    mixed: isp.mixed,
  };
}

/**
 * What is found out about a recipient at RCPT.
 * @param address the recipient in small letters; `hash` is its hash
 */
export function findAtRcpt(mailboxes: Mailboxes, address: string, hash: number, chance: Prng): Finding {
  const fate = fateOf(mailboxes, address, hash, 'rcpt', chance);
  return fate ? { refusal: fate.refusal, dead: fate.isDead ? 1 : 0 } : FINE;
}

/**
 * What is found out after the dot, where one reply stands for all recipients. It refuses if none of them takes mail,
 * in the words for the first; if some do, `mixed` decides (assumed: no source says what Yahoo does).
 */
export function findAtDot(mailboxes: Mailboxes, recipients: readonly string[], chance: Prng): Finding {
  if (!mailboxes.speakAtDot) return FINE;
  let refusal: Verdict | undefined;
  let refused = 0;
  let dead = 0;
  for (const recipient of recipients) {
    const address = recipient.toLowerCase();
    const fate = fateOf(mailboxes, address, chance.hash(address), 'dot', chance);
    if (!fate) continue;
    refusal ??= fate.refusal;
    refused++;
    if (fate.isDead) dead++;
  }
  const taken = refused < recipients.length && mailboxes.mixed === 'accept';
  return { refusal: taken ? undefined : refusal, dead };
}

function fateOf(
  mailboxes: Mailboxes,
  address: string,
  hash: number,
  stage: 'rcpt' | 'dot',
  chance: Prng,
): Fate | undefined {
  const fates = isHosted(mailboxes, address) ? mailboxes.hostedFates : mailboxes.fates;
  if (fates.length === 0) return undefined;
  let at = chance.chance(Purpose.mailboxFate, hash, mailboxes.number);
  for (const fate of fates) {
    at -= fate.share;
    if (at < 0) return fate.stage === stage ? fate : undefined;
  }
  return undefined;
}

function isHosted({ hostedDomains }: Mailboxes, address: string): boolean {
  return hostedDomains.size > 0 && hostedDomains.has(address.slice(address.lastIndexOf('@') + 1));
}
