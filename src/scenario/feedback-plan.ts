/** Where what comes back goes, and what the user should know of it before the run. */
import type {
  EnrolledLoops,
  FeedbackRule,
  ResolvedFeedback,
} from '../../fakes/feedback/resolved-feedback.ts';
import { type Spread, spreadText } from '../../fakes/isp/spread.ts';
import type { Micros } from '../core/clock.ts';
import { formatDuration, trim } from '../core/units.ts';
import type { LoadPlan } from '../driver/load.ts';
import type { MtaSource } from '../mta/adapter.ts';
import type { LoadedScenario } from './load.ts';
import type { Fault } from './load-plan.ts';

/** The way back as a scenario wants it. */
export interface PlannedFeedback {
  /** Who takes it by SMTP: the MTA under test, as the sender's own mail server, or the sender's mailroom. */
  readonly to: 'mta' | 'mailroom';
  /** Where complaint reports are addressed to. */
  readonly address: string;
  /** DKIM domains and addresses of sources that are enrolled in complaint loops; null: all. */
  readonly loops: readonly string[] | null;
}

/** Plans where it goes, and says what is wrong with that. */
export function plannedFeedback(
  { scenario: { feedback, mta, senders } }: LoadedScenario,
  sources: readonly MtaSource[],
  fault: Fault,
): PlannedFeedback {
  const domains = senders.map(({ domain }) => domain.toLowerCase());
  if (feedback.to === 'mta' && mta.adapter === 'none')
    fault(['feedback', 'to'], 'without an MTA there is none to send to; expected mailroom');
  const address = feedback.address ?? `fbl@${domains[0]}`;
  if (!domains.includes(address.slice(address.lastIndexOf('@') + 1).toLowerCase())) {
    const expected = `expected an address in one of this scenario's sender domains, ${domains.join(', ')}`;
    fault(['feedback', 'address'], `found ${JSON.stringify(address)}; ${expected}`);
  }
  feedback.loops?.forEach((loop, at) => {
    if (!loop.isSource) return;
    if (!sources.some((source) => source.address === loop.text))
      fault(['feedback', 'loops', at], `${loop.text} is not one of this scenario's sources`);
  });
  return {
    to: feedback.to ?? (mta.adapter === 'none' ? 'mailroom' : 'mta'),
    address,
    loops: feedback.loops?.map(({ text }) => text) ?? null,
  };
}

/** The loops as an ISP keeps them; undefined: everyone is enrolled. */
export function enrolledLoops(
  { scenario: { feedback } }: LoadedScenario,
  sources: readonly MtaSource[],
): EnrolledLoops | undefined {
  const { loops } = feedback;
  return (
    loops && {
      domains: loops.filter(({ isSource }) => !isSource).map(({ text }) => text.toLowerCase()),
      sources: sources.flatMap(({ address, index }) =>
        loops.some((loop) => loop.isSource && loop.text === address) ? [index] : [],
      ),
    }
  );
}

/** An ISP with what comes back of it. */
interface Returning {
  readonly resolved: { readonly id: string; readonly feedback: ResolvedFeedback | null };
}

/** What check says of each ISP of which anything comes back, by kind: its shares and how long they take. */
export function describeFeedback({ feedback }: Returning['resolved']): string | undefined {
  if (!feedback) return undefined;
  const rules = feedback.rules.filter(({ share, end }) => share > 0 && end === null);
  const said = rules.map((rule) => {
    const delay = rule.kind === 'trap' ? '' : ` after ${spreadText(rule.delay)}`;
    return `${rule.kind} ${trim(rule.share * 100)} %${whom(rule)}${delay}`;
  });
  return said.length === 0 ? 'nothing but in incidents' : said.join(', ');
}

function whom({ header, group }: FeedbackRule): string {
  const all = [
    ...(header ? [`${header.name}: ${header.value}`] : []),
    ...(group === null ? [] : [`${trim(group * 100)} % of the mailboxes`]),
  ];
  return all.length === 0 ? '' : ` of ${all.join(' in ')}`;
}

/** Feedback that a run can't show as it was asked for: it comes too late, or to nobody. */
export function feedbackNotes(isps: readonly Returning[], loads: readonly LoadPlan[], end: Micros): string[] {
  const unsigned = loads.some(({ action, message }) => action === 'message' && message.dkim === 'none');
  return isps.flatMap(({ resolved: { id, feedback } }) => {
    if (!feedback) return [];
    const { key, loops, form } = feedback.complaints;
    const hasComplaints = feedback.rules.some(({ kind, share }) => kind === 'complaint' && share > 0);
    const reports = hasComplaints && form !== 'none';
    const enrolled = loops && (key === 'source' ? loops.sources : loops.domains);
    const late = [...new Set(feedback.rules.filter((r) => r.share > 0 && middle(r.delay) > end))];
    return [
      ...late
        .slice(0, 1)
        .map(
          ({ kind, delay }) =>
            `${id}: most of what comes back as ${kind} takes ${spreadText(delay)}, longer than the run (${formatDuration(end)}); a larger clock.scale or a shorter delay shows it`,
        ),
      ...(reports && enrolled?.length === 0
        ? [
            `${id} reports no complaints: it knows loops by ${key === 'source' ? 'source' : 'DKIM domain'}, and feedback.loops has none`,
          ]
        : []),
      ...(reports && key === 'dkim-domain' && unsigned
        ? [`${id} reports complaints about signed mail alone, and not all of the load is (load.message.dkim)`]
        : []),
    ];
  });
}

/** Half of all cases take no longer. */
function middle(delay: Spread): Micros {
  return delay.kind === 'even' ? (delay.min + delay.max) / 2 : delay.median;
}
