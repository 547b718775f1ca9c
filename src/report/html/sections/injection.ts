import { connectionsText, isPlainInjection } from '../../injection-text.ts';
import { formatCount, formatShare } from '../../numbers.ts';
import { meaningOfCode } from '../../smtp-codes.ts';
import type { InjectorSummary, Summary } from '../../summary.ts';
import type { Chart } from '../charts/chart.ts';
import { figure } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import { meter, table } from '../table.ts';
import { facts, type Section } from './section.ts';

/** The driver's side: what the loads did, how its connections fared, and with which codes it was refused. */
export function injectionSection(summary: Summary, chart: Chart | undefined): Section {
  const { injector } = summary;
  const [only] = injector.loads;
  const body = isPlainInjection(summary)
    ? html`<div class="panel"><p>${[only?.text, connectionsText(summary)].filter((part) => part !== undefined).join('; ')}.</p></div>`
    : html`<div class="panel">
${injector.loads.length > 1 ? loadsTable(injector) : only && html`<p>${only.text}.</p>`}
${facts(
  [
    ['connections opened', injector.opened],
    ['at once at most', injector.peak],
    ['refused', injector.refused],
    ['failed', injector.failed],
    ['lost', injector.lost],
    ['NOOPs answered', injector.noops],
    ['NOOPs not answered', injector.noopsFailed],
    ['messages put off and kept', injector.deferredInjections],
  ]
    .filter(([, n], i) => i < 2 || n !== 0)
    .map(([name, n]) => [String(name), formatCount(Number(n))] as const),
)}
${injector.refusals.length > 0 && refusalsTable(injector)}
</div>`;
  return {
    id: 'injection',
    title: 'Injection',
    nav: 'Injection',
    body: html`${body}${chart && figure(chart)}`,
  };
}

function loadsTable({ loads }: InjectorSummary): Markup {
  const number = true as const;
  const probes = loads.some(({ noops }) => noops > 0);
  return table(
    'Loads',
    [
      { head: 'load' },
      { head: 'what it does' },
      { head: 'connections', number },
      { head: 'injected', number },
      { head: 'failed', number },
      { head: 'never begun', number },
      ...(probes ? [{ head: 'NOOPs', number }] : []),
    ],
    loads.map((load) => [
      load.name,
      load.text,
      ...[load.connectionsOpened, load.injected, load.failed, load.dropped].map(formatCount),
      ...(probes ? [formatCount(load.noops)] : []),
    ]),
  );
}

function refusalsTable({ refusals }: InjectorSummary): Markup {
  const all = refusals.reduce((sum, { count }) => sum + count, 0);
  const color = (code: number): string => (code === 0 ? 'c-none' : code < 500 ? 'c-4xx-1' : 'c-5xx-1');
  return html`<h3>What the driver was refused with <small>connections, messages and NOOPs</small></h3>${table(
    'Refusals by code',
    [{ head: 'reply' }, { head: 'meaning' }, { head: 'count', number: true }, { head: 'share' }],
    refusals.map(({ code, count }) => [
      code === 0 ? 'none' : html`<code class="code">${code}</code>`,
      meaningOfCode(code),
      formatCount(count),
      html`<span class="share">${meter(count / all, color(code))}<small>${formatShare(count, all)}</small></span>`,
    ]),
  )}`;
}
