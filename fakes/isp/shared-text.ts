/** How many texts are known at most, so that a client that makes up names costs no memory. */
const MOST = 4096;

let texts = new Map<string, string>();

/** The same text, as the one that was given first: tables compare it by its place in memory, not letter by letter. */
export function sharedText(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size >= MOST) texts = new Map();
  texts.set(text, text);
  return text;
}
