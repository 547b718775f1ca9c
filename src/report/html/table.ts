import { html, type Markup, type Part } from './markup.ts';

/** A column of a table. */
export interface TableColumn {
  readonly head: Part;
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
      : html`<td${columns[i]?.number && html` class="n"`}>${content}</td>`;
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>
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
