import type { Summary, ThresholdResult } from '../../summary.ts';
import { titleOf } from '../../threshold-result.ts';
import { html, type Markup } from '../markup.ts';

/** The thresholds with what they ask and what was measured. */
export function thresholdsTable({ thresholds, run }: Summary): Markup {
  if (thresholds.length === 0) {
    return html`<div class="panel thresholds"><h2>Thresholds</h2><p class="nothing">The scenario sets none, so nothing could fail.</p></div>`;
  }
  const running = run.running === true;
  return html`<div class="panel thresholds">
<h2>Thresholds <small>${countOf(thresholds, running)}</small></h2>
${tableOf(thresholds, running)}</div>`;
}

/** Those that a user's k6 script has; nothing where it has none. */
export function scriptThresholds({ thresholds, run }: Summary): Markup {
  const own = thresholds.filter(({ k6 }) => k6 === 'script');
  const running = run.running === true;
  return html`${
    own.length > 0 &&
    html`<div class="panel thresholds">
<h3>Thresholds of the script <small>${countOf(own, running)}</small></h3>
${tableOf(own, running)}</div>`
  }`;
}

function countOf(thresholds: readonly ThresholdResult[], running: boolean): string {
  const failed = thresholds.filter(({ passed }) => !passed).length;
  const count =
    failed === 0
      ? `all ${thresholds.length} hold`
      : `${failed} of ${thresholds.length} ${running ? 'do not hold' : 'failed'}`;
  return running ? `${count} as they stand, not final` : count;
}

function tableOf(thresholds: readonly ThresholdResult[], running: boolean): Markup {
  return html`<table>
<thead><tr><th scope="col"><span class="hidden">result</span></th><th scope="col">metric</th><th scope="col" class="n">target</th><th scope="col" class="n">actual</th></tr></thead>
<tbody>${thresholds.map((threshold) => row(threshold, running))}</tbody>
</table>`;
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
