import type { Summary } from '../../summary.ts';
import { html } from '../markup.ts';
import { facts, type Section } from './section.ts';

/** How to run it again. */
export function rerunSection({ run }: Summary): Section {
  return {
    id: 'again',
    title: 'Run it again',
    nav: 'Run again',
    body: html`<div class="panel">
<div class="command"><pre tabindex="0"><code id="command">${run.command}</code></pre><button type="button" id="copy">Copy</button></div>
${facts([
  ['scenario', html`<code>${run.file}</code>`],
  ['seed', run.seed],
  ['run', html`<code>${run.id}</code>`],
  ['windtunnel', run.version],
])}
<p class="fine">Beside this file lie <code>summary.json</code>, <code>timeline.csv</code>, the records of every attempt and the MTA’s configuration and logs; this report can be made again from them.</p>
</div>`,
  };
}
