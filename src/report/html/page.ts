import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { asset } from '../../core/assets.ts';
import type { Dialogue } from '../dialogue.ts';
import { holdsSessionsOnly, isPlainInjection } from '../injection-text.ts';
import { formatCount } from '../numbers.ts';
import type { AdaptationSummary, IspSummary, Series, Summary } from '../summary.ts';
import type { ChartPage, Column } from './chart-spec.ts';
import { adaptationChart, LIMIT_REACH } from './charts/adaptation.ts';
import { type Chart, endOf, type TimeFrame } from './charts/chart.ts';
import { complaintsChart } from './charts/complaints.ts';
import { connectionsChart, ispConnectionsChart } from './charts/connections.ts';
import { deliveryLatencyChart, percentileChart } from './charts/latency.ts';
import { queueChart } from './charts/queue.ts';
import { codesChart, repliesChart } from './charts/replies.ts';
import { type ReputationCharts, reputationCharts } from './charts/reputation.ts';
import { sourceCharts } from './charts/sources.ts';
import { deferredChart, throughputChart } from './charts/throughput.ts';
import { type DrawnSeries, drawnSeries } from './downsample.ts';
import { emptyFigure, figure } from './figure.ts';
import { inlineModules, inlineScript } from './inline.ts';
import { html, type Markup, raw, scriptJson } from './markup.ts';
import { checksSection } from './sections/checks.ts';
import { connectionsSection } from './sections/connections.ts';
import { conservationSection } from './sections/conservation.ts';
import { faultsSection } from './sections/faults.ts';
import { feedbackSection } from './sections/feedback.ts';
import { harnessSection } from './sections/harness.ts';
import { injectionSection } from './sections/injection.ts';
import { type IspCharts, ispsSection } from './sections/isps.ts';
import { k6Section } from './sections/k6.ts';
import { latencySection } from './sections/latency.ts';
import { metricsSection } from './sections/metrics.ts';
import { mtaSection } from './sections/mta.ts';
import { reputationSection } from './sections/reputation.ts';
import { rerunSection } from './sections/rerun.ts';
import { headlineScores, worstScored } from './sections/scores.ts';
import { renderSection, type Section } from './sections/section.ts';
import { hasSources, sourcesSection } from './sections/sources.ts';
import { suppressionSection } from './sections/suppression.ts';
import { thresholdsTable } from './sections/thresholds.ts';
import { type MailCharts, throughputSection } from './sections/throughput.ts';
import { keyNumbers, verdictBanner } from './sections/verdict.ts';

/** Nothing may be loaded from anywhere: all that the page needs is in it. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Small charts have fewer pixels, and reputation takes its time. */
const SMALL_BUCKETS = 150;

/** What a report's page holds, in parts. */
export interface PageContent {
  readonly title: string;
  /** The first screen: verdict, numbers, thresholds, the chart beside them. */
  readonly head: Markup;
  readonly sections: readonly Section[];
  /** What the script draws. */
  readonly charts: ChartPage;
}

/** How a page differs from the file that loads nothing. */
export interface PageExtras {
  /** Added to its policy, such as whom it may ask. */
  readonly policy: string;
  /** Styles of its own. */
  readonly style: Markup;
  /** Stands between bar and first screen. */
  readonly notice: Markup;
  /** A script of its own. */
  readonly script: Markup;
}

/** `report.html`: the whole report as one file that loads nothing. */
export function renderHtml(summary: Summary, series: Series, dialogues: readonly Dialogue[] = []): string {
  return renderPage(pageContent(summary, series, dialogues));
}

/** All that the report of a run shows. */
export function pageContent(
  summary: Summary,
  series: Series,
  dialogues: readonly Dialogue[] = [],
): PageContent {
  const drawn = drawnSeries(series);
  const charts = chartsOf(summary, drawn, drawnSeries(series, SMALL_BUCKETS));
  const worst = charts.mail && worstScored(summary.adaptation);
  return {
    title: `${summary.run.scenario} – windtunnel`,
    head: html`${verdictBanner(summary)}
${keyNumbers(summary)}
<div class="first">
${thresholdsTable(summary)}
${charts.overview ? figure(charts.overview, { tall: true, below: worst && headlineScores(worst) }) : emptyFigure('Adaptation', 'No ISP took part in this run.')}
</div>
<noscript><p class="fine">The charts need JavaScript; the tables hold the same results.</p></noscript>
${drawn.merged > 1 && html`<p class="fine">The run has ${formatCount(series.t.length)} buckets; the charts draw ${drawn.merged} as one. timeline.csv has them all.</p>`}`,
    sections: sectionsOf(summary, charts, dialogues),
    charts: chartPage(charts.all, drawn),
  };
}

/** A page as one document. */
export function renderPage({ title, head, sections, charts }: PageContent, extras?: PageExtras): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}${extras && `; ${extras.policy}`}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style()}${extras?.style}</style>
</head>
<body>
${navigation(sections)}
${extras?.notice}
<main>
<div id="head">${head}</div>
${sections.map(renderSection)}
</main>
<script type="application/json" id="chart-data">${scriptJson(charts)}</script>
<script>${inlineScript(packages.resolve('uplot/dist/uPlot.iife.min.js'))}</script>
<script type="module">${inlineModules(new URL('client.js', import.meta.url))}</script>
<script type="module">${inlineModules(new URL('controls.js', import.meta.url))}</script>
${extras && html`<script type="module">${extras.script}</script>`}
</body>
</html>
`;
  return page.markup;
}

interface Charts {
  /** The one beside the thresholds. */
  readonly overview: Chart | undefined;
  /** What became of the mail; undefined where none was to be sent. */
  readonly mail: MailCharts | undefined;
  readonly connections: Chart | undefined;
  readonly isps: ReadonlyMap<string, IspCharts>;
  readonly reputation: ReadonlyMap<string, ReputationCharts>;
  /** Complaints, of ISPs where there were any. */
  readonly complaints: readonly Chart[];
  readonly ispConnections: Chart | undefined;
  readonly percentiles: Chart | undefined;
  readonly delivery: Chart | undefined;
  /** All of them that show something. */
  readonly all: readonly Chart[];
}

function chartsOf(summary: Summary, { series }: DrawnSeries, small: DrawnSeries): Charts {
  const frame: TimeFrame = { series, phases: summary.phases, loadSeconds: summary.run.loadSeconds };
  const sessionsOnly = holdsSessionsOnly(summary);
  const scores = (isp: IspSummary): AdaptationSummary | undefined =>
    summary.adaptation.find((one) => one.isp === isp.id && one.source === null);
  const worst = worstIsp(summary);
  const adaptation = worst && adaptationChart(frame, worst, 'overview', scores(worst));
  const overview = sessionsOnly ? connectionsChart(frame) : adaptation;
  const mail = sessionsOnly
    ? undefined
    : {
        throughput: throughputChart(frame, summary),
        deferred: deferredChart(frame, summary),
        codes: codesChart(frame),
        queue: summary.mta.adapter === 'none' ? undefined : queueChart(frame),
      };
  const withoutMta = summary.mta.adapter === 'none' && summary.injector.opened > 0;
  const connections =
    !sessionsOnly && (withoutMta || !isPlainInjection(summary)) ? connectionsChart(frame) : undefined;
  const isps = new Map(
    (sessionsOnly ? [] : summary.isps).map((isp): [string, IspCharts] => [
      isp.id,
      {
        adaptation: adaptationChart(frame, isp, 'isp', scores(isp)),
        replies: repliesChart(frame, isp),
        sources: sourceCharts({ ...frame, series: small.series }, isp),
      },
    ]),
  );
  const reputation = new Map(
    summary.reputation.map((one): [string, ReputationCharts] => {
      const name = summary.isps.find(({ id }) => id === one.isp)?.name ?? one.isp;
      return [one.isp, reputationCharts({ ...frame, series: small.series }, one, name)];
    }),
  );
  const complaints = (summary.feedback?.isps ?? []).flatMap((isp) => complaintsChart(frame, isp) ?? []);
  const ispConnections = sessionsOnly ? undefined : ispConnectionsChart(frame);
  const percentiles = percentileChart(summary.latency);
  const delivery = deliveryLatencyChart(frame);
  const all = [
    overview,
    ...Object.values(mail ?? {}),
    connections,
    ...[...isps.values()].flatMap((isp) => [isp.adaptation, isp.replies, ...isp.sources.charts]),
    ...[...reputation.values()].flatMap(({ standings, rates }) => [standings, rates]),
    percentiles,
    delivery,
    ...complaints,
    ispConnections,
  ].filter((chart) => chart !== undefined && chart.spec.series.length > 0) as Chart[];
  return {
    overview,
    mail,
    connections,
    isps,
    reputation,
    complaints,
    ispConnections,
    percentiles,
    delivery,
    all,
  };
}

/** The ISP whose adaptation is worth looking at first: the MTA made the least of it, or it throttled most. */
function worstIsp({ adaptation, isps }: Summary): IspSummary | undefined {
  const worst = worstScored(adaptation);
  return isps.find(({ id }) => id === worst?.isp) ?? mostThrottled(isps);
}

function mostThrottled(isps: readonly IspSummary[]): IspSummary | undefined {
  return [...isps].sort((a, b) => b.throttled - a.throttled || b.attempts - a.attempts)[0];
}

function sectionsOf(summary: Summary, charts: Charts, dialogues: readonly Dialogue[]): Section[] {
  return [
    ...(charts.mail ? [throughputSection(charts.mail, summary.mta)] : []),
    injectionSection(summary, charts.connections),
    ...k6Section(summary),
    ...(charts.mail || summary.isps.some(isSeen) ? [ispsSection(summary, charts.isps, dialogues)] : []),
    ...(summary.sources && hasSources(summary) && charts.mail
      ? [sourcesSection(summary.sources, summary.isps)]
      : []),
    ...reputationSection(summary, charts.reputation),
    latencySection(summary, charts),
    ...(charts.ispConnections ? [connectionsSection(summary.isps, charts.ispConnections)] : []),
    ...(charts.mail ? [conservationSection(summary)] : []),
    ...(summary.feedback ? [feedbackSection(summary.feedback, summary, charts.complaints)] : []),
    ...checksSection(summary),
    ...(summary.faults.length > 0 ? [faultsSection(summary)] : []),
    ...(summary.suppression ? [suppressionSection(summary.suppression)] : []),
    mtaSection(summary),
    harnessSection(summary),
    metricsSection(summary),
    rerunSection(summary),
  ];
}

function isSeen({ connectionsOpened }: IspSummary): boolean {
  return connectionsOpened > 0;
}

function navigation(sections: readonly Section[]): Markup {
  return html`<header class="bar">
<a class="brand" href="#"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M2 8h12a3 3 0 1 0-3-3M2 12h17a3 3 0 1 1-3 3M2 16h8a3 3 0 1 1-3 3"/></svg>windtunnel</a>
<nav id="sections" aria-label="Sections">${navigationLinks(sections)}</nav>
<button type="button" id="whole" hidden>Show the whole run</button>
<button type="button" id="theme" aria-label="Switch between light and dark">◐</button>
</header>`;
}

/** The links to the sections. */
export function navigationLinks(sections: readonly Section[]): Markup {
  return html`${sections.map(({ id, nav }) => html`<a href="#${id}">${nav}</a>`)}`;
}

function chartPage(charts: readonly Chart[], { series }: DrawnSeries): ChartPage {
  const columns: Record<string, Column> = { t: series.t };
  for (const chart of charts) Object.assign(columns, chart.columns);
  return {
    end: endOf(series),
    limitReach: LIMIT_REACH,
    columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.map(rounded)])),
    charts: charts.map(({ spec }) => spec),
  };
}

/** Five digits are more than a screen can show. */
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(5));
}

const packages = createRequire(import.meta.url);

/** uPlot's styles and the page's own. */
function style(): Markup {
  const files = [packages.resolve('uplot/dist/uPlot.min.css'), asset('src', 'report', 'html', 'style.css')];
  return raw(files.map((file) => readFileSync(file, 'utf8')).join('\n'));
}
