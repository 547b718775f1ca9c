/**
 * Regular expressions that tell an ISP's replies of one kind from all its others, for MTAs that act on what they are
 * told. They are PCRE and JavaScript alike, to be used without regard to case.
 */
import type { IspReply } from './adapter.ts';

/** An expression, and which replies it is for. */
export interface ReplyPattern {
  readonly source: string;
  readonly code: number;
  /** Ids of the wanted replies that it matches and no earlier pattern does. */
  readonly ids: readonly string[];
}

/** Words of a phrase: fewer say little, more break with the next change of wording. */
const WORDS = 4;

/** Stands where a value is, so that no phrase spans one. */
const VALUE = '\0';

/**
 * Patterns that match every wanted reply of an ISP and none of its others. Codes alone where they suffice (they outlive
 * wordings), else the codes and the longest phrase of four words that no other reply with these codes has.
 * A reply that differs from an unwanted one in nothing but values has no pattern.
 */
export function patternsFor(
  replies: readonly IspReply[],
  wanted: (reply: IspReply) => boolean,
): ReplyPattern[] {
  const others = replies.filter((reply) => !wanted(reply)).map(spelled);
  // Where an ISP breaks long lines, any blank may be a line's end, with the codes again behind it.
  const breaks = replies.some(({ class: kind, text }) => kind !== 'accepted' && text.length > 1);
  const covered = new Set<string>();
  const patterns: ReplyPattern[] = [];
  const left = replies.filter(wanted);
  for (const reply of left) {
    if (covered.has(reply.id)) continue;
    const source = candidates(reply, breaks).find((candidate) => {
      const expression = new RegExp(candidate, 'i');
      return !others.some((text) => expression.test(text));
    });
    if (source === undefined) continue;
    const expression = new RegExp(source, 'i');
    const ids = left
      .filter((other) => !covered.has(other.id) && expression.test(spelled(other)))
      .map(({ id }) => id);
    for (const id of ids) covered.add(id);
    patterns.push({ source, code: reply.code, ids });
  }
  return patterns;
}

/** What patterns are tried on: codes and wording on one line, values left open. */
function spelled({ code, enhanced, fixed }: IspReply): string {
  return `${code} ${enhanced === null ? '' : `${enhanced} `}${fixed.join(` ${VALUE} `)}`;
}

/** Expressions for a reply, the one that says least first. */
function candidates(reply: IspReply, breaks: boolean): string[] {
  const { code, enhanced, fixed } = reply;
  // The character behind the code is a blank or, on lines that others follow, a hyphen.
  const codes = enhanced === null ? `^${code}\\b` : `^${code}.${literal(enhanced)}\\b`;
  const any = breaks ? '[\\s\\S]*' : '.*';
  const gap = breaks ? `\\s+(?:${code}[ -]${enhanced === null ? '' : `${literal(enhanced)} `})?` : ' ';
  const spell = (phrase: string): string => phrase.split(' ').map(literal).join(gap);
  const most = Math.max(0, ...fixed.map((piece) => piece.split(' ').length));
  const sizes = [...Array(most).keys()].map((n) => n + 1);
  // Longer phrases before shorter ones than four words: what is short is likely to be somewhere else too.
  const best = [...sizes.filter((n) => n >= WORDS), ...sizes.filter((n) => n < WORDS).reverse()];
  const phrases = best.flatMap((size) => fixed.flatMap((piece) => phrasesOf(piece, size)).sort(byUse));
  return [
    ...(enhanced === null ? [] : [codes]),
    ...phrases.map((phrase) => `${codes}${any}${spell(phrase)}`),
    `${codes}${any}${fixed.map(spell).join(any)}`,
  ];
}

/** Numbers last, since they are likely to be values that nobody has marked as such; else the longest first. */
function byUse(a: string, b: string): number {
  return Number(/\d/.test(a)) - Number(/\d/.test(b)) || b.length - a.length;
}

/** All runs of so many words without an address of the web in them, without punctuation at their ends. */
function phrasesOf(piece: string, size: number): string[] {
  const words = piece.split(' ');
  return words
    .slice(0, Math.max(0, words.length - size + 1))
    .map((_, at) => words.slice(at, at + size))
    .filter((run) => !run.some((word) => word.includes('://')))
    .map((run) => run.join(' ').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, ''))
    .filter((phrase) => /[A-Za-z]{3}/.test(phrase));
}

/** A text as an expression that matches it alone, fit to stand between slashes in a file whose comments begin with #. */
function literal(text: string): string {
  return text
    .replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    .replace(/[#"]/g, (mark) => `\\x${mark.charCodeAt(0).toString(16)}`);
}
