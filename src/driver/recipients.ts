import { recipientAddress } from '../core/identity.ts';
import { type Prng, Purpose } from '../core/prng.ts';

/** Whom a load is for: ISPs with their shares and domains. */
export interface RecipientMix {
  readonly isps: readonly { readonly share: number; readonly domains: readonly string[] }[];
  readonly recipientsPerMessage: number;
  /** Whether each recipient's ISP is chosen for itself, or once for all recipients of a message. */
  readonly ispPer: 'recipient' | 'message';
}

/** The recipients of a run, by number. The same seed gives the same recipients. */
export interface Recipients {
  /** The ISP (index) of a recipient. */
  isp(recipient: number): number;
  address(recipient: number): string;
}

/** Chooses ISP and domain of every recipient by keyed chance; nothing is stored. */
export function createRecipients(mix: RecipientMix, prng: Prng): Recipients {
  const bounds: number[] = [];
  let sum = 0;
  for (const { share } of mix.isps) {
    sum += share;
    bounds.push(sum);
  }
  const { recipientsPerMessage: perMessage, ispPer } = mix;

  function isp(recipient: number): number {
    const key = ispPer === 'message' ? Math.floor(recipient / perMessage) : recipient;
    const at = prng.chance(Purpose.ispOfRecipient, key) * sum;
    const index = bounds.findIndex((bound) => at < bound);
    return index < 0 ? bounds.length - 1 : index;
  }

  return {
    isp,
    address(recipient) {
      const domains = mix.isps[isp(recipient)]?.domains ?? [];
      const domain =
        domains[Math.floor(prng.chance(Purpose.domainOfRecipient, recipient) * domains.length)] ?? 'invalid';
      return recipientAddress(recipient, recipient % perMessage, domain);
    },
  };
}
