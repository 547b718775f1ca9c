import { holdsSessionsOnly } from '../../injection-text.ts';
import { formatCount, formatShare } from '../../numbers.ts';
import type { IspSummary, ReplyCount, Summary } from '../../summary.ts';
import type { Chart } from '../charts/chart.ts';
import { figure } from '../figure.ts';
import { anchor, html, type Markup } from '../markup.ts';
import { meter, table } from '../table.ts';
import type { Section } from './section.ts';

/** All ISPs side by side, then each with its adaptation curve and the replies it gave. */
export function ispsSection(summary: Summary, charts: ReadonlyMap<string, Chart>): Section {
  const { isps } = summary;
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
  return {
    id: 'isps',
    title: 'ISPs',
    nav: 'ISPs',
    body: html`<div class="panel">${overview(isps)}</div>${isps.map((isp) => oneIsp(isp, charts.get(isp.id)))}`,
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
      html`<a href="#${anchor('at', isp.id)}">${isp.name}</a>`,
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

function oneIsp(isp: IspSummary, chart: Chart | undefined): Markup {
  return html`<div class="isp" id="${anchor('at', isp.id)}">
${chart && figure(chart)}
<div class="panel replies"><h3>Replies of ${isp.name}</h3>
${isp.replies.length === 0 ? html`<p class="nothing">It gave none.</p>` : repliesTable(isp)}
</div></div>`;
}

function repliesTable({ name, replies }: IspSummary): Markup {
  const all = replies.reduce((sum, { count }) => sum + count, 0);
  const columns = [
    { head: 'reply' },
    { head: 'class' },
    { head: 'count', number: true },
    { head: 'share' },
    { head: 'wording' },
    { head: 'wording is' },
  ] as const;
  return table(
    `Replies of ${name}`,
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
<pre>${text.join('\n')}</pre><p><small>Source: ${source}</small></p></details>`;
}
