import { formatCount, formatShare } from '../../numbers.ts';
import type {
  IspSources,
  Outcome,
  SourcesSummary,
  SourceUse,
  Summary,
  UnreachableMail,
  VmtaSources,
} from '../../summary.ts';
import { html, type Markup, type Part } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

/** Virtual MTAs of an ISP that are shown at once; with more, those that are as asked are folded. */
const FEW = 20;

/** Whether there is more to say than that all mail left from the one address that there is. */
export function hasSources({ sources, mta }: Summary): boolean {
  return sources !== null && (mta.sources.length > 1 || sources.findings.length > 0);
}

/** From where mail left for each ISP, beside what was asked for. */
export function sourcesSection({ isps, findings }: SourcesSummary, names: Summary['isps']): Section {
  return {
    id: 'sources',
    title: 'Where mail left from',
    nav: 'Sources',
    body: html`<div class="panel">
${
  findings.length === 0
    ? html`<p><span class="balance passed"><span class="mark" aria-hidden="true">✓</span> spread as asked for, and every retry left from the virtual MTA of the first attempt</span></p>`
    : html`<ul class="findings">${findings.map((finding) => html`<li><span class="mark failed" aria-hidden="true">✗</span> ${finding}</li>`)}</ul>`
}
<p class="fine">Shares are of recipients’ first attempts. What is asked for is what messages name in X-Virtual-MTA, or the pool’s weights, among the virtual MTAs that reach the ISP. A bar is what was seen, its notch what was asked for.</p>
</div>
${isps.filter(({ vmtas, unreachable }) => vmtas.length + unreachable.length > 0).map((isp) => oneIsp(isp, names.find(({ id }) => id === isp.isp)?.name ?? isp.isp))}`,
  };
}

function oneIsp(isp: IspSources, name: string): Markup {
  const { vmtas } = isp;
  const most = Math.max(0, ...vmtas.flatMap(({ share, askedShare }) => [share, askedShare ?? 0]));
  const off = vmtas.length > FEW ? vmtas.filter((vmta) => vmta.off) : vmtas;
  const rest = vmtas.filter((vmta) => !off.includes(vmta));
  return html`<div class="panel"><h3>${name} <small>${formatCount(isp.firstAttempts)} recipients tried from ${formatCount(vmtas.length)} virtual MTAs</small></h3>
${off.length > 0 && sharesTable(off, most, name)}
${rest.length > 0 && html`<details class="kind"><summary>${formatCount(rest.length)} virtual MTAs as asked for <small>${range(rest.map(({ share }) => share))} each</small></summary>${sharesTable(rest, most, `${name}, as asked for`)}</details>`}
<p class="fine">${retriesSentence(isp)}${isp.foreignAttempts > 0 && ` ${formatCount(isp.foreignAttempts)} attempts came from addresses that no virtual MTA has.`}</p>
${isp.unreachable.map(unreachableNote)}
</div>`;
}

function range(shares: readonly number[]): string {
  const [least, most] = [Math.min, Math.max].map((pick) => formatShare(pick(...shares), 1));
  return least === most ? `${least}` : `${least} to ${most}`;
}

function sharesTable(vmtas: readonly VmtaSources[], most: number, label: string): Markup {
  const number = true as const;
  return table(
    `Virtual MTAs at ${label}`,
    [
      { head: 'virtual MTA' },
      { head: 'asked', number },
      { head: 'by chance', number },
      { head: 'seen', number },
      { head: 'apart', number },
      { head: 'attempts', number },
      { head: 'accepted', number },
      { head: 'throttled', number },
      { head: 'deferred', number },
      { head: 'rejected', number },
      { head: 'connections', number },
    ],
    vmtas.flatMap((vmta) => rowsOf(vmta, most)),
  );
}

/** A virtual MTA with one address is one row; each of several addresses has a row of its own below it. */
function rowsOf(vmta: VmtaSources, most: number): Part[][] {
  const { sources, askedShare, chance, share } = vmta;
  const [only] = sources;
  const alone = sources.length === 1 && only;
  const shares: Part[] = [
    askedShare === null ? '–' : formatShare(askedShare, 1),
    askedShare === null ? '–' : range(chance),
    html`<span class="share">${formatShare(share, 1)}${bar(share, askedShare, most)}</span>`,
    apartText(vmta),
  ];
  const head = html`${vmta.vmta}${alone && html` <small><code>${alone.source}</code></small>`}${!vmta.reaches && html` <small>can’t reach it</small>`}`;
  if (alone) return [[head, ...shares, ...counts(alone)]];
  return [
    [head, ...shares, ...counts(together(sources))],
    ...sources.map((one): Part[] => [
      html`<span class="of"><code>${one.source}</code></span>${!one.reaches && html` <small>can’t reach it</small>`}`,
      '',
      '',
      html`<span class="share">${formatShare(one.share, 1)}${bar(one.share, null, most)}</span>`,
      '',
      ...counts(one),
    ]),
  ];
}

function apartText({ askedShare, share, off }: VmtaSources): Part {
  if (askedShare === null) return '–';
  const points = (share - askedShare) * 100;
  const sign = points < 0 ? '−' : '+';
  const text = `${sign}${Math.abs(points).toFixed(1)}`;
  return off ? html`<b class="failed">${text}</b>` : text;
}

function counts({ attempts, accepted, throttled, deferred, rejected, connectionsOpened }: Counts): string[] {
  return [attempts, accepted, throttled, deferred, rejected, connectionsOpened].map(formatCount);
}

type Counts = Omit<SourceUse, 'source' | 'reaches' | 'share'>;

function together(sources: readonly SourceUse[]): Counts {
  const sum = (key: keyof Counts): number => sources.reduce((all, source) => all + source[key], 0);
  return {
    attempts: sum('attempts'),
    accepted: sum('accepted'),
    throttled: sum('throttled'),
    deferred: sum('deferred'),
    rejected: sum('rejected'),
    connectionsOpened: sum('connectionsOpened'),
  };
}

/** A bar of what was seen with a notch at what was asked, both as parts of the largest at the ISP. */
function bar(seen: number, asked: number | null, most: number): Markup {
  const at = (share: number): string => `${(most === 0 ? 0 : (share / most) * 100).toFixed(2)}%`;
  return html`<span class="meter notched" aria-hidden="true"><i style="width: ${at(seen)}; background: var(--c-attempts)"></i>${asked !== null && html`<b style="left: ${at(asked)}"></b>`}</span>`;
}

function retriesSentence({ retries, retriesFromOtherSource, retriesFromOtherVmta }: IspSources): string {
  if (retries === 0) return 'Nobody was tried twice.';
  if (retriesFromOtherSource === 0)
    return `All ${formatCount(retries)} retries left from the address of the first attempt.`;
  return `Of ${formatCount(retries)} retries ${formatCount(retriesFromOtherSource)} left from another address than the first attempt, ${formatCount(retriesFromOtherVmta)} of them from another virtual MTA.`;
}

function unreachableNote({ asked, vmtas, which, recipients, outcomes }: UnreachableMail): Markup {
  const ends = (Object.entries(outcomes) as [Outcome, number][]).filter(([, count]) => count > 0);
  const became = ends.map(([outcome, count]) => `${formatCount(count)} ${outcome}`).join(', ');
  if (which === 'all')
    return html`<p class="fine"><b>${asked}</b> can’t reach it: ${formatCount(recipients)} recipients asked for it${became && `; ${became}`}.</p>`;
  const untried =
    recipients === 0
      ? 'the others took its part'
      : `${formatCount(recipients)} recipients were never tried: ${became}`;
  return html`<p class="fine">Of ${asked}, ${vmtas.join(', ')} can’t reach it; ${untried}.</p>`;
}
