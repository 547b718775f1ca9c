import { metricNamed } from '../../../gate/metrics.ts';
import { formatCount, formatPerSecond, formatSeconds, formatShare } from '../../numbers.ts';
import type { AdaptationSummary, IncidentScores, IspSummary, Score, ScoreWord } from '../../summary.ts';
import { html, type Markup, type Part } from '../markup.ts';
import { meter, table } from '../table.ts';

/** The scores that are metrics, by the metric's name, as the tables call them. */
const TERMS = {
  utilisation: 'utilisation',
  wasted_attempts: 'wasted attempts',
  blocked_attempts: 'blocked attempts',
  penalty_time: 'penalty time',
  oscillation: 'oscillation',
  reaction_time: 'reaction time',
  first_backoff: 'first backoff',
  overshoot: 'overshoot',
  recovery_time: 'recovery time',
  drain_time: 'drain time',
  collateral: 'collateral',
} as const;
type Term = keyof typeof TERMS;

const WORDS: Readonly<Record<ScoreWord, string>> = {
  never: 'It did not happen, although there was time enough to see it.',
  'not reached': 'The run ended before it could be known.',
  'not applicable': 'There was nothing that it could measure.',
};

const CAPACITY = 'the most that the MTA could do at this ISP, which a perfect sender could not exceed either';

/** What each score means, once in the page: the tables refer to it. */
export function glossary(): Markup {
  const entries: readonly (readonly [id: string, name: string, meaning: string])[] = [
    ...(Object.keys(TERMS) as Term[]).map((term) => [term, TERMS[term], meaningOf(term)] as const),
    ['capacity', 'capacity', CAPACITY] as const,
    ...(Object.keys(WORDS) as ScoreWord[]).map((word) => [idOf(word), word, WORDS[word]] as const),
  ];
  return html`<details class="glossary"><summary>What the scores mean</summary>
<dl>${entries.map(([id, name, meaning]) => html`<div><dt>${name}</dt><dd id="means-${id}">${meaning}</dd></div>`)}</dl></details>`;
}

/**
 * The ISP that the MTA made the least of, among those that had an incident if there was any, since that is what the run is
 * about; undefined where nobody is scored.
 */
export function worstScored(adaptation: readonly AdaptationSummary[]): AdaptationSummary | undefined {
  return adaptation
    .filter(({ source, utilisation }) => source === null && typeof utilisation === 'number')
    .sort(
      (a, b) =>
        Number(b.incidents.length > 0) - Number(a.incidents.length > 0) ||
        Number(a.utilisation) - Number(b.utilisation),
    )[0];
}

/** The four scores that matter, for beside the curve: of the run, and of the incident that went worst. */
export function headlineScores({ utilisation, wastedAttempts, incidents }: AdaptationSummary): Markup {
  const slowest = (of: (incident: IncidentScores) => Score): Part => {
    const [worst] = [...incidents].sort((a, b) => badness(of(b)) - badness(of(a)));
    if (!worst) return word('not applicable');
    return html`${time(of(worst))}${incidents.length > 1 && html` <small>incident ${worst.incident}</small>`}`;
  };
  const scores: readonly (readonly [term: Term, value: Part])[] = [
    ['utilisation', share(utilisation)],
    ['wasted_attempts', share(wastedAttempts)],
    ['reaction_time', slowest(({ reactionSeconds }) => reactionSeconds)],
    ['recovery_time', slowest(({ recoverySeconds }) => recoverySeconds)],
  ];
  return html`<dl class="scores">${scores.map(
    ([name, value]) => html`<div><dt>${term(name)}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

/** The scores of all ISPs over the run. */
export function scoresOverview(
  isps: readonly IspSummary[],
  adaptation: readonly AdaptationSummary[],
  name: (isp: IspSummary) => Part,
): Markup | undefined {
  const rows = isps.flatMap((isp) => {
    const scores = adaptation.find((one) => one.isp === isp.id && one.source === null);
    return scores ? [runRow(name(isp), scores)] : [];
  });
  return rows.length === 0 ? undefined : runTable('Adaptation scores over the run', 'ISP', rows);
}

/**
 * The scores at one ISP: incident by incident, and of its sources. Undefined where there are none.
 * @param order the sources to show
 */
export function scoresPanel(
  { id, name }: IspSummary,
  adaptation: readonly AdaptationSummary[],
  order: readonly string[],
): Markup | undefined {
  const own = adaptation.filter(({ isp }) => isp === id);
  const sources = order.flatMap((address) => own.filter(({ source }) => source === address));
  const shown = [...own.filter(({ source }) => source === null), ...sources];
  const incidents = shown[0]?.incidents ?? [];
  if (incidents.length === 0 && sources.length === 0) return undefined;
  const left = own.length - shown.length;
  return html`<div class="panel scored">
${sources.length > 0 ? incidents.map((incident) => bySource(name, incident, shown)) : byIncident(name, incidents)}
${
  sources.length > 0 &&
  html`<h4>Over the run</h4>${runTable(
    `Scores by source at ${name}`,
    'source',
    shown.map((scores) => runRow(sourceName(scores), scores)),
  )}`
}
${left > 0 && html`<p class="fine">The scores of ${formatCount(left)} more sources are in <code>summary.json</code>.</p>`}
</div>`;
}

function byIncident(name: string, incidents: readonly IncidentScores[]): Markup {
  return html`<h4>Scores by incident</h4>${incidentTable(
    `Scores by incident at ${name}`,
    'incident',
    incidents.map((one) => [html`${one.label} <small>${spanOf(one)}</small>`, one]),
  )}`;
}

function bySource(
  name: string,
  { incident, label, ...span }: IncidentScores,
  all: readonly AdaptationSummary[],
): Markup {
  const rows = all.flatMap((scores) => {
    const own = scores.incidents.find((one) => one.incident === incident);
    return own ? [[sourceName(scores), own] as const] : [];
  });
  return html`<h4>${label} <small>incident ${incident}, ${spanOf({ incident, label, ...span })}</small></h4>${incidentTable(
    `Scores in incident ${incident} at ${name}`,
    'source',
    rows,
  )}`;
}

function sourceName({ source }: AdaptationSummary): Part {
  return source ?? 'all together';
}

// --- tables ---

const RUN_TERMS: readonly Term[] = [
  'utilisation',
  'wasted_attempts',
  'blocked_attempts',
  'penalty_time',
  'oscillation',
];

function runTable(label: string, first: string, rows: readonly (readonly Part[])[]): Markup {
  const number = true as const;
  return table(
    label,
    [
      { head: first },
      ...RUN_TERMS.map((name) => ({ head: term(name), short: TERMS[name], number })),
      { head: termButton('capacity', 'capacity'), short: 'capacity', number },
    ],
    rows,
  );
}

function runRow(name: Part, scores: AdaptationSummary): Part[] {
  const { utilisation, capacityPerSecond } = scores;
  return [
    name,
    typeof utilisation === 'number'
      ? html`<span class="share">${meter(utilisation, 'c-accepted')}${share(utilisation)}</span>`
      : share(utilisation),
    share(scores.wastedAttempts),
    formatCount(scores.blockedAttempts),
    formatSeconds(scores.penaltySeconds),
    plain(scores.oscillation),
    capacityPerSecond === null ? '–' : formatPerSecond(capacityPerSecond),
  ];
}

const INCIDENT_TERMS: readonly Term[] = [
  'utilisation',
  'wasted_attempts',
  'reaction_time',
  'first_backoff',
  'overshoot',
  'recovery_time',
  'drain_time',
  'collateral',
];

function incidentTable(
  label: string,
  first: string,
  rows: readonly (readonly [name: Part, incident: IncidentScores])[],
): Markup {
  const number = true as const;
  return table(
    label,
    [{ head: first }, ...INCIDENT_TERMS.map((name) => ({ head: term(name), short: TERMS[name], number }))],
    rows.map(([name, incident]) => [
      name,
      share(incident.utilisation),
      share(incident.wastedAttempts),
      time(incident.reactionSeconds),
      time(incident.firstBackoffSeconds),
      overshoot(incident),
      time(incident.recoverySeconds),
      time(incident.drainSeconds),
      share(incident.collateral),
    ]),
  );
}

function overshoot({ overshoot, overshootRatio }: IncidentScores): Part {
  const most = typeof overshootRatio === 'number' && overshoot > 0;
  return html`<span>${formatCount(overshoot)}${most && html` <small>×${ratio(overshootRatio)}</small>`}</span>`;
}

function spanOf({ from, to }: IncidentScores): string {
  return `${formatCount(from)} to ${formatCount(to)} s`;
}

// --- scores as text ---

/** A name that explains itself, with the words of the glossary. */
function term(name: Term): Markup {
  return termButton(name, TERMS[name]);
}

function termButton(id: string, name: string): Markup {
  return html`<button type="button" class="term" aria-describedby="means-${id}">${name}</button>`;
}

/** Explained as well, but no stop for the keyboard: a table may hold many. */
function word(said: ScoreWord): Markup {
  return html`<span class="term said-word${said === 'never' && ' never'}" aria-describedby="means-${idOf(said)}">${said}</span>`;
}

function idOf(said: ScoreWord): string {
  return said.replaceAll(' ', '-');
}

function meaningOf(name: Term): string {
  return metricNamed(name)?.meaning ?? '';
}

function share(score: Score): Part {
  return typeof score === 'number' ? formatShare(score, 1) : word(score);
}

function time(seconds: Score): Part {
  return typeof seconds === 'number' ? formatSeconds(seconds) : word(seconds);
}

function plain(score: Score): Part {
  return typeof score === 'number' ? ratio(score) : word(score);
}

function ratio(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** How bad a time is: longer is worse, never worst; what was not reached is worse than what was. */
function badness(score: Score): number {
  if (typeof score === 'number') return score;
  return { 'not applicable': -1, 'not reached': 1e12, never: 1e13 }[score];
}
