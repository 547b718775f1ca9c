import type { CheckResult, Summary } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';
import type { Section } from './section.ts';

/** The security checks with what was tried; none if the scenario asks for none. */
export function checksSection({ checks }: Summary): Section[] {
  if (!checks) return [];
  return [
    {
      id: 'checks',
      title: 'Security checks',
      nav: 'Checks',
      body: html`<div class="panel thresholds">${checks.map(check)}</div>`,
    },
  ];
}

function check({ name, passed, sentence, evidence }: CheckResult): Markup {
  return html`<details class="check"${!passed && html` open`}><summary class="${passed ? 'passed' : 'failed'}"><span class="mark" role="img" aria-label="${passed ? 'passed' : 'failed'}">${passed ? '✓' : '✗'}</span> <code>${name}</code> ${sentence}</summary>
<pre tabindex="0">${evidence.join('\n')}</pre></details>`;
}
