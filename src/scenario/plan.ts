/**
 * From what a scenario says to what a run does: quantities on the real clock, addresses, schedules, phases, parsed
 * thresholds. Plain data, so that it can be sent to the lab and kept in the run's folder.
 */
import { dirname, resolve } from 'node:path';
import { loadProfile } from '../../fakes/isp/profile.ts';
import { type ResolvedIsp, resolveIsp } from '../../fakes/isp/resolve.ts';
import { PHASES, type PhaseSpan, phasesOf } from '../analysis/phases.ts';
import type { Micros } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import { formatDuration, type Quantity } from '../core/units.ts';
import type { LoadPlan } from '../driver/load.ts';
import { iterationsOf, type LoadShape, scheduleOf } from '../driver/schedule.ts';
import type { K6Side } from '../gate/grammar.ts';
import type { Threshold } from '../gate/threshold.ts';
import type { MtaSource } from '../mta/adapter.ts';
import { capabilitiesOf } from '../mta/registry.ts';
import { mxAddresses, type PlannedMailGroup } from './addresses.ts';
import { type Checks, checkNames } from './checks.ts';
import { externalNotes } from './external.ts';
import { type PlannedFault, plannedFaults, plannedQueueDisk } from './faults.ts';
import { enrolledLoops, feedbackNotes, type PlannedFeedback, plannedFeedback } from './feedback-plan.ts';
import { incidentsAt, type PlannedIncident, plannedIncidents } from './incidents.ts';
import { InvalidScenario, type LoadedScenario, type Problem } from './load.ts';
import { endOf, type Fault, plannedLoads } from './load-plan.ts';
import { planMessages } from './message-plan.ts';
import {
  checkAdapter,
  type PlannedMta,
  plannedMta,
  plannedSources,
  shortcomingsOf,
  virtualMtas,
} from './mta-plan.ts';
import { spreadNotes } from './spread-plan.ts';
import { passwordNotes } from './submission.ts';
import type { SuppressionPlan } from './suppression.ts';
import { plannedThresholds } from './thresholds.ts';

/** One simulated ISP of a run. */
export interface PlannedIsp {
  readonly share: number;
  /** Processes that are to serve it; undefined: as the machine and the load want. */
  readonly workers: number | undefined;
  readonly resolved: ResolvedIsp;
  /** Which mail hosts take mail for which domains, with their addresses in the sealed internet. */
  readonly mx: readonly PlannedMailGroup[];
}

/** A run, ready to be flown. Times are real microseconds. */
export interface Plan {
  readonly name: string;
  readonly file: string;
  readonly question: string;
  readonly seed: number;
  readonly clockScale: number;
  readonly adapter: string;
  readonly isps: readonly PlannedIsp[];
  readonly sources: readonly MtaSource[];
  readonly senders: LoadedScenario['scenario']['senders'];
  readonly retry: readonly Micros[];
  readonly expire: Micros;
  readonly concurrency: number;
  readonly mta: PlannedMta;
  /** Transactions a second that the MTA can do at one ISP, if the scenario says so. */
  readonly capacity?: number;
  readonly loads: readonly LoadPlan[];
  /** From the first load's begin to the last one's end. */
  readonly duration: Micros;
  /** Messages of all loads; undefined where that depends on how fast they are taken. */
  readonly messages: number | undefined;
  readonly warmup: Micros;
  readonly incidents: readonly PlannedIncident[];
  /** What happens to the MTA itself. */
  readonly faults: readonly PlannedFault[];
  /** Bytes of a disk of its own for the MTA's queue, if it is to have one. */
  readonly queueDisk?: number;
  readonly phases: readonly PhaseSpan[];
  /** Processes that drive the load; undefined: as many as the machine and the load want. */
  readonly drivers: number | undefined;
  /** Recipients about whom there was bad news are written to again; absent: they are not. */
  readonly suppression?: SuppressionPlan;
  readonly drainTimeout: Micros;
  /** Where what comes back goes; whether anything does is for each ISP to say. */
  readonly feedback: PlannedFeedback;
  /** Made before the load; absent: none. */
  readonly checks?: Checks;
  readonly thresholds: readonly Threshold[];
  /** What the user should know before the run: a clock that distorts, a phase that holds a ramp. */
  readonly notes: readonly string[];
}

/** The most that one run may have: what fits the records' fields, and the memory of one machine. */
const MOST = {
  recipients: 50_000_000,
  connections: 2_000_000,
  sources: 2000,
  isps: 200,
  duration: 24 * 3600e6,
};

/**
 * Plans a run.
 * @throws InvalidScenario with every problem that only planning can see
 */
export function planRun(loaded: LoadedScenario): Plan {
  const { scenario } = loaded;
  const problems: Problem[] = [];
  const fault = (path: readonly PropertyKey[], message: string): void =>
    void problems.push(loaded.problem(path, message));
  const scale = scenario.clock.scale;
  const real = ({ value, clock }: Quantity): Micros => (clock === 'real' ? value : value / scale);

  const sources = plannedSources(loaded, MOST.sources, fault);
  const ids = Object.keys(scenario.isps);
  if (ids.length === 0) fault(['isps'], 'expected at least one ISP');
  if (ids.length > MOST.isps) fault(['isps'], `found ${ids.length} ISPs; expected at most ${MOST.isps}`);
  const isps = ids
    .map((id, index) => plannedIsp(loaded, id, index, sources, fault))
    .filter((isp) => isp !== undefined);

  const loads = plannedLoads({
    loaded,
    fault,
    most: MOST,
    isps: isps.map(({ share, resolved }) => ({
      id: resolved.id,
      share,
      domains: weighedDomains(loaded, resolved, fault),
    })),
    frontDoor: {
      adapter: scenario.mta.adapter,
      capabilities: capabilitiesOf(scenario.mta.adapter),
      sources: sources.map((source) => source.address),
    },
    messagePlan: (wish, load, path) =>
      planMessages(
        wish,
        {
          load,
          file: loaded.file,
          senders: scenario.senders,
          vmtas: virtualMtas(sources).map(({ name }) => name),
        },
        (below, text) => fault([...path, ...below], text),
      ),
  });
  const duration = endOf(loads);
  if (duration + scenario.drain.timeout > MOST.duration) {
    fault(
      ['load'],
      `load and drain may take ${formatDuration(duration + scenario.drain.timeout)}; expected at most ${formatDuration(MOST.duration)}`,
    );
  }
  if (scenario.warmup > duration)
    fault(
      ['warmup'],
      `found ${formatDuration(scenario.warmup)}; expected less than the load's ${formatDuration(duration)}`,
    );

  const incidents = plannedIncidents(
    loaded,
    (id) => isps.find((i) => i.resolved.id === id)?.mx,
    duration,
    sources,
    fault,
  );

  const faults = plannedFaults(loaded, duration, fault);
  const queueDisk = plannedQueueDisk(loaded, fault);

  const retry = scenario.mta.retry.map(real);
  const expire = real(scenario.mta.expire);
  checkAdapter(loaded, retry, expire, fault);
  if (scenario.checks) {
    if (checkNames(scenario.checks).length === 0)
      fault(['checks'], 'expected at least one of injection, relay, management, user, tls');
    if (scenario.mta.adapter === 'none') fault(['checks'], 'without an MTA there is nothing to check');
  }
  const mta = plannedMta(loaded, sources, fault);
  const feedback = plannedFeedback(loaded, sources, fault);
  if (scenario.suppression && scenario.mta.adapter === 'none')
    fault(['suppression'], 'without an MTA there is nobody who could suppress');
  if (scenario.suppression && loads.some(({ k6 }) => k6))
    fault(['suppression'], "k6 can't write to a recipient again; expected loads without engine: k6");

  const thresholds = thresholdsOf(loaded, { isps, sources, loads }, fault);
  if (problems.length > 0) throw new InvalidScenario(problems);
  return {
    name: scenario.name ?? 'unnamed',
    file: loaded.file,
    question: loaded.question,
    seed: scenario.seed,
    clockScale: scale,
    adapter: scenario.mta.adapter,
    isps,
    sources,
    senders: scenario.senders,
    retry,
    expire,
    concurrency: scenario.mta.concurrency,
    mta,
    ...(scenario.mta.capacity !== undefined && { capacity: scenario.mta.capacity }),
    loads,
    duration,
    messages: totalOf(loads),
    warmup: scenario.warmup,
    incidents,
    faults,
    ...(queueDisk !== undefined && { queueDisk }),
    phases: phasesOf(duration, scenario.warmup, [
      ...incidents,
      ...faults.map(({ start, end = duration }) => ({ start, end })),
    ]),
    drivers: scenario.workers.drivers,
    ...(scenario.suppression && { suppression: scenario.suppression }),
    drainTimeout: scenario.drain.timeout,
    feedback,
    ...(scenario.checks && { checks: scenario.checks }),
    thresholds,
    notes: [
      ...notesOn(loaded, loads),
      ...shortcomingsOf(scenario.mta.adapter, mta, sources),
      ...externalNotes(mta.external, isps, scenario.senders),
      ...spreadNotes({ adapter: scenario.mta.adapter, mta, sources, isps, loads }),
      ...feedbackNotes(isps, loads, duration + scenario.drain.timeout),
    ],
  };
}

/** The messages of all loads together, if each of them knows. */
function totalOf(loads: readonly LoadPlan[]): number | undefined {
  const counts = loads.map(({ shape }) => iterationsOf(scheduleOf(shape)));
  return counts.some((n) => n === undefined)
    ? undefined
    : counts.reduce<number>((sum, n) => sum + (n ?? 0), 0);
}

/** Domains of an ISP, with the shares that a scenario gives them. */
function weighedDomains(
  { scenario }: LoadedScenario,
  { id, domains }: ResolvedIsp,
  fault: Fault,
): { name: string; weight: number }[] {
  const wish = scenario.isps[id]?.domains;
  if (!wish) return domains.map((name) => ({ name, weight: 1 }));
  const unknown = Object.keys(wish).filter((name) => !domains.includes(name));
  for (const name of unknown) {
    const expected = `expected one of ${domains.join(', ')}`;
    fault(['isps', id, 'domains', name], `${id} has no domain "${name}"; ${expected}`);
  }
  const weighed = domains.map((name) => ({ name, weight: wish[name] ?? 0 }));
  if (unknown.length === 0 && weighed.every(({ weight }) => weight === 0))
    fault(['isps', id, 'domains'], 'expected a share above 0');
  return weighed;
}

/** A profile's name as it is; the path of one as seen from the scenario's folder. */
function profilePath(scenarioFile: string, profile: string): string {
  return /[/\\]|\.ya?ml$/.test(profile) ? resolve(dirname(scenarioFile), profile) : profile;
}

function plannedIsp(
  loaded: LoadedScenario,
  id: string,
  index: number,
  sources: readonly MtaSource[],
  fault: Fault,
): PlannedIsp | undefined {
  const { scenario } = loaded;
  const wish = scenario.isps[id];
  if (!wish) return undefined;
  try {
    const profile = loadProfile(profilePath(loaded.file, wish.profile ?? id));
    const resolved = resolveIsp(profile, {
      id,
      scale: scenario.clock.scale,
      overrides: {
        ...wish,
        loops: enrolledLoops(loaded, sources),
        warmup: Array.isArray(wish.warmup) ? newSources(wish.warmup, id, sources, fault) : wish.warmup,
      },
      incidents: incidentsAt(loaded, id, sources),
    });
    return {
      share: wish.share ?? 1 / Object.keys(scenario.isps).length,
      workers: wish.workers,
      resolved,
      mx: resolved.mx.map(({ domains, hosts }) => ({
        domains,
        hosts: hosts.map(({ host, preference, ipv6, places }) => ({
          host,
          preference,
          addresses: places.flatMap((place) => mxAddresses(index, place, ipv6)),
        })),
      })),
    };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    fault(['isps', id], error.message);
    return undefined;
  }
}

/** Indexes of the sources that an ISP does not know yet. */
function newSources(
  wish: readonly string[],
  isp: string,
  sources: readonly MtaSource[],
  fault: Fault,
): number[] {
  return wish.flatMap((ip, at) => {
    const source = sources.find((s) => s.address === ip);
    if (!source) fault(['isps', isp, 'warmup', at], `${ip} is not one of this scenario's sources`);
    return source ? [source.index] : [];
  });
}

function thresholdsOf(
  { scenario }: LoadedScenario,
  { isps, sources, loads }: Pick<Plan, 'isps' | 'sources' | 'loads'>,
  fault: Fault,
): Threshold[] {
  const known = {
    load: scenario.loads ? Object.keys(scenario.loads) : ['default'],
    isp: Object.keys(scenario.isps),
    source: sources.map((s) => s.address),
    vmta: virtualMtas(sources).map(({ name }) => name),
    phase: PHASES,
    incident: scenario.incidents.map((_, index) => String(index + 1)),
    fault: scenario.faults.map((_, index) => String(index + 1)),
    reply: [...new Set(isps.flatMap((isp) => isp.resolved.replies.map((r) => r.id)))],
    check: checkNames(scenario.checks ?? {}),
  };
  const wished = { ...impliedByChecks(scenario), ...scenario.thresholds };
  return plannedThresholds(wished, known, k6SideOf(loads, scenario.checks), fault);
}

function k6SideOf(loads: readonly LoadPlan[], checks: Checks | undefined): K6Side | undefined {
  const ofK6 = loads.flatMap(({ k6 }) => k6 ?? []);
  if (ofK6.length === 0) return undefined;
  return {
    ownMetrics: ofK6.some(({ script }) => script !== undefined),
    securityChecks: checks !== undefined,
  };
}

/** A check that fails fails the run, unless the scenario has thresholds of its own on checks. */
function impliedByChecks({ checks, thresholds }: LoadedScenario['scenario']): typeof thresholds {
  if (!checks || Object.keys(thresholds).some((key) => /^\s*checks\b/.test(key))) return {};
  const passed = { threshold: 'rate==1', abortOnFail: false, delayAbortEval: undefined, place: [] };
  return Object.fromEntries(checkNames(checks).map((name) => [`checks{check:${name}}`, [passed]]));
}

function notesOn({ scenario }: LoadedScenario, loads: readonly LoadPlan[]): string[] {
  const notes = passwordNotes(loads);
  if (scenario.clock.scale !== 1) {
    notes.push(
      `one real second is ${formatDuration(scenario.clock.scale * 1e6)} at the ISPs and in the MTA's retries; connections, message sizes and network delays are not scaled`,
    );
  }
  const rampEnd = loads.reduce((end, load) => Math.max(end, load.start + rampEndOf(load.shape)), 0);
  const { incidents, faults, warmup } = scenario;
  const moments = [...incidents, ...faults].map(({ at }) => at);
  if (moments.length > 0 && (warmup < rampEnd || moments.some((at) => at < rampEnd))) {
    notes.push(
      `the load still ramps until ${formatDuration(rampEnd)}; a warmup of at least that keeps the ramp out of the baseline`,
    );
  }
  return notes;
}

/** When a load stops changing: the end of the last stage that moves. */
function rampEndOf(shape: LoadShape): Micros {
  if (!('stages' in shape)) return 0;
  let level = shape.executor === 'ramping-vus' ? shape.startVUs : shape.startRate;
  let end = 0;
  let at = 0;
  for (const { duration, target } of shape.stages) {
    at += duration;
    if (target !== level) end = at;
    level = target;
  }
  return end;
}
