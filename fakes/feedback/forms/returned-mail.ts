/** Makes the mail that comes back of an accepted message: one form for each kind, and several for complaints and bounces. */
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import type { BounceForm, ComplaintForm } from '../resolved-feedback.ts';
import { autoReply, challenge } from './answers.ts';
import { arf } from './arf.ts';
import { googleBounce } from './google-bounce.ts';
import { addressIn } from './ids.ts';
import { jmrpLegacy } from './jmrp-legacy.ts';
import { malformed } from './malformed.ts';
import { microsoftBounce } from './microsoft-bounce.ts';
import { rfc3464Bounce } from './rfc3464-bounce.ts';
import { unsubscribe, unsubscribeMail } from './unsubscribe.ts';
import { yahooArf } from './yahoo-arf.ts';

type Builder = (subject: ReturnedSubject, to: string) => ReturnedMail;

const plainArf: Builder = (subject, to) => arf(subject, to, 'arf');
const jmrpArf: Builder = (subject, to) => arf(subject, to, 'jmrp-arf');

const COMPLAINTS: Readonly<Record<ComplaintForm, Builder | undefined>> = {
  'yahoo-arf': yahooArf,
  'jmrp-legacy': jmrpLegacy,
  'jmrp-arf': jmrpArf,
  arf: plainArf,
  none: undefined,
};

const BOUNCES: Readonly<Record<BounceForm, Builder | undefined>> = {
  google: googleBounce,
  microsoft: microsoftBounce,
  rfc3464: rfc3464Bounce,
  none: undefined,
};

/**
 * The mail that comes back. The same subject gives the same mail.
 * @throws Error if there is none for it (see `addresseeOf`)
 */
export function returnedMail(subject: ReturnedSubject): ReturnedMail {
  const build = builderOf(subject);
  const to = addresseeOf(subject);
  if (build === undefined || to === undefined)
    throw new Error(`nothing can be sent back: ${subject.kind} about mail of <${subject.message.sender}>`);
  return build(subject, to);
}

/**
 * Whom the mail goes to: complaints and withdrawals to the feedback address, unsubscribes where the message wants them, all
 * else to its reverse path. Undefined: the ISP sends no such mail, or has nobody to send it to, such as for a bounce.
 */
export function addresseeOf(subject: ReturnedSubject): string | undefined {
  if (builderOf(subject) === undefined) return undefined;
  switch (subject.kind) {
    case 'complaint':
    case 'withdrawal':
      return usable(subject.feedbackAddress);
    case 'unsubscribe':
      return usable(unsubscribeMail(subject.message)?.to);
    default:
      return usable(subject.message.sender);
  }
}

function builderOf({ kind, complaint, bounce }: ReturnedSubject): Builder | undefined {
  switch (kind) {
    case 'complaint':
      return COMPLAINTS[complaint.form];
    case 'withdrawal':
      // Outlook's old form says nothing but that there is a complaint.
      return complaint.form === 'jmrp-legacy' ? plainArf : COMPLAINTS[complaint.form];
    case 'bounce':
      return BOUNCES[bounce.form];
    case 'auto-reply':
      return autoReply;
    case 'challenge':
      return challenge;
    case 'malformed':
      return malformed;
    case 'unsubscribe':
      return unsubscribe;
  }
}

/** An address that can be named in a RCPT command. */
function usable(address: string | undefined): string | undefined {
  const bare = addressIn(address ?? '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /^[^\s<>\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+$/.test(bare) ? bare : undefined;
}
