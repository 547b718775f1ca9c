/** From the incidents of a scenario to those of a plan, and to what they are for an ISP. */
import type { DnsTrouble } from '../../fakes/dns-answer.ts';
import { type FeedbackChange, type FeedbackKey, feedbackKeys } from '../../fakes/feedback/feedback-schema.ts';
import { clientOf } from '../../fakes/isp/networks.ts';
import type { IspIncident } from '../../fakes/isp/resolve-incidents.ts';
import type { Micros } from '../core/clock.ts';
import { nearest } from '../core/nearest.ts';
import { formatDuration, trim } from '../core/units.ts';
import type { MtaSource } from '../mta/adapter.ts';
import type { PlannedMailGroup } from './addresses.ts';
import type { UNREACHABLE } from './incident-schema.ts';
import type { LoadedScenario } from './load.ts';

/** An incident as the report shows it. Times are real microseconds since the load began. */
export interface PlannedIncident {
  readonly isp: string;
  readonly start: Micros;
  readonly end: Micros;
  readonly label: string;
  /** The sources that it is about; absent: all. */
  readonly sources?: readonly string[];
  /** Nothing can reach the ISP meanwhile: all its mail hosts, or the lookups of them, are gone. */
  readonly stops?: true;
  /** Mail hosts that can't be reached meanwhile. */
  readonly unreachable?: {
    readonly how: (typeof UNREACHABLE)[number];
    readonly addresses: readonly string[];
  };
  /** Domains whose lookups fail meanwhile. */
  readonly dns?: { readonly how: DnsTrouble; readonly domains: readonly string[] };
}

type Incident = LoadedScenario['scenario']['incidents'][number];
type Fault = (path: readonly PropertyKey[], message: string) => void;

/** The incidents of a scenario, with what is wrong with them. */
export function plannedIncidents(
  { scenario }: LoadedScenario,
  mailGroupsOf: (isp: string) => readonly PlannedMailGroup[] | undefined,
  load: Micros,
  mtaSources: readonly MtaSource[],
  fault: Fault,
): PlannedIncident[] {
  const ids = Object.keys(scenario.isps);
  const sources = scenario.mta.sources.map(({ ip }) => ip);
  const planned = scenario.incidents.map((incident, index): PlannedIncident => {
    const path = ['incidents', index] as const;
    if (!ids.includes(incident.isp)) {
      const near = nearest(incident.isp, ids);
      fault(
        [...path, 'isp'],
        `no ISP "${incident.isp}" in this scenario${near ? `; did you mean ${near}?` : `; expected one of ${ids.join(', ')}`}`,
      );
    }
    if (incident.at >= load)
      fault(
        [...path, 'at'],
        `found ${formatDuration(incident.at)}; expected a moment within the load's ${formatDuration(load)}`,
      );
    const { source, netblock, domain, limits, ramp, reply, effect, unreachable, dns, feedback } = incident;
    if (source !== undefined && !sources.includes(source))
      fault([...path, 'source'], `${source} is not one of this scenario's sources`);
    if (netblock && !sources.some(netblock.holds))
      fault([...path, 'netblock'], `none of this scenario's sources is in ${netblock.text}`);
    if (source !== undefined && netblock)
      fault([...path, 'netblock'], 'an incident is about one source or about a netblock, not both');
    if (domain !== undefined && !scenario.senders.some((s) => s.domain === domain))
      fault([...path, 'domain'], `${domain} is not one of this scenario's senders`);
    const changes = [reply, effect, unreachable, dns, ...Object.keys(limits ?? {}), ...kindsOf(feedback)];
    if (changes.every((change) => change === undefined))
      fault(
        path,
        'this incident changes nothing; expected "limits", "reply", "effect", "unreachable", "dns" or "feedback"',
      );
    if (incident.mx !== undefined && unreachable === undefined)
      fault([...path, 'mx'], 'only means something with "unreachable"');
    if (ramp !== undefined && !limits) fault([...path, 'ramp'], 'only limits can move to a value in time');
    const concerned = whom(mtaSources, source, netblock);
    return {
      isp: incident.isp,
      start: incident.at,
      end: incident.at + incident.for,
      label: labelOf(incident),
      ...(concerned && {
        sources: concerned.map((index) => mtaSources[index]?.address).filter((ip) => ip !== undefined),
      }),
      ...((dns || (unreachable !== undefined && incident.mx === undefined)) && { stops: true }),
      ...(unreachable !== undefined && {
        unreachable: {
          how: unreachable,
          addresses: unreachableHosts(incident, mailGroupsOf(incident.isp), path, fault),
        },
      }),
      ...(dns && {
        dns: { how: dns, domains: (mailGroupsOf(incident.isp) ?? []).flatMap((group) => group.domains) },
      }),
    };
  });
  planned.forEach((later, index) => {
    const earlier = planned.slice(0, index).findIndex((other) => takesSameHost(other, later));
    if (earlier >= 0)
      fault(['incidents', index], `takes a mail host away that incidents.${earlier} has taken already`);
  });
  return planned;
}

/** Whether two outages of one mail host overlap: which of them would hold can't be said. */
function takesSameHost(a: PlannedIncident, b: PlannedIncident): boolean {
  const both =
    a.unreachable?.addresses.some((address) => b.unreachable?.addresses.includes(address)) ?? false;
  return both && a.start < b.end && b.start < a.end;
}

/** The addresses of the mail hosts that an incident is about. */
function unreachableHosts(
  { isp, mx }: Incident,
  groups: readonly PlannedMailGroup[] | undefined,
  path: readonly PropertyKey[],
  fault: Fault,
): string[] {
  const hosts = (groups ?? []).flatMap((group) => group.hosts);
  const chosen = hosts.filter(({ host }) => mx === undefined || host === mx);
  if (groups && chosen.length === 0) {
    const names = [...new Set(hosts.map(({ host }) => host))];
    const near = nearest(mx ?? '', names);
    fault(
      [...path, 'mx'],
      `no mail host "${mx}" at ${isp}${near ? `; did you mean ${near}?` : `; expected one of ${names.join(', ')}`}`,
    );
  }
  return [...new Set(chosen.flatMap(({ addresses }) => addresses))];
}

/** The incidents at one ISP. */
export function incidentsAt(
  { scenario }: LoadedScenario,
  isp: string,
  sources: readonly MtaSource[],
): IspIncident[] {
  return scenario.incidents
    .filter((incident) => incident.isp === isp)
    .flatMap(({ at, for: length, source, netblock, domain, limits, ramp, reply, effect, feedback }) => {
      const { share, ...fault } = effect ?? { share: undefined };
      const when = { start: at, end: at + length, sources: whom(sources, source, netblock), domain };
      return [
        { ...when, limits, ramp, reply: reply?.id, share: reply?.share, feedback },
        ...('kind' in fault ? [{ ...when, effect: fault, share }] : []),
      ];
    });
}

/** The sources that an incident is about, by index; undefined: all. Whoever is counted as one is hit as one. */
function whom(
  sources: readonly MtaSource[],
  source: string | undefined,
  netblock: Incident['netblock'],
): number[] | undefined {
  if (source === undefined && !netblock) return undefined;
  const named = sources.filter((s) => s.address === source || netblock?.holds(s.address));
  const clients = new Set(named.map((s) => clientOf(s.address)));
  return sources.filter((s) => clients.has(clientOf(s.address))).map((s) => s.index);
}

function labelOf(incident: Incident): string {
  const {
    source,
    netblock,
    domain,
    limits = {},
    ramp,
    reply,
    effect,
    unreachable,
    mx,
    dns,
    feedback,
  } = incident;
  const portion = (share: number): string => (share === 1 ? '' : ` to ${trim(share * 100)} %`);
  const changes = Object.entries(limits).map(([name, value]) => `${name} ${describeRule(value)}`);
  if (changes.length > 0 && ramp) changes.push(`within ${formatDuration(ramp)}`);
  if (reply) changes.push(`reply ${reply.id}${portion(reply.share)}`);
  if (effect) changes.push(`${effect.kind}${portion(effect.share)}`);
  if (dns) changes.push(`DNS: ${dns}`);
  for (const key of kindsOf(feedback)) {
    const shares = feedback?.[key]?.map(({ share }) => `${trim(share.value * 100)} %`);
    changes.push(`${key} ${shares?.join(' and ')}`);
  }
  if (unreachable !== undefined) changes.push(`${mx ?? 'all mail hosts'}: ${unreachable}`);
  const about = [source, netblock?.text, domain].filter((name) => name !== undefined);
  return `${changes.join(', ')}${about.length > 0 ? ` for ${about.join(' and ')}` : ''}`;
}

/** What an incident changes about what comes back. */
function kindsOf(feedback: FeedbackChange | undefined): FeedbackKey[] {
  return feedbackKeys.filter((key) => feedback?.[key] !== undefined);
}

/** A changed limit for people: `5/m`, or `5/m, burst 5`. */
function describeRule(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, part]) => (key === 'rate' ? String(part) : `${key} ${part}`))
    .join(', ');
}
