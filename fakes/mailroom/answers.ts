/** Tells machines' answers from one another: out of office, and demands that the sender prove to be human. */
import type { Fields } from './fields.ts';

/** Headers by which programs say that nobody wrote this, besides Auto-Submitted (RFC 3834 section 5). */
const AUTOMATIC = ['x-autoreply', 'x-autorespond', 'x-autoresponse', 'x-auto-response-suppress'];

const AWAY =
  /^(?:auto(?:matic)?(?:[ -]?(?:reply|response))?\b|out[ -]of[ -](?:the[ -])?office|vacation\b|abwesen)/i;

/** Subjects of known challenge systems, such as TMDA, Boxbe, SpamArrest and EarthLink, as far as they have in common. */
const CHALLENGE =
  /\b(?:please confirm|confirm (?:your|this|that)|requires? (?:verification|confirmation)|verification (?:required|request)|verify (?:your|you)|prove (?:that )?you|challenge)/i;
const DEMAND =
  /\b(?:click|visit|follow|open|reply|answer|respond)\b[\s\S]{0,200}\b(?:confirm|verify|prove|deliver|human|person|release)/i;

/**
 * What kind of answer a mail is; undefined: none of a machine.
 * @param start the first of its text
 */
export function answerOf(
  header: Fields,
  subject: string,
  start: string,
): 'auto-reply' | 'challenge' | undefined {
  const automatic = isAutomatic(header);
  const bulk = /^(?:bulk|junk)$/i.test(header.get('precedence') ?? '');
  if ((automatic || bulk) && isDemand(subject, start)) return 'challenge';
  return automatic || (bulk && AWAY.test(subject)) ? 'auto-reply' : undefined;
}

/** An answer in somebody's absence may quote any subject. */
function isDemand(subject: string, start: string): boolean {
  return !AWAY.test(subject) && CHALLENGE.test(subject) && DEMAND.test(start);
}

/** RFC 3834 section 5; else what was usual before it, and is still. */
function isAutomatic(header: Fields): boolean {
  const submitted = header.get('auto-submitted');
  if (submitted !== undefined) return !/^no\b/i.test(submitted);
  return AUTOMATIC.some((name) => header.has(name)) || /auto[_-]reply/i.test(header.get('precedence') ?? '');
}
