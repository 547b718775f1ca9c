import type { Summary, ThresholdResult } from '../../summary.ts';
import { titleOf } from '../../threshold-result.ts';
import { html, type Markup } from '../markup.ts';

/** The thresholds with what they ask and what was measured. */
export function thresholdsTable({ thresholds, run }: Summary): Markup {
  return thresholdsPanel('Thresholds', thresholds, run.running === true);
}

/** The same of some of them. */
export function thresholdsPanel(
  title: string,
  thresholds: readonly ThresholdResult[],
  running: boolean,
): Markup {
  const failed = thresholds.filter(({ passed }) => !passed).length;
  if (thresholds.length === 0) {
    return html`<div class="panel thresholds"><h2>Thresholds</h2><p class="nothing">The scenario sets none, so nothing could fail.</p></div>`;
  }
  const count =
    failed === 0
      ? `all ${thresholds.length} hold`
      : `${failed} of ${thresholds.length} ${running ? 'do not hold' : 'failed'}`;
  return html`<div class="panel thresholds">
<h2>${title} <small>${count}${running && ' as they stand, not final'}</small></h2>
<table>
<thead><tr><th scope="col"><span class="hidden">result</span></th><th scope="col">metric</th><th scope="col" class="n">target</th><th scope="col" class="n">actual</th></tr></thead>
<tbody>${thresholds.map((threshold) => row(threshold, running))}</tbody>
</table></div>`;
}

function row(result: ThresholdResult, running: boolean): Markup {
  const { expression, limitText, passed, actualText, sentence } = result;
  const [name = '', selector = ''] = titleOf(result).split(/(?=\{)/);
  // What does not hold yet has not failed.
  const [state, said] = passed
    ? ['passed', 'holds']
    : running
      ? ['open', 'does not hold yet']
      : ['failed', 'failed'];
  return html`<tr class="${state}" title="${sentence}">
<td><span class="mark" role="img" aria-label="${said}">${passed ? '✓' : '✗'}</span></td>
<th scope="row"><code>${breakable(name)}<wbr><span class="selector">${breakable(selector)}</span></code></th>
<td class="n"><code>${expression}</code>${limitText !== undefined && html`<br><small>${limitText}</small>`}</td><td class="n actual">${actualText}</td></tr>`;
}

/** Lets a long name break where a reader expects it. */
function breakable(name: string): Markup[] {
  return name.split(/(?<=[_,])/).map((part, i) => html`${i > 0 && html`<wbr>`}${part}`);
}
