import { formatCount, formatMs, formatRate } from '../../numbers.ts';
import type { IspReputation, Summary } from '../../summary.ts';
import { type ReputationCharts, rateLabel, tierText } from '../charts/reputation.ts';
import { figure } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

/** The section, where there is something to tell: lost reputation, or rates of complaints. */
export function reputationSection(
  { reputation, isps }: Pick<Summary, 'reputation' | 'isps'>,
  charts: ReadonlyMap<string, ReputationCharts>,
): Section[] {
  const told = reputation.filter(({ standings, rates }) => standings.length + rates.length > 0);
  if (told.length === 0) return [];
  return [
    {
      id: 'reputation',
      title: 'What the ISPs think of the sender',
      nav: 'Reputation',
      body: html`${told.map((one) =>
        oneIsp(one, isps.find(({ id }) => id === one.isp)?.name ?? one.isp, charts.get(one.isp)),
      )}`,
    },
  ];
}

function oneIsp(reputation: IspReputation, name: string, charts: ReputationCharts | undefined): Markup {
  const { standings, scales, rates } = reputation;
  return html`<div class="isp"><h3>${name}</h3>
${charts?.standings && figure(charts.standings, { level: 4 })}
${charts?.rates && figure(charts.rates, { level: 4 })}
<div class="panel">
${scales.length > 0 && standings.length === 0 && html`<p>Nobody has lost reputation at ${name}.</p>`}
${standings.length > 0 && standingsTable(reputation, name)}
${rates.length > 0 && ratesTable(reputation, name)}
</div></div>`;
}

const NUMBER = true as const;

function standingsTable({ standings, scales }: IspReputation, name: string): Markup {
  return html`<h4>Reputation</h4>
${table(
  `Reputation at ${name}`,
  [
    { head: 'source or domain' },
    { head: 'lowest', short: 'lowest', number: NUMBER },
    { head: 'at', short: 'at', number: NUMBER },
    { head: 'in the end', short: 'in the end', number: NUMBER },
    { head: 'at the lowest', short: 'at the lowest' },
  ],
  standings.map(({ of, name, lowest, lowestAt, last }) => {
    const tier = scales.find((scale) => scale.of === of)?.tiers.find(({ below }) => lowest < below);
    return [
      of === 'domain' ? `domain ${name}` : name,
      lowest,
      `${formatCount(lowestAt)} s`,
      last,
      tier ? tierText(tier.factor) : 'limits as they are',
    ];
  }),
)}`;
}

function ratesTable({ rates, limits, daySeconds }: IspReputation, name: string): Markup {
  const many = rates.some(({ days }) => days.length > 1);
  const strictest = Math.max(...limits.map(({ rate }) => rate));
  return html`<h4>Complaints <small>without those that were taken back</small></h4>
${table(
  `Complaints at ${name}`,
  [
    { head: 'mail of' },
    { head: 'recipients', short: 'recipients', number: NUMBER },
    { head: 'complaints', short: 'complaints', number: NUMBER },
    { head: 'rate', short: 'rate', number: NUMBER },
    ...(many ? [{ head: 'worst day', short: 'worst day', number: NUMBER }] : []),
  ],
  rates.map((one) => [
    rateLabel(one),
    formatCount(one.recipients),
    formatCount(one.complaints),
    rateCell(one.rate, strictest),
    ...(many ? [rateCell(worstOf(one.days.map(({ rate }) => rate)), strictest)] : []),
  ]),
)}
<p class="fine">${daySeconds !== null && `A simulated day lasts ${formatMs(daySeconds * 1e3)}. `}${limits.map(({ rate, mark }) => `A sender is to stay below ${formatRate(rate)} (${mark}). `)}With fewer than 100 recipients there is no rate.</p>`;
}

function worstOf(rates: readonly (number | null)[]): number | null {
  return rates.reduce((worst, rate) => (rate !== null && rate > (worst ?? -1) ? rate : worst), null);
}

function rateCell(rate: number | null, limit: number): Markup {
  if (rate === null) return html`–`;
  return rate > limit
    ? html`<span><span class="mark failed" aria-hidden="true">✗</span> <b>${formatRate(rate)}</b></span>`
    : html`${formatRate(rate)}`;
}
