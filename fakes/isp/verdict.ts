/** What happens at an ISP, and what it does about it: the words between a session and the policy. */
import type { Micros } from '../../src/core/clock.ts';

/** Something that happens at an ISP. `connection` names the connection of a `connect` before. */
export type PolicyEvent =
  | {
      readonly kind: 'connect';
      readonly connection: number;
      /** The index of the client among the run's sources, for incidents that name one. */
      readonly source: number;
      /** Whom limits by source count for, and the network that it is in (networks.ts). */
      readonly client: string;
      readonly netblock: string;
    }
  | {
      readonly kind: 'mail';
      readonly connection: number;
      readonly sender: string;
      /** In small letters. */
      readonly senderDomain: string;
      /** What the client said with SIZE= (RFC 1870). */
      readonly size?: number;
    }
  | { readonly kind: 'rcpt'; readonly connection: number; readonly recipient: string }
  | {
      readonly kind: 'dot';
      readonly connection: number;
      /** Recipients that were accepted at RCPT. */
      readonly recipients: readonly string[];
      readonly bytes: number;
      /** The d= of the message's DKIM signature, in small letters, where its header was seen and has one. */
      readonly dkimDomain?: string | undefined;
    }
  | { readonly kind: 'close'; readonly connection: number };

/** What a fault does to the TLS of a mail host. */
export const TLS_FAULTS = ['expired', 'wrong-name', 'handshake-reset', 'not-offered'] as const;

/** A fault that the engine acts out, though the policy accepts. Times are real. */
export type Effect =
  /** The greeting comes late. */
  | { readonly kind: 'slow-banner'; readonly delay: Micros }
  /** Every reply of the connection comes late. */
  | { readonly kind: 'tarpit'; readonly delay: Micros }
  /** Nothing is said any more from this stage on, and the connection stays open, or is closed from our side only. */
  | { readonly kind: 'stall' | 'half-open'; readonly stage: 'connect' | 'ehlo' | 'dot' }
  /** The connection is reset after so many bytes of the message. */
  | { readonly kind: 'reset'; readonly bytes: number }
  /** The message is taken, and the connection lost before the reply that says so. */
  | { readonly kind: 'lose-reply' }
  | { readonly kind: 'tls'; readonly fault: (typeof TLS_FAULTS)[number] };

/**
 * What the ISP does. `limit`: index of the limit that was met; undefined where it is something else. `effect`: for the
 * connection where it comes with the answer to `connect`, for the transaction where it comes later.
 */
export type Verdict =
  | { readonly kind: 'accept'; readonly reply: number; readonly effect?: Effect }
  | {
      readonly kind: 'refuse';
      readonly reply: number;
      readonly close: boolean;
      readonly limit: number | undefined;
    }
  | { readonly kind: 'hangup'; readonly limit: number };

/** At which event each effect is told, so that the engine knows it in time. */
export function stageOfEffect(effect: Effect): 'connect' | 'mail' | 'dot' {
  switch (effect.kind) {
    case 'reset':
      return 'mail';
    case 'lose-reply':
      return 'dot';
    case 'stall':
    case 'half-open':
      return effect.stage === 'dot' ? 'dot' : 'connect';
    case 'slow-banner':
    case 'tarpit':
    case 'tls':
      return 'connect';
  }
}
