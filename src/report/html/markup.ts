/** Text that is HTML already. Only `html` and `raw` make it, so everything else is escaped. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: text and numbers are escaped, markup is kept, nothing stands for nothing. */
export type Part = string | number | Markup | readonly Part[] | undefined | null | false;

/** A template that escapes by default: ``html`<b>${anything}</b>` ``. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  let markup = strings[0] as string;
  parts.forEach((part, i) => {
    markup += render(part) + (strings[i + 1] as string);
  });
  return { markup };
}

/** Takes text for HTML as it is. For the project's own styles and scripts alone. */
export function raw(markup: string): Markup {
  return { markup };
}

/** JSON that may stand inside a script element: no `<`, so that nothing in it can end the element. */
export function scriptJson(value: unknown): Markup {
  return raw(JSON.stringify(value).replaceAll('<', '\\u003c'));
}

/** A name that may stand in an `id` and in a link to it. */
export function anchor(kind: string, name: string): string {
  return `${kind}-${name.replaceAll(/[^A-Za-z0-9-]/g, (c) => `_${c.charCodeAt(0).toString(16)}`)}`;
}

function render(part: Part): string {
  if (part === undefined || part === null || part === false) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escapeText(part);
  if ('markup' in part) return part.markup;
  return part.map(render).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (c) => ENTITIES[c] as string);
}
