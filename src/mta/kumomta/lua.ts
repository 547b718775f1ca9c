/** How values are written in Lua and TOML. */

/** What a setting may be. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

/** Tables up to this length stay on one line, unless they are what is written. */
const SHORT = 80;

/** A value in Lua. A table of its own takes a line for each entry, one within another only if it is long. */
export function lua(value: Value, indent = '', inner = false): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  const deeper = `${indent}  `;
  const items = isList(value)
    ? value.map((item) => lua(item, deeper, true))
    : Object.entries(value).map(([name, item]) => `${key(name)} = ${lua(item, deeper, true)}`);
  if (items.length === 0) return '{}';
  const short = `{ ${items.join(', ')} }`;
  if ((inner || isList(value)) && short.length <= SHORT && !short.includes('\n')) return short;
  return `{\n${items.map((item) => `${deeper}${item},\n`).join('')}${indent}}`;
}

/** A value in TOML, on one line. */
export function toml(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(toml).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([name, item]) => `${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)} = ${toml(item)}`)
    .join(', ')}}`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function quoted(text: string): string {
  const safe = text.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, (char) => {
    return `\\${String(char.charCodeAt(0)).padStart(3, '0')}`;
  });
  return `'${safe}'`;
}

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `[${quoted(name)}]`;
}
