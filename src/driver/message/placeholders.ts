/**
 * Mail merge: `{{name}}` in subject, headers and text stands for what differs from message to message. A text is taken
 * apart once; filling it in is a few additions of strings.
 */

/** What a scenario can write between double braces. Of several recipients, the first counts. */
export const PLACEHOLDERS = {
  message: "the message's number",
  recipient: "the recipient's address",
  mailbox: "the recipient's local part",
  domain: "the recipient's domain",
  sender: 'the address in From',
  load: "the load's name",
  vmta: 'the virtual MTAs in turn',
} as const;

/** The values of one message. Those beside the placeholders are for the header fields that make up its identity. */
export interface Values extends Record<keyof typeof PLACEHOLDERS, string> {
  readonly senderDomain: string;
  /** All recipients, folded. */
  readonly to: string;
  /** All recipients on one line, as a signature sees them; '' if there is none. */
  readonly unfoldedTo: string;
  /** Where to unsubscribe, or ''. */
  readonly unsubscribe: string;
}

/** A placeholder as it stands in a text, blanks allowed inside. */
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** The placeholders in a text as written, without the blanks around their names. */
export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map((match) => (match[1] ?? '').trim());
}

/** The text with its placeholders written without blanks, which line folding would break. */
export function tightened(text: string): string {
  return text.replace(PLACEHOLDER, (_, name: string) => `{{${name.trim()}}}`);
}

/** A text taken apart: literals with the names of values between them. */
export interface Merge {
  /** One more than names. */
  readonly literals: readonly string[];
  readonly names: readonly (keyof Values)[];
  /** Whether the value stands in an encoded word (RFC 2047), where `_` would read as a blank. */
  readonly inWord: readonly boolean[];
}

/** Takes a text apart at its placeholders; `{{=name}}` is one in an encoded word. */
export function compile(text: string): Merge {
  const parts = text.split(/\{\{(=?[a-zA-Z]+)\}\}/);
  const marks = parts.filter((_, at) => at % 2 === 1);
  return {
    literals: parts.filter((_, at) => at % 2 === 0),
    names: marks.map((mark) => mark.replace('=', '') as keyof Values),
    inWord: marks.map((mark) => mark.startsWith('=')),
  };
}

/** A text in which nothing is a placeholder. */
export function literal(text: string): Merge {
  return { literals: [text], names: [], inWord: [] };
}

/** One after the other. */
export function concatenated(merges: readonly Merge[]): Merge {
  const literals: string[] = [''];
  for (const merge of merges) {
    literals.push(`${literals.pop()}${merge.literals[0]}`, ...merge.literals.slice(1));
  }
  return {
    literals,
    names: merges.flatMap(({ names }) => names),
    inWord: merges.flatMap(({ inWord }) => inWord),
  };
}

/** Puts the values in. */
export function fill({ literals, names, inWord }: Merge, values: Values): string {
  let text = literals[0] as string;
  for (let at = 0; at < names.length; at++) {
    const value = values[names[at] as keyof Values];
    text += (inWord[at] ? value.replaceAll('_', '=5F') : value) + (literals[at + 1] as string);
  }
  return text;
}
