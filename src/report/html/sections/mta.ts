import { formatCount } from '../../numbers.ts';
import type { Summary } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';
import { ownLogTable } from './own-log.ts';
import { facts, type Section } from './section.ts';

/** Addresses shown before the list is folded. */
const FEW_SOURCES = 8;
/** A configuration file beyond this many characters is cut in the page. */
const LONG_FILE = 64_000;

/** The MTA under test: what it was and how it was configured. */
export function mtaSection({ mta, ownLog, run }: Summary): Section {
  return {
    id: 'mta',
    title: 'MTA under test',
    nav: 'MTA',
    body: html`<div class="panel">
${facts([
  ['adapter', mta.adapter],
  ['version', mta.version],
])}
${mta.lastLines && mta.lastLines.length > 0 && html`<h3>The last lines of its log</h3><pre tabindex="0">${mta.lastLines.join('\n')}</pre>`}
${mta.adapter === 'none' && html`<p class="fine">The driver spoke to the ISPs itself; there was no MTA and no queue.</p>`}
${ownLog ? ownLogTable(ownLog) : mta.adapter !== 'none' && !run.running && html`<p class="fine">The MTA tells nothing in a log of its own that could be compared with what the ISPs saw.</p>`}
${mta.sources.length > 0 && html`<h3>Source addresses <small>${mta.sources.length}</small></h3>${sources(mta.sources)}`}
${mta.config.length > 0 && html`<h3>Configuration <small>${mta.config.length} files made for this run</small></h3>${mta.config.map(file)}`}
</div>`,
  };
}

function sources(addresses: readonly string[]): Markup {
  const list = (some: readonly string[]): Markup =>
    html`<ul class="addresses">${some.map((address) => html`<li><code>${address}</code></li>`)}</ul>`;
  const rest = addresses.slice(FEW_SOURCES);
  return html`${list(addresses.slice(0, FEW_SOURCES))}
${rest.length > 0 && html`<details><summary>${rest.length} more</summary>${list(rest)}</details>`}`;
}

function file({ name, text }: Summary['mta']['config'][number]): Markup {
  const cut = text.length > LONG_FILE;
  return html`<details class="file"><summary><code>${name}</code> <small>${formatCount(text.split('\n').length)} lines</small></summary>
<pre tabindex="0">${cut ? text.slice(0, LONG_FILE) : text}</pre>${cut && html`<p class="fine">Cut here; the whole file is in the run’s folder.</p>`}</details>`;
}
