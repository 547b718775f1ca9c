/** Reads failure notices that are not made for machines: qmail's (QSBMF) and Yahoo's, which looks like it. */
import { recipientOf } from '../../src/core/identity.ts';
import { type Subject, subjectOf } from './subject.ts';

/** The line above the returned message. */
const COPY =
  /^--- ?(?:Below this line is a copy of the message|Enclosed is a copy of the message|Original message follows)\.?$/im;
const OPENING =
  /^(?:Hi\. This is the qmail-send program|Sorry, we were unable to deliver your message|Sorry, I was(?:n't| not) able to deliver)/im;
/** A notice's own words: more than this is no notice. */
const LONGEST = 20_000;

/**
 * What a failure notice in plain text is about; undefined if the text is none.
 * @param to the envelope recipient of the notice
 */
export function readFailureNotice(to: string, text: string): Subject | undefined {
  const copy = COPY.exec(text);
  const own = text.slice(0, Math.min(copy?.index ?? LONGEST, LONGEST));
  if (!copy || !OPENING.test(own)) return undefined;
  const named = [...own.matchAll(/^<([^<>\s]+)>:?\s*$/gm)].map((match) => match[1]);
  const ours = named.find((address) => address !== undefined && recipientOf(address) !== undefined);
  return subjectOf(to, [text.slice(copy.index + copy[0].length).trimStart()], [], [ours]);
}
