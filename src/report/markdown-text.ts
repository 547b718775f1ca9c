/** Text and tables in GitHub-flavoured Markdown. */

/** Text as text: on one line, and no character of it is markup, in a table neither. */
export function plain(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_~[\]|#$]|^[-+=]|^\d+(?=[.)](?:\s|$))/g, escaped)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** Text as code, also in a table, where a pipe ends the cell even within code (GFM section 4.10). */
export function code(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  const inner = oneLine(text).replaceAll('|', '\\|');
  return fence.length === 1 ? `\`${inner}\`` : `${fence} ${inner} ${fence}`;
}

/** Lines as code, in a language. */
export function block(language: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

/** A table; a heading that begins with `>` has its column to the right. Cells are Markdown; missing ones stay empty. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(heads.map((head) => head.replace(/^>/, ''))),
    line(heads.map((head) => (head.startsWith('>') ? '--:' : '---'))),
    ...rows.map((row) => line(heads.map((_, column) => row[column] ?? ''))),
  ].join('\n');
}

/** What could be markup, with a backslash; of a number that would begin a list, its point has it. */
function escaped(mark: string): string {
  return /^\d/.test(mark) ? `${mark}\\` : `\\${mark}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u0020\u007f]+/g, ' ').trim();
}
