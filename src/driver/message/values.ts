/** What is filled into a message's texts. It needs nothing of Node, so that k6 can do it too (driver/k6). */
import { unsubscribeAddress, unsubscribeUrl } from '../../core/identity.ts';
import type { Values } from './placeholders.ts';

/** How a recipient can unsubscribe: RFC 8058 (and 2369), RFC 2369 by mail, or not at all. */
export type Unsubscribe = 'one-click' | 'mailto' | 'none';

/** What of a load's messages decides their values. */
export interface ValuesPlan {
  /** The load's name. */
  readonly load: string;
  /** The virtual MTAs, each once. */
  readonly vmtas: readonly string[];
  readonly unsubscribe: Unsubscribe;
  /** `none`: no signature, so that nothing need be on one line for it. */
  readonly dkim: string;
}

/**
 * The values of a message.
 * @param like whose sender, content and virtual MTA it has: its own number, or that of a message that it follows
 * @param domain of its sender
 * @param addresses of its recipients
 */
export function valuesOf(
  plan: ValuesPlan,
  message: number,
  like: number,
  domain: string,
  addresses: readonly string[],
): Values {
  const recipient = addresses[0] ?? '';
  const at = recipient.lastIndexOf('@');
  return {
    message: String(message),
    recipient,
    mailbox: recipient.slice(0, at),
    domain: recipient.slice(at + 1),
    sender: `news@${domain}`,
    load: plan.load,
    vmta: plan.vmtas[like % plan.vmtas.length] ?? '',
    senderDomain: domain,
    to: addresses.join(',\r\n '),
    unfoldedTo: plan.dkim === 'none' ? '' : addresses.join(', '),
    unsubscribe: unsubscribe(plan.unsubscribe, message, domain),
  };
}

function unsubscribe(how: Unsubscribe, message: number, domain: string): string {
  switch (how) {
    case 'none':
      return '';
    case 'mailto':
      return `mailto:${unsubscribeAddress(message, 0, domain)}`;
    case 'one-click':
      return unsubscribeUrl(message, 0, domain);
  }
}
