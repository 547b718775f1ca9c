/** The live page as a value, and what changes from one to the next. */
import type { ChartPage, Column } from '../report/html/chart-spec.ts';
import { html, type Markup } from '../report/html/markup.ts';
import { navigationLinks, type PageContent, pageContent } from '../report/html/page.ts';
import { renderSection } from '../report/html/sections/section.ts';
import type { Standing } from './live-run.ts';
import type { ChartChange, PageChange } from './page-change.ts';

/** What the page shows. */
export interface PageState {
  readonly content: PageContent;
  /** HTML of each part by the id of its element, in the order of the page. */
  readonly parts: ReadonlyMap<string, string>;
  /** One line about the page itself. */
  readonly notice: string;
  /** Nothing comes after it. */
  readonly final: boolean;
}

/** What is known of a run before it writes anything. */
export interface RunName {
  readonly scenario: string;
  readonly question: string;
}

/** What the page says of itself while the run goes on. */
export const LIVE_NOTICE = 'Live: this page follows the run. Nothing on it is final.';

/** The page of a run that goes on. */
export function liveState({ report, stage }: Standing, run: RunName): PageState {
  const content = report
    ? pageContent(report.summary, report.series, report.dialogues)
    : contentWithoutReport(run, STARTING);
  const notice = stage === 'drain' ? `${LIVE_NOTICE} The load is over; the MTA’s queue drains.` : LIVE_NOTICE;
  return pageState(content, notice, false);
}

/** A page from its content. */
export function pageState(content: PageContent, notice: string, final: boolean): PageState {
  const parts = new Map([
    ['sections', navigationLinks(content.sections).markup],
    ['head', content.head.markup],
    ...content.sections.map((section) => [section.id, renderSection(section).markup] as const),
  ]);
  return { content, parts, notice, final };
}

/** What a page must be told that shows `before`; undefined: one that shows nothing yet. */
export function changeBetween(before: PageState | undefined, after: PageState): PageChange {
  return {
    notice: after.notice,
    final: after.final,
    order: [...after.parts.keys()],
    parts: Object.fromEntries([...after.parts].filter(([id, markup]) => before?.parts.get(id) !== markup)),
    charts: chartChange(before?.content.charts, after.content.charts),
  };
}

/** Columns mostly grow at their end, so of each only what follows the first difference is told. */
function chartChange(before: ChartPage | undefined, { columns, ...rest }: ChartPage): ChartChange {
  const changed: Record<string, readonly [number, Column]> = {};
  for (const [name, values] of Object.entries(columns)) {
    const old = before?.columns[name] ?? [];
    let from = 0;
    while (from < values.length && from < old.length && values[from] === old[from]) from++;
    if (from < values.length || from < old.length || !before) changed[name] = [from, values.slice(from)];
  }
  return { rest, columns: changed };
}

const STARTING = {
  kind: 'running',
  mark: '…',
  word: 'Starting',
  sentence: 'The lab is being brought up: DNS, ISPs, mailroom and the MTA.',
};

/** The page of a run that ended before there was anything to report. */
export function failedState(run: RunName, sentence: string): PageState {
  const content = contentWithoutReport(run, { kind: 'failed', mark: '✗', word: 'No run', sentence });
  return pageState(content, 'The run has ended.', true);
}

function contentWithoutReport(run: RunName, { kind, mark, word, sentence }: typeof STARTING): PageContent {
  const head: Markup = html`<header class="verdict ${kind}">
<div class="said">
<p class="word"><span class="mark" aria-hidden="true">${mark}</span>${word}</p>
<p class="sentence">${sentence}</p>
</div>
<div class="asked">
<h1>${run.scenario}</h1>
${run.question !== '' && html`<p class="question">${run.question}</p>`}
</div>
</header>`;
  return {
    title: `${run.scenario} – windtunnel`,
    head,
    sections: [],
    charts: { end: 0, limitReach: 1, columns: {}, charts: [] },
  };
}
