/** Mail that an ISP or its users send back, ready for the wire. */
import type { FeedbackKind } from '../../src/record/attempt-log.ts';
import type { AcceptedMessage } from './accepted.ts';
import type { BounceForm, ComplaintForm } from './resolved-feedback.ts';

/** A mail with its envelope. */
export interface ReturnedMail {
  /** The reverse path: '' for a delivery status notification. */
  readonly sender: string;
  readonly recipient: string;
  /** One character a byte (latin1), lines ending in CRLF, not dot-stuffed. */
  readonly text: string;
}

/** What a returned mail is about. Times are moments of the wall clock, as mail tells them. */
export interface ReturnedSubject {
  readonly kind: Exclude<FeedbackKind, 'trap'>;
  readonly message: AcceptedMessage;
  /** The one recipient whose doing it is. */
  readonly recipient: string;
  readonly acceptedAt: Date;
  readonly sentAt: Date;
  /** Where complaint reports go; what answers a message goes to its reverse path. */
  readonly feedbackAddress: string;
  /** The server that sends it, and the one that took the message. */
  readonly mta: string;
  readonly complaint: {
    readonly form: ComplaintForm;
    readonly redacted: boolean;
    readonly from: string;
  };
  readonly bounce: { readonly form: BounceForm; readonly from: string };
  /** A number in [0, 1) for each name, the same for the same name: ids, boundaries, which of several it is. */
  chance(name: string): number;
}
