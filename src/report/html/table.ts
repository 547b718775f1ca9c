import { html, type Markup, type Part } from './markup.ts';

/** A column of a table. */
export interface TableColumn {
  readonly head: Part;
  /** Its head in words alone: the table then becomes a list of cards where the screen is narrow. */
  readonly short?: string;
  /** Right-aligned, digits under digits. */
  readonly number?: true;
}

/** A table that scrolls sideways, by keyboard too, where the screen is narrower than it. The first cell heads its row. */
export function table(
  label: string,
  columns: readonly TableColumn[],
  rows: readonly (readonly Part[])[],
  foot?: readonly Part[],
): Markup {
  const cell = (content: Part, i: number): Markup =>
    i === 0
      ? html`<th scope="row">${content}</th>`
      : html`<td${columns[i]?.number && html` class="n"`}${columns[i]?.short && html` data-head="${columns[i]?.short}"`}>${content}</td>`;
  const cards = columns.some(({ short }) => short !== undefined);
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table${cards && html` class="cards"`}>
<thead><tr>${columns.map(({ head, number }) => html`<th scope="col"${number && html` class="n"`}>${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
${foot && html`<tfoot><tr>${foot.map(cell)}</tr></tfoot>`}
</table></div>`;
}

/** A bar that shows a share from 0 to 1. */
export function meter(share: number, color: string): Markup {
  const percent = Math.max(0, Math.min(100, share * 100));
  return html`<span class="meter" aria-hidden="true"><i style="width: ${percent.toFixed(2)}%; background: var(--${color})"></i></span>`;
}
