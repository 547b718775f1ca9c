/** What the return path starts from: a message that an ISP has accepted, as its own systems know it. */
import type { Micros } from '../../src/core/clock.ts';

/** A message that an ISP has said 250 to. */
export interface AcceptedMessage {
  /** On the sink's clock: microseconds since the load began. */
  readonly at: Micros;
  /** Index of the source that it came from (UNKNOWN_SOURCE: none of the run's), and the simulated address. */
  readonly source: number;
  readonly address: string;
  /** What the client called itself. */
  readonly helo: string;
  /** The envelope: the reverse path, '' for a bounce, and whom the ISP accepted it for. */
  readonly sender: string;
  readonly recipients: readonly string[];
  /** The header fields as received, CRLF after each line, without the empty line; one character a byte (latin1). */
  readonly header: string;
  readonly bytes: number;
  readonly tls: boolean;
  /** The d= of the first signature, and the domain of From, in small letters; undefined: there is none. */
  readonly dkimDomain: string | undefined;
  readonly fromDomain: string | undefined;
  /** What authentication found; undefined: this message was not looked at. */
  readonly passed: { readonly spf: boolean; readonly dkim: boolean; readonly dmarc: boolean } | undefined;
}

/** Looks on while an ISP lives with what it accepted; such as its reputation data. Moments are on the sink's clock. */
export interface FeedbackWatcher {
  accepted(message: AcceptedMessage): void;
  /** A recipient has said that the message is spam, or that saying so was a mistake. */
  complained(message: AcceptedMessage, recipient: string, at: Micros): void;
  withdrew(message: AcceptedMessage, recipient: string, at: Micros): void;
  /** The message went to an address that nobody ever gave away. */
  trapped(message: AcceptedMessage, recipient: string, at: Micros): void;
}
