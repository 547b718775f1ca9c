/** The list of a small MTA on which stand the recipients that get no more mail, and its account of what it did with them. */
import { isFollowUp, MESSAGE_HEADER, messageOfSender } from '../../src/core/identity.ts';

/** What puts a recipient on the list. */
export type Reason = 'bounce' | 'complaint' | 'unsubscribe';

export interface SuppressionListOptions {
  /** What it listens to. */
  readonly of: readonly Reason[];
  /** How it says no: at RCPT, or it takes the message and forgets it. */
  readonly how: 'refuse' | 'forget';
  /** So many messages that belong to no load it lets pass to each recipient first. Default: none. */
  readonly lets?: number;
  /** Whoever takes a complaint back is taken off the list. */
  readonly whitelist: boolean;
}

/** Only messages that belong to no load count. */
export class SuppressionList {
  refused = 0;
  forgotten = 0;
  /** Attempts to deliver. */
  attempts = 0;
  readonly #options: SuppressionListOptions;
  readonly #listed = new Map<string, { readonly reason: Reason; passed: number }>();

  constructor(options: SuppressionListOptions) {
    this.#options = options;
  }

  /**
   * Reads mail to the MTA's own senders: complaint reports (RFC 5965), complaints that are taken back (RFC 6430), bounces.
   * @param recipientOf the recipient of a message that the MTA has taken
   */
  read(
    {
      sender,
      recipient,
      text,
    }: { readonly sender: string; readonly recipient: string; readonly text: string },
    recipientOf: (message: number) => string | undefined,
  ): void {
    const returned = new RegExp(`^${MESSAGE_HEADER}: (\\d+)`, 'im').exec(text)?.[1];
    const about = recipientOf(messageOfSender(recipient) ?? Number(returned));
    if (about === undefined) return;
    const type = /^Feedback-Type: (\S+)/im.exec(text)?.[1];
    if (type === 'abuse') this.add(about, 'complaint');
    else if (type === 'not-spam') this.withdraw(about);
    else if (sender === '' && /^Action: failed/im.test(text)) this.add(about, 'bounce');
  }

  /** News about a recipient. */
  add(recipient: string, reason: Reason): void {
    if (this.#options.of.includes(reason) && !this.#listed.has(recipient))
      this.#listed.set(recipient, { reason, passed: 0 });
  }

  /** A recipient takes its complaint back. */
  withdraw(recipient: string): void {
    if (this.#options.whitelist && this.#listed.get(recipient)?.reason === 'complaint')
      this.#listed.delete(recipient);
  }

  /** Whether to say no at RCPT. */
  refuses(message: number | undefined, recipient: string): boolean {
    if (this.#options.how !== 'refuse' || !this.#stops(message, recipient)) return false;
    if (message !== undefined && isFollowUp(message)) this.refused++;
    return true;
  }

  /** Whether to forget a message that was taken. */
  forgets(message: number | undefined, recipient: string): boolean {
    if (this.#options.how !== 'forget' || !this.#stops(message, recipient)) return false;
    if (message !== undefined && isFollowUp(message)) this.forgotten++;
    return true;
  }

  /** It was tried to deliver a message. */
  tried(message: number | undefined): void {
    if (message !== undefined && isFollowUp(message)) this.attempts++;
  }

  #stops(message: number | undefined, recipient: string): boolean {
    const entry = this.#listed.get(recipient);
    if (!entry) return false;
    if (message === undefined || !isFollowUp(message)) return true;
    return ++entry.passed > (this.#options.lets ?? 0);
  }
}
