/** Ids, dates and addresses as mails write them. Ids depend on the subject's chance alone. */
import type { ReturnedSubject } from '../mail.ts';

/** So many characters of an alphabet. */
export function letters(subject: ReturnedSubject, name: string, count: number, alphabet: string): string {
  let text = '';
  for (let i = 0; i < count; i++)
    text += alphabet[Math.floor(subject.chance(`${name}/${i}`) * alphabet.length)] ?? '';
  return text;
}

/** So many hexadecimal digits. */
export function hex(subject: ReturnedSubject, name: string, count: number): string {
  return letters(subject, name, count, '0123456789abcdef');
}

/** So many decimal digits, the first of which is not 0. */
export function digits(subject: ReturnedSubject, name: string, count: number): string {
  return letters(subject, name, 1, '123456789') + letters(subject, `${name}+`, count - 1, '0123456789');
}

/** A UUID in small letters. */
export function guid(subject: ReturnedSubject, name: string): string {
  return hex(subject, name, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** One of several, at least one, by the subject's chance. */
export function oneOf<T extends { readonly share: number }>(
  subject: ReturnedSubject,
  name: string,
  choices: readonly T[],
): T {
  let left = subject.chance(name) * choices.reduce((sum, { share }) => sum + share, 0);
  for (const choice of choices) {
    left -= choice.share;
    if (left < 0) return choice;
  }
  return choices[0] as T;
}

/** A moment as in a Date field (RFC 5322 section 3.3). */
export function dateText(moment: Date): string {
  return moment.toUTCString().replace('GMT', '+0000');
}

/** The same at the Pacific coast in winter, as Google writes it. */
export function pacificDate(moment: Date): string {
  return `${new Date(moment.getTime() - 8 * 3_600_000).toUTCString().replace('GMT', '-0800')} (PST)`;
}

/** What is in the brackets of `A name <address>`, or the whole. */
export function addressIn(text: string): string {
  return /<([^<>]*)>/.exec(text)?.[1] ?? text.trim();
}

/** `A name <address>`, with this name where there is none. */
export function named(from: string, name: string): string {
  return from.includes('<') ? from : `${name} <${from}>`;
}

/** What follows the last @, in small letters. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
