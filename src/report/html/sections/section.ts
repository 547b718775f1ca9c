import { html, type Markup, type Part } from '../markup.ts';

/** A section of the page, with its place in the navigation. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** Its short name in the navigation. */
  readonly nav: string;
  readonly body: Markup;
}

/** Wraps a section's content. */
export function renderSection({ id, title, body }: Section): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${body}
</section>`;
}

/** Names and values in pairs; pairs without a value are left out. */
export function facts(pairs: readonly (readonly [name: string, value: Part])[]): Markup {
  const known = pairs.filter(([, value]) => value !== undefined && value !== '');
  return html`<dl class="facts">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
