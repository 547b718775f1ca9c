/** Who sends, where the subject leaves it open. */
import type { ReturnedSubject } from '../mail.ts';
import { addressIn } from './ids.ts';

/** The address that reports come from; an ISP without complaint reports has none of its own. */
export function reporter({ complaint, bounce, mta }: ReturnedSubject): string {
  return addressIn(complaint.from) || addressIn(bounce.from) || `postmaster@${mta}`;
}

/** What bounces say in From. */
export function bouncer({ bounce, mta }: ReturnedSubject): string {
  return bounce.from || `postmaster@${mta}`;
}
