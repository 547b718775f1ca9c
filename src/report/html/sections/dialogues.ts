import type { Answer, Dialogue, DialogueLine } from '../../dialogue.ts';
import { formatCount } from '../../numbers.ts';
import type { IspSummary } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';

/** Dialogues that were kept of an ISP, folded; undefined where there are none. */
export function dialoguesOf(isp: IspSummary, dialogues: readonly Dialogue[]): Markup | undefined {
  const own = dialogues.filter((one) => one.isp === isp.id);
  if (own.length === 0) return undefined;
  return html`<h4>Dialogues with ${isp.name} <small>early ones, without the messages</small></h4>
${own.map((one) => dialogue(isp, one))}`;
}

function dialogue(isp: IspSummary, { source, at, answers, lines }: Dialogue): Markup {
  return html`<details class="file dialogue"><summary>${answers.map((one) => answer(isp, one))}<small>from ${source}, at ${formatCount(at)} s, ${formatCount(lines.length)} lines</small></summary>
<pre tabindex="0">${lines.map(line)}</pre></details>`;
}

function answer({ replies }: IspSummary, { outcome, reply }: Answer): Markup {
  const known = replies.find(({ id }) => id === reply);
  const color = known?.class ?? 'none';
  return html`<span class="badge class" style="--c: var(--c-${color})">${outcome}</span> ${
    known && html`<code>${known.code}${known.enhanced && ` ${known.enhanced}`}</code> `
  }`;
}

function line([ms, who, text]: DialogueLine): Markup {
  const at = `${String(ms).padStart(6)} ms  `;
  if (who === '-') return html`<i>${at}   ${text}</i>\n`;
  return who === 'S' && /^[45]/.test(text) ? html`${at}<b>S: ${text}</b>\n` : html`${at}${who}: ${text}\n`;
}
