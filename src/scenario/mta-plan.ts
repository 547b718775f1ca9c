/** The MTA's part of a plan: its sources, virtual MTAs and pools, and what it is told to keep to at each ISP. */
import type { Micros } from '../core/clock.ts';
import { nearest } from '../core/nearest.ts';
import { formatDuration, trim } from '../core/units.ts';
import type { Capabilities, ExternalMta, MtaSource, VirtualMta, VirtualMtaPool } from '../mta/adapter.ts';
import { adapterNamed, adapterNames, capabilitiesOf } from '../mta/registry.ts';
import { ownerOf } from './addresses.ts';
import { plannedExternal } from './external.ts';
import type { LoadedScenario } from './load.ts';
import type { Fault } from './load-plan.ts';

/** What a scenario asks of its MTA beside sources and timers. */
export interface PlannedMta {
  readonly vmtas: readonly VirtualMta[];
  readonly pools: readonly VirtualMtaPool[];
  readonly defaultPool: VirtualMtaPool;
  /** By ISP; real rates. */
  readonly isps: Readonly<
    Record<string, { readonly concurrency: number | undefined; readonly rate: number | undefined }>
  >;
  readonly tls: 'none' | 'opportunistic' | 'required';
  readonly listen: 'all' | 'loopback';
  readonly workers: number | undefined;
  /** What the adapter `external` is to start or find; undefined for every other. */
  readonly external?: ExternalMta;
}

/** The name of the pool of all virtual MTAs, which takes what names no other. */
const EVERYBODY = 'everybody';

/** The sources of a scenario; at most `most`. */
export function plannedSources({ scenario }: LoadedScenario, most: number, fault: Fault): MtaSource[] {
  const { sources } = scenario.mta;
  if (sources.length > most)
    fault(['mta', 'sources'], `found ${sources.length} sources; expected at most ${most}`);
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

/** Everything else of `mta` but its timers. */
export function plannedMta(loaded: LoadedScenario, sources: readonly MtaSource[], fault: Fault): PlannedMta {
  const { scenario } = loaded;
  const { mta, isps } = scenario;
  const vmtas = virtualMtas(sources);
  const names = vmtas.map(({ name }) => name);
  const pools = Object.entries(mta.pools).map(([name, wish]): VirtualMtaPool => {
    const weights = Array.isArray(wish) ? wish.map((vmta) => [vmta, 1] as const) : Object.entries(wish);
    if (names.includes(name)) fault(['mta', 'pools', name], `${name} is a virtual MTA already`);
    for (const [at, [vmta]] of weights.entries()) {
      if (!names.includes(vmta))
        fault(['mta', 'pools', name, Array.isArray(wish) ? at : vmta], noVmta(vmta, names));
    }
    return { name, members: weights.map(([vmta, weight]) => ({ vmta, weight })) };
  });
  const everybody = { name: EVERYBODY, members: names.map((vmta) => ({ vmta, weight: 1 })) };
  const wished = mta.pool === undefined ? everybody : pools.find(({ name }) => name === mta.pool);
  if (!wished) {
    const known = pools.map(({ name }) => name);
    fault(['mta', 'pool'], `no pool "${mta.pool}"; expected one of ${known.join(', ') || 'mta.pools'}`);
  }
  const ids = Object.keys(isps);
  for (const id of Object.keys(mta.isps)) {
    if (!ids.includes(id))
      fault(['mta', 'isps', id], `no ISP "${id}" in this scenario; expected one of ${ids.join(', ')}`);
  }
  const own = plannedExternal(loaded, fault);
  return {
    vmtas,
    pools,
    defaultPool: wished ?? everybody,
    isps: Object.fromEntries(
      Object.entries(mta.isps).map(([id, { concurrency, rate }]) => [
        id,
        // A simulated second is shorter than a real one, so that more happens in a real one.
        {
          concurrency,
          rate: rate && (rate.clock === 'real' ? rate.value : rate.value * scenario.clock.scale),
        },
      ]),
    ),
    tls: mta.tls,
    listen: mta.listen,
    workers: mta.workers,
    ...(own && { external: own }),
  };
}

/** Sources by the name of their virtual MTA, in the order of the first source of each. */
export function virtualMtas(sources: readonly MtaSource[]): VirtualMta[] {
  const byName = new Map<string, number[]>();
  for (const { vmta, index } of sources) byName.set(vmta, [...(byName.get(vmta) ?? []), index]);
  return [...byName].map(([name, indexes]) => ({ name, sources: indexes }));
}

function noVmta(vmta: string, names: readonly string[]): string {
  const near = nearest(vmta, names);
  return `no virtual MTA "${vmta}"${near ? `; did you mean ${near}?` : `; expected one of ${names.join(', ')}`}`;
}

/** What of a plan the MTA can't keep to, a sentence each. */
export function shortcomingsOf(
  adapter: string,
  { vmtas, defaultPool, workers, isps }: PlannedMta,
  sources: readonly MtaSource[],
): readonly string[] {
  const limited = Object.entries(isps).map(([id, limits]) => ({ id, ...limits }));
  return adapterNamed(adapter)?.shortcomings?.({ sources, vmtas, defaultPool, workers, isps: limited }) ?? [];
}

/** Says what the adapter can't do with the scenario's timers, or that nobody has it. Times are real. */
export function checkAdapter(
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
