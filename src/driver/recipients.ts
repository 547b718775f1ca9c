import { type Chance, Purpose } from '../core/chance.ts';
import { recipientAddress } from '../core/identity.ts';

/** Whom a load is for: ISPs with their shares and domains. */
export interface RecipientPlan {
  readonly isps: readonly {
    readonly share: number;
    readonly domains: readonly { readonly name: string; readonly weight: number }[];
  }[];
  readonly perMessage: number;
  /** Whether each recipient's ISP is chosen for itself, once for all recipients of a message, or once for a user. */
  readonly ispPer: 'recipient' | 'message' | 'user';
  /** Virtual users; message n is sent by user n modulo this. */
  readonly users: number;
  /** Number of the load's first message, and of its first mailbox. */
  readonly firstMessage: number;
  readonly firstMailbox: number;
  /** So many messages go to different mailboxes, then the mailboxes repeat; undefined: they never do. */
  readonly repeatAfter: number | undefined;
}

/** The recipients of a load's messages. The same seed gives the same recipients. */
export interface Recipients {
  /** The ISP (index) of a message's recipient. */
  isp(message: number, slot: number): number;
  address(message: number, slot: number): string;
}

/** Multiples of the golden ratio spread evenly, so that even a few users are shared out among the ISPs as asked. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Chooses ISP and domain of every mailbox by keyed chance; nothing is stored. */
export function createRecipients(plan: RecipientPlan, prng: Chance): Recipients {
  const { perMessage, ispPer, users, firstMessage, firstMailbox, repeatAfter } = plan;
  const pickIsp = picker(plan.isps.map((isp) => isp.share));
  const pickDomain = plan.isps.map(({ domains }) => picker(domains.map((domain) => domain.weight)));

  function mailbox(message: number, slot: number): number {
    const n = message - firstMessage;
    return firstMailbox + (repeatAfter === undefined ? n : n % repeatAfter) * perMessage + slot;
  }
  function ispOf(message: number, box: number): number {
    if (ispPer === 'user') return pickIsp((((message - firstMessage) % users) * GOLDEN) % 1);
    return pickIsp(
      prng.chance(Purpose.ispOfRecipient, ispPer === 'message' ? Math.floor(box / perMessage) : box),
    );
  }
  return {
    isp: (message, slot) => ispOf(message, mailbox(message, slot)),
    address(message, slot) {
      const box = mailbox(message, slot);
      const isp = ispOf(message, box);
      const at = pickDomain[isp]?.(prng.chance(Purpose.domainOfRecipient, box)) ?? 0;
      return recipientAddress(box, slot, plan.isps[isp]?.domains[at]?.name ?? 'invalid');
    },
  };
}

/** From chance in [0, 1) to a place in a list of weights. */
export function picker(weights: readonly number[]): (chance: number) => number {
  const bounds: number[] = [];
  let sum = 0;
  for (const weight of weights) {
    sum += weight;
    bounds.push(sum);
  }
  return (chance) => {
    const at = chance * sum;
    let index = 0;
    while (index < bounds.length - 1 && at >= (bounds[index] as number)) index++;
    return index;
  };
}
