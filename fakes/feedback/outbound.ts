/** How a desk hands over what comes back: what it asks of whoever does it. */
import type { ReturnedMail } from './mail.ts';
import type { OneClick } from './one-click.ts';

/** What came of a try: the other side has it, it is to be tried again, or it was refused for good. */
export type HandOver = 'taken' | 'later' | 'refused';

/** Hands things over, a few at a time. */
export interface Outbound {
  /** How many it can have under way. */
  readonly lanes: number;
  mail(mail: ReturnedMail, done: (came: HandOver) => void): void;
  click(click: OneClick, done: (came: HandOver) => void): void;
  /** Ends what is under way; nobody hears of it any more. */
  close(): void;
}
