import type { Dialogue } from '../../dialogue.ts';
import { holdsSessionsOnly } from '../../injection-text.ts';
import { formatCount, formatShare } from '../../numbers.ts';
import type { IspSummary, ReplyCount, Summary } from '../../summary.ts';
import type { Chart } from '../charts/chart.ts';
import type { SourceCharts } from '../charts/sources.ts';
import { figure, sharedLegend, smallFigure } from '../figure.ts';
import { anchor, html, type Markup } from '../markup.ts';
import { meter, table } from '../table.ts';
import { authenticationTable } from './authentication.ts';
import { dialoguesOf } from './dialogues.ts';
import { glossary, scoresOverview, scoresPanel } from './scores.ts';
import type { Section } from './section.ts';

/** What is drawn of one ISP. */
export interface IspCharts {
  readonly adaptation: Chart;
  readonly replies: Chart | undefined;
  readonly sources: SourceCharts;
}

/** All ISPs side by side, then each with its adaptation curve and scores, the replies it gave, and its sources. */
export function ispsSection(
  summary: Summary,
  charts: ReadonlyMap<string, IspCharts>,
  dialogues: readonly Dialogue[],
): Section {
  const { isps, adaptation } = summary;
  if (isps.length === 0) {
    return {
      id: 'isps',
      title: 'ISPs',
      nav: 'ISPs',
      body: html`<p class="nothing">No ISP took part in this run.</p>`,
    };
  }
  if (holdsSessionsOnly(summary)) {
    return { id: 'isps', title: 'ISPs', nav: 'ISPs', body: html`<div class="panel">${sessions(isps)}</div>` };
  }
  const scores = scoresOverview(isps, adaptation, linkTo);
  const authentication = authenticationTable(isps);
  return {
    id: 'isps',
    title: 'ISPs',
    nav: 'ISPs',
    body: html`<div class="panel">${overview(isps)}
${scores && html`<h3>How the MTA adapted</h3>${scores}${glossary()}`}
${authentication && html`<h3>What they found out about the senders</h3>${authentication}`}</div>
${isps.map((isp) => oneIsp(isp, summary, charts.get(isp.id), dialogues))}`,
  };
}

function overview(isps: readonly IspSummary[]): Markup {
  const columns = [
    { head: 'ISP' },
    { head: 'recipients', number: true },
    { head: 'delivered', number: true },
    { head: 'attempts', number: true },
    { head: 'throttled', number: true },
    { head: 'deferred', number: true },
    { head: 'rejected', number: true },
    { head: 'connections', number: true },
    { head: 'refused', number: true },
  ] as const;
  return table(
    'ISPs side by side',
    columns,
    isps.map((isp) => [
      linkTo(isp),
      formatCount(isp.recipients),
      withShare(isp.outcomes.delivered, isp.recipients),
      formatCount(isp.attempts),
      withShare(isp.throttled, isp.attempts),
      withShare(isp.deferred, isp.attempts),
      withShare(isp.rejected, isp.attempts),
      formatCount(isp.connectionsOpened),
      formatCount(isp.connectionsRefused),
    ]),
  );
}

function linkTo({ id, name }: IspSummary): Markup {
  return html`<a href="#${anchor('at', id)}">${name}</a>`;
}

/** ISPs at which sessions were held, and no mail was sent. */
function sessions(isps: readonly IspSummary[]): Markup {
  const number = true as const;
  return table(
    'Sessions by ISP',
    [{ head: 'ISP' }, { head: 'connections', number }, { head: 'refused', number }, { head: 'refused with' }],
    isps.map((isp) => [
      isp.name,
      formatCount(isp.connectionsOpened),
      withShare(isp.connectionsRefused, isp.connectionsOpened),
      isp.replies.map(({ code, id, count }) => `${code} ${id} × ${formatCount(count)}`).join(', '),
    ]),
  );
}

function withShare(part: number, whole: number): Markup {
  return html`${formatCount(part)} <small>${formatShare(part, whole)}</small>`;
}

function oneIsp(
  isp: IspSummary,
  { adaptation }: Summary,
  charts: IspCharts | undefined,
  dialogues: readonly Dialogue[],
): Markup {
  return html`<div class="isp" id="${anchor('at', isp.id)}"><h3>${isp.name}</h3>
${charts && figure(charts.adaptation, { level: 4 })}
${scoresPanel(isp, adaptation, charts?.sources.charts.map(({ title }) => title) ?? [])}
${charts && bySource(charts.sources)}
${charts?.replies && figure(charts.replies, { level: 4 })}
<div class="panel replies"><h4>What ${isp.name} answered</h4>
${isp.replies.length === 0 ? html`<p class="nothing">It gave no replies.</p>` : repliesTable(isp)}
${dialoguesOf(isp, dialogues)}
</div></div>`;
}

function bySource({ charts, others }: SourceCharts): Markup | undefined {
  const [first] = charts;
  if (!first) return undefined;
  return html`<div class="panel sources"><h4>By source <small>recipient attempts a second, on the same axes</small></h4>
${sharedLegend(first.spec)}
<div class="multiples">${charts.map(smallFigure)}</div>
${others && html`<p class="fine">${others}</p>`}</div>`;
}

function repliesTable({ name, replies }: IspSummary): Markup {
  const all = replies.reduce((sum, { count }) => sum + count, 0);
  const columns = [
    { head: 'reply' },
    { head: 'class' },
    { head: 'count', number: true },
    { head: 'share' },
    // Addresses in it are those of the first source, whomever it was said to.
    { head: 'wording, by example' },
    { head: 'wording is' },
  ] as const;
  return table(
    `What ${name} answered`,
    columns,
    replies.map((reply) => [
      html`<code class="code">${reply.code}${reply.enhanced && ` ${reply.enhanced}`}</code> <span class="stage">${reply.stage}</span><br><small>${reply.id}</small>`,
      html`<span class="badge class" style="--c: var(--c-${reply.class})">${reply.class}</span>`,
      formatCount(reply.count),
      html`<span class="share">${meter(reply.count / all, `c-${reply.class}`)}<small>${formatShare(reply.count, all)}</small></span>`,
      wording(reply),
      html`<span class="badge mark-${reply.mark}" title="${reply.source}">${reply.mark}</span>`,
    ]),
  );
}

/** The words without the codes, as far as there is room; the lines as sent and their source when opened. */
function wording({ text, source, code, enhanced }: ReplyCount): Markup {
  const prefix = new RegExp(`^${code}[- ]?(${(enhanced ?? '').replaceAll('.', '\\.')} ?)?`);
  const words = text.map((line) => line.replace(prefix, '').trim()).join(' ');
  return html`<details class="wording"><summary title="${text.join('\n')}">${words === '' ? '(no text)' : words}</summary>
<pre tabindex="0">${text.join('\n')}</pre><p><small>Source: ${source}</small></p></details>`;
}
