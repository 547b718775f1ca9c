/** Words as a POSIX shell takes them for just these: those with other characters than it leaves alone are quoted. */
export function shellCommand(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./:,=%+@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
