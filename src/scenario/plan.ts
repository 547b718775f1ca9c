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
import { nearest } from '../core/nearest.ts';
import { formatDuration, type Quantity, trim } from '../core/units.ts';
import type { MessagePlan } from '../driver/message.ts';
import type { RecipientPlan } from '../driver/recipients.ts';
import { type LoadShape, scheduleOf } from '../driver/schedule.ts';
import { parseThreshold, type Threshold } from '../gate/threshold.ts';
import type { Capabilities, MtaSource } from '../mta/adapter.ts';
import { adapterNames, capabilitiesOf } from '../mta/registry.ts';
import { mxAddresses, ownerOf, type PlannedMailGroup } from './addresses.ts';
import { incidentsAt, type PlannedIncident, plannedIncidents } from './incidents.ts';
import { InvalidScenario, type LoadedScenario, type Problem } from './load.ts';
import { planMessages } from './message-plan.ts';

/** One simulated ISP of a run. */
export interface PlannedIsp {
  readonly share: number;
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
  readonly shape: LoadShape;
  readonly duration: Micros;
  readonly messages: number;
  readonly connections: number;
  readonly recipients: RecipientPlan;
  readonly message: MessagePlan;
  readonly warmup: Micros;
  readonly incidents: readonly PlannedIncident[];
  readonly phases: readonly PhaseSpan[];
  readonly drainTimeout: Micros;
  readonly thresholds: readonly Threshold[];
  /** What the user should know before the run: a clock that distorts, a phase that holds a ramp. */
  readonly notes: readonly string[];
}

/** The most that one run may have: what fits the records' fields, and the memory of one machine. */
const MOST = { recipients: 50_000_000, sources: 2000, isps: 200, duration: 24 * 3600e6 };

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

  const shape = loadShape(loaded, fault);
  const schedule = shape && scheduleOf(shape);
  const duration = schedule?.duration ?? 0;
  const perMessage = scenario.load.message.recipients;
  if (schedule && schedule.total === 0) fault(['load'], 'this load injects nothing; expected a rate above 0');
  if (schedule && schedule.total * perMessage > MOST.recipients) {
    fault(
      ['load'],
      `this load has ${schedule.total * perMessage} recipients; expected at most ${MOST.recipients}`,
    );
  }
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

  const sources = plannedSources(loaded, fault);
  const message = planMessages(
    scenario.load.message,
    {
      load: 'load',
      file: loaded.file,
      senders: scenario.senders,
      vmtas: sources.map((source) => source.vmta),
    },
    (path, text) => fault(['load', 'message', ...path], text),
  );
  const ids = Object.keys(scenario.isps);
  if (ids.length === 0) fault(['isps'], 'expected at least one ISP');
  if (ids.length > MOST.isps) fault(['isps'], `found ${ids.length} ISPs; expected at most ${MOST.isps}`);
  const isps = ids
    .map((id, index) => plannedIsp(loaded, id, index, sources, fault))
    .filter((isp) => isp !== undefined);
  const incidents = plannedIncidents(
    loaded,
    (id) => isps.find((i) => i.resolved.id === id)?.mx,
    duration,
    fault,
  );

  const retry = scenario.mta.retry.map(real);
  const expire = real(scenario.mta.expire);
  checkAdapter(loaded, retry, expire, fault);

  const thresholds = plannedThresholds(loaded, isps, sources, fault);
  if (problems.length > 0 || !shape || !schedule) throw new InvalidScenario(problems);
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
    shape,
    duration,
    messages: schedule.total,
    connections: scenario.load.connections,
    recipients: {
      isps: isps.map(({ share, resolved }) => ({
        share,
        domains: resolved.domains.map((name) => ({ name, weight: 1 })),
      })),
      perMessage,
      ispPer: scenario.mta.adapter === 'none' ? 'message' : 'recipient',
      firstMessage: 0,
      firstMailbox: 0,
      repeatAfter: undefined,
    },
    message,
    warmup: scenario.warmup,
    incidents,
    phases: phasesOf(duration, scenario.warmup, incidents),
    drainTimeout: scenario.drain.timeout,
    thresholds,
    notes: notesOn(loaded, shape),
  };
}

type Fault = (path: readonly PropertyKey[], message: string) => void;

function loadShape({ scenario }: LoadedScenario, fault: Fault): LoadShape | undefined {
  const {
    executor = scenario.load.stages ? 'ramping-arrival-rate' : 'constant-arrival-rate',
    rate,
    duration,
    startRate,
    stages,
  } = scenario.load;
  const unwanted = executor === 'constant-arrival-rate' ? { startRate, stages } : { rate, duration };
  for (const [key, value] of Object.entries(unwanted)) {
    if (value !== undefined) fault(['load', key], `${executor} has no "${key}"`);
  }
  if (executor === 'constant-arrival-rate') {
    if (rate === undefined) fault(['load'], 'constant-arrival-rate needs "rate", such as 50/s');
    if (duration === undefined) fault(['load'], 'constant-arrival-rate needs "duration", such as 30s');
    return rate === undefined || duration === undefined ? undefined : { executor, rate, duration };
  }
  if (stages === undefined) fault(['load'], 'ramping-arrival-rate needs "stages"');
  return stages === undefined ? undefined : { executor, startRate: startRate ?? 0, stages };
}

function plannedSources({ scenario }: LoadedScenario, fault: Fault): MtaSource[] {
  const { sources } = scenario.mta;
  if (sources.length > MOST.sources)
    fault(['mta', 'sources'], `found ${sources.length} sources; expected at most ${MOST.sources}`);
  const seen = new Set<string>();
  const domain = scenario.senders[0]?.domain ?? 'sender.test';
  return sources.map((source, index) => {
    const owner = ownerOf(source.ip);
    if (owner !== undefined) fault(['mta', 'sources', index], `${source.ip} belongs to ${owner} in the lab`);
    if (seen.has(source.ip)) fault(['mta', 'sources', index], `${source.ip} is listed twice`);
    seen.add(source.ip);
    return {
      index,
      address: source.ip,
      helo: source.helo ?? `out${index + 1}.${domain}`,
      vmta: source.vmta ?? `vmta${index + 1}`,
    };
  });
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
        warmup: Array.isArray(wish.warmup) ? newSources(wish.warmup, id, sources, fault) : wish.warmup,
      },
      incidents: incidentsAt(loaded, id, sources),
    });
    return {
      share: wish.share ?? 1 / Object.keys(scenario.isps).length,
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

function checkAdapter(
  { scenario }: LoadedScenario,
  retry: readonly Micros[],
  expire: Micros,
  fault: Fault,
): void {
  const { adapter } = scenario.mta;
  const capabilities: Capabilities | undefined = capabilitiesOf(adapter);
  if (!capabilities) {
    if (adapter === 'none') return;
    const near = nearest(adapter, adapterNames());
    fault(
      ['mta', 'adapter'],
      `unknown MTA "${adapter}"${near ? `; did you mean ${near}?` : `; expected one of ${adapterNames().join(', ')}`}`,
    );
    return;
  }
  const shortest = { retry: Math.min(...retry), expire };
  for (const { name, smallest } of capabilities.timers) {
    if (shortest[name] >= smallest) continue;
    const largest = Math.floor((shortest[name] * scenario.clock.scale) / smallest);
    fault(
      ['mta', name],
      `${formatDuration(shortest[name])} of real time is below ${adapter}'s smallest step of ${formatDuration(smallest)}; ` +
        `the largest clock.scale that works here is ${trim(largest)}`,
    );
  }
}

function plannedThresholds(
  { scenario }: LoadedScenario,
  isps: readonly PlannedIsp[],
  sources: readonly MtaSource[],
  fault: Fault,
): Threshold[] {
  const known = {
    isp: Object.keys(scenario.isps),
    source: sources.map((s) => s.address),
    phase: PHASES,
    reply: [...new Set(isps.flatMap((isp) => isp.resolved.replies.map((r) => r.id)))],
  };
  const thresholds: Threshold[] = [];
  for (const [key, expressions] of Object.entries(scenario.thresholds)) {
    for (const expression of expressions) {
      const parsed = parseThreshold(key, expression, known);
      if (Array.isArray(parsed)) for (const message of parsed) fault(['thresholds', key], message);
      else thresholds.push(parsed);
    }
  }
  return thresholds;
}

function notesOn({ scenario }: LoadedScenario, shape: LoadShape): string[] {
  const notes: string[] = [];
  if (scenario.clock.scale !== 1) {
    notes.push(
      `one real second is ${formatDuration(scenario.clock.scale * 1e6)} at the ISPs and in the MTA's retries; connections, message sizes and network delays are not scaled`,
    );
  }
  if (shape.executor === 'ramping-arrival-rate') {
    const steady = [...shape.stages]
      .reverse()
      .findIndex((s, i, all) => s.target !== (all[i + 1]?.target ?? shape.startRate));
    const rampEnd =
      steady < 0
        ? 0
        : shape.stages.slice(0, shape.stages.length - steady).reduce((sum, s) => sum + s.duration, 0);
    const after = scenario.incidents.map((i) => i.at).filter((at) => at < rampEnd);
    if (scenario.incidents.length > 0 && (after.length > 0 || scenario.warmup < rampEnd)) {
      notes.push(
        `the arrival rate still ramps until ${formatDuration(rampEnd)}; a warmup of at least that keeps the ramp out of the baseline`,
      );
    }
  }
  return notes;
}
