/** From which virtual MTAs and sources mail left, beside what was asked for. */
import type { MtaEvidence } from '../analysis/conservation.ts';
import { type IspSpread, reaches, type SpreadPlan, spreadOf, type VmtaSpread } from '../analysis/spread.ts';
import type { Aggregate } from '../record/aggregate.ts';
import { ATTEMPT_OUTCOMES, type AttemptOutcome, NONE16 } from '../record/attempt-log.ts';
import type { Row } from '../record/timeline.ts';
import type { ReportInput } from './input.ts';
import { formatCount, formatShare } from './numbers.ts';
import type { IspSources, SourcesSummary, SourceUse, VmtaSources } from './summary.ts';

/** How mail left; null if there was no MTA. */
export function sourcesSummary(
  aggregate: Aggregate,
  input: ReportInput,
  evidence: MtaEvidence,
): SourcesSummary | null {
  const { spread: plan } = input;
  if (!plan) return null;
  const spread = spreadOf(aggregate.ledger, aggregate.model.loads, plan, evidence);
  const rows = bySource(aggregate);
  const isps = spread.map((one, isp) => ispSources(one, isp, plan, aggregate, input, rows));
  return { findings: isps.flatMap(findingsOf), isps };
}

/** The timeline's rows by ISP and source. */
function bySource({ timeline }: Aggregate): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of timeline.rows()) {
    const key = `${row.isp}/${row.source}`;
    const rows = found.get(key);
    if (rows) rows.push(row);
    else found.set(key, [row]);
  }
  return found;
}

function ispSources(
  spread: IspSpread,
  isp: number,
  plan: SpreadPlan,
  { ledger }: Aggregate,
  input: ReportInput,
  rows: ReadonlyMap<string, readonly Row[]>,
): IspSources {
  const { firstAttempts, elsewhere, unreachable } = spread;
  const share = (count: number): number => (firstAttempts === 0 ? 0 : count / firstAttempts);
  const use = (source: number): SourceUse => ({
    source: input.sources[source] ?? '',
    reaches: plan.reach[isp]?.[source] ?? false,
    share: share(ledger.firsts.get(isp)?.get(source) ?? 0),
    ...countsIn(rows.get(`${isp}/${source}`) ?? []),
  });
  const vmta = ({ vmta: number, asked, seen, chance, off }: VmtaSpread): VmtaSources => ({
    vmta: plan.vmtas[number]?.name ?? '',
    reaches: reaches(plan, number, isp),
    askedShare: asked === undefined ? null : share(asked),
    share: share(seen),
    chance: [share(chance[0]), share(chance[1])],
    off,
    sources: (plan.vmtas[number]?.sources ?? []).map(use),
  });
  const { retries = 0, fromOtherSource = 0, fromOtherVmta = 0 } = ledger.retries.get(isp) ?? {};
  return {
    isp: input.isps[isp]?.id ?? '',
    firstAttempts,
    elsewhere,
    foreignAttempts: countsIn(rows.get(`${isp}/${NONE16}`) ?? []).attempts,
    retries,
    retriesFromOtherSource: fromOtherSource,
    retriesFromOtherVmta: fromOtherVmta,
    vmtas: spread.vmtas
      .map(vmta)
      .filter(
        ({ askedShare, sources }) =>
          (askedShare ?? 0) > 0 || sources.some((one) => one.attempts > 0 || one.connectionsOpened > 0),
      ),
    unreachable: unreachable.map(({ ask, vmtas, which, recipients, outcomes }) => ({
      asked: plan.asks[ask]?.name ?? '',
      vmtas: vmtas.map((number) => plan.vmtas[number]?.name ?? ''),
      which,
      recipients,
      outcomes,
    })),
  };
}

/** What rows of the timeline come to: recipient attempts by outcome, and connections. */
export function countsIn(rows: readonly Row[]): Omit<SourceUse, 'source' | 'reaches' | 'share'> {
  const sum = (value: (row: Row) => number): number => rows.reduce((total, row) => total + value(row), 0);
  const of = (name: AttemptOutcome): number => {
    const ordinal = ATTEMPT_OUTCOMES.indexOf(name);
    return sum((row) => row.attempts[ordinal] as number);
  };
  return {
    attempts: sum((row) => row.attempts.reduce((a, b) => a + b, 0)),
    accepted: of('accepted'),
    throttled: of('throttled'),
    deferred: of('deferred'),
    rejected: of('rejected'),
    connectionsOpened: sum((row) => row.connectionsOpened),
  };
}

/** What was not as asked for at an ISP, a sentence each. */
function findingsOf(at: IspSources): string[] {
  const { isp, firstAttempts, elsewhere, foreignAttempts, retries, retriesFromOtherVmta } = at;
  const found: string[] = [];
  for (const mail of at.unreachable) {
    if (mail.recipients === 0) continue;
    const ends = Object.entries(mail.outcomes).filter(([, count]) => count > 0);
    const became = ends.map(([outcome, count]) => `${formatCount(count)} ${outcome}`).join(', ');
    const whom = mail.which === 'all' ? '' : ` (${mail.vmtas.join(', ')} of it)`;
    found.push(
      `${isp}: ${counted(mail.recipients, 'recipient')} asked for ${mail.asked}${whom}, from which the ISP can't be reached: ${became}.`,
    );
  }
  if (foreignAttempts > 0)
    found.push(`${isp}: ${counted(foreignAttempts, 'attempt')} came from addresses that no virtual MTA has.`);
  if (elsewhere > 0)
    found.push(
      `${isp}: ${formatCount(elsewhere)} of ${counted(firstAttempts, 'recipient')} were first tried from a virtual MTA that the message did not ask for.`,
    );
  const off = at.vmtas.filter((vmta) => vmta.off).sort((a, b) => apart(b) - apart(a));
  const [worst] = off;
  if (worst) {
    const others =
      off.length > 1 ? `; ${formatCount(off.length - 1)} more ${off.length === 2 ? 'is' : 'are'} off` : '';
    found.push(
      `${isp}: ${worst.vmta} sent ${formatShare(worst.share, 1)} of the first attempts, and ${formatShare(worst.askedShare ?? 0, 1)} were asked for (chance explains ${rangeText(worst.chance)})${others}.`,
    );
  }
  if (retriesFromOtherVmta > 0)
    found.push(
      `${isp}: ${formatCount(retriesFromOtherVmta)} of ${counted(retries, 'retry')} left from another virtual MTA than the first attempt.`,
    );
  return found;
}

function apart({ share, askedShare }: VmtaSources): number {
  return Math.abs(share - (askedShare ?? share));
}

/** `1.2% to 5%`. */
function rangeText([least, most]: VmtaSources['chance']): string {
  return least === most ? 'nothing else' : `${formatShare(least, 1)} to ${formatShare(most, 1)}`;
}

const PLURALS = { recipient: 'recipients', attempt: 'attempts', retry: 'retries' } as const;

function counted(count: number, what: keyof typeof PLURALS): string {
  return `${formatCount(count)} ${count === 1 ? what : PLURALS[what]}`;
}
