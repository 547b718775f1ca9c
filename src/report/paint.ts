/** Emphasis on a terminal. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** Puts text into a style. */
export type Paint = (style: Style, text: string) => string;

const ANSI: Record<Style, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/** With colours, or plain where they are not wanted. */
export function paintWith(color: boolean): Paint {
  return color ? (style, text) => `\u001b[${ANSI[style]}m${text}\u001b[0m` : (_, text) => text;
}
