/** Compares the connections that a plan wants to hold with the ports and descriptors that there are. */
import type { Plan } from '../scenario/plan.ts';
import { probeSeal } from './ground/seal.ts';
import { SEALED_PORTS } from './ground/wire.ts';
import { servingProcesses } from './isps/place-isps.ts';
import { counted, portCount, sessionsPerProcess, whole } from './machine/capacity.ts';
import { attainableDescriptors } from './machine/descriptors.ts';
import { readLimits } from './machine/machine.ts';
import { driverProcessesOf, ispProcessesOf, k6ProcessesOf } from './wiring.ts';

/** Connections held at once, from as many sources to as many endpoints, evenly. */
export interface PortDemand {
  /** Whose they are, as in `60,000 connections to the MTA`. */
  readonly what: string;
  readonly connections: number;
  /** Addresses that they come from. */
  readonly sources: number;
  /** Pairs of address and port that they go to. */
  readonly endpoints: number;
  /**
   * Whether sockets are bound to their source before they connect. Then no two of a source share a port, wherever they
   * go, because bind(2) can't know where; else only two to the same endpoint may not.
   */
  readonly bound: boolean;
}

/** Connections held at once by one side's worker processes, evenly. */
export interface DescriptorDemand {
  readonly what: string;
  readonly connections: number;
  readonly processes: number;
}

/** What an address and a process can hold. Undefined where it is not known. */
export interface ConnectionLimits {
  readonly ports: number | undefined;
  readonly descriptors: number | undefined;
}

/** In what the local ports of an address fall short of a demand; undefined if they suffice. */
export function portShortfall(demand: PortDemand, ports: number): string | undefined {
  const { what, connections, sources, endpoints, bound } = demand;
  const most = ports * sources * (bound ? 1 : endpoints);
  if (connections <= most) return undefined;
  const target = bound ? '' : ` to ${counted(endpoints, 'address and port', 'addresses and ports')}`;
  const ways = [
    'take fewer connections',
    // Where sockets are not bound, nobody chooses their source.
    ...(bound ? [`${counted(Math.ceil(connections / ports), 'source')}`] : []),
    ...(ports < portCount(SEALED_PORTS) ? ['a wider net.ipv4.ip_local_port_range'] : []),
  ];
  return (
    `${whole(connections)} connections ${what} from ${counted(sources, 'source')}${target}: ` +
    `${whole(ports)} local ports allow ${whole(most)}; ${ways.join(' or ')}`
  );
}

/** In what the descriptors of a process fall short of a demand; undefined if they suffice. */
export function descriptorShortfall(demand: DescriptorDemand, descriptors: number): string | undefined {
  const { what, connections, processes } = demand;
  const most = sessionsPerProcess(descriptors) * processes;
  if (connections <= most) return undefined;
  return (
    `${whole(connections)} connections ${what} in ${counted(processes, 'process', 'processes')}: ` +
    `${whole(descriptors)} descriptors allow ${whole(most)}; take fewer connections or raise the limit (see windtunnel doctor)`
  );
}

/** Everything in which limits fall short of a plan, a sentence each. */
export function shortfalls(plan: Plan, { ports, descriptors }: ConnectionLimits): string[] {
  return [
    ...(ports === undefined ? [] : portDemands(plan).map((demand) => portShortfall(demand, ports))),
    ...(descriptors === undefined
      ? []
      : descriptorDemands(plan, descriptors).map((demand) => descriptorShortfall(demand, descriptors))),
  ].filter((text) => text !== undefined);
}

/** In what this machine falls short of a plan, in a seal where one can be made. */
export async function shortfallsHere(plan: Plan): Promise<string[]> {
  const { ports, descriptors } = await readLimits();
  const limits = { ports: ports && portCount(ports), descriptors: attainableDescriptors(descriptors) };
  const found = shortfalls(plan, limits);
  // A seal has more ports. Whether there can be one takes a trial, so only ask if it matters.
  if (found.length === 0 || !(await probeSeal()).ok) return found;
  return shortfalls(plan, { ...limits, ports: portCount(SEALED_PORTS) });
}

function portDemands(plan: Plan): PortDemand[] {
  const { sources } = plan;
  if (plan.adapter !== 'none') {
    return [
      ...mtaDemands(plan),
      {
        what: 'from the MTA to the ISPs',
        connections: plan.concurrency,
        sources: sources.length,
        endpoints: endpointsOf(plan).length,
        bound: true,
      },
    ];
  }
  const connections = connectionsOf(plan);
  // The driver takes an ISP's mail hosts from every source of their family in turn.
  const families = [false, true].map((ipv6) => {
    const sender = sources.filter(({ address }) => address.includes(':') === ipv6).length;
    const endpoints = endpointsOf(plan).filter((address) => address.includes(':') === ipv6).length;
    return { name: ipv6 ? 'IPv6' : 'IPv4', sources: sender, endpoints, pairs: sender * endpoints };
  });
  const pairs = families.reduce((sum, family) => sum + family.pairs, 0);
  return families
    .filter((family) => family.pairs > 0)
    .map(({ name, sources, endpoints, pairs: own }) => ({
      what: `to the ISPs over ${name}`,
      connections: Math.round((connections * own) / pairs),
      sources,
      endpoints,
      bound: true,
    }));
}

/** Loads that name their sources bind them; all others come from one address. */
function mtaDemands({ loads }: Plan): PortDemand[] {
  return [false, true].flatMap((bound) => {
    const some = loads.filter(({ sources }) => sources.length > 0 === bound);
    if (some.length === 0) return [];
    const sources = bound ? new Set(some.flatMap((load) => load.sources)).size : 1;
    return { what: 'to the MTA', connections: connectionsOf({ loads: some }), sources, endpoints: 1, bound };
  });
}

/** Connections of all loads at once. */
function connectionsOf({ loads }: Pick<Plan, 'loads'>): number {
  return loads.reduce((sum, load) => sum + load.connections, 0);
}

function endpointsOf(plan: Plan): string[] {
  const addresses = plan.isps.flatMap(({ mx }) =>
    mx.flatMap(({ hosts }) => hosts.flatMap((h) => h.addresses)),
  );
  return [...new Set(addresses)];
}

/** As many connections meet at the driver as at the ISPs where nothing is between them. */
function descriptorDemands(plan: Plan, descriptors: number): DescriptorDemand[] {
  const connections = connectionsOf(plan);
  const processes = driverProcessesOf(plan, descriptors) + k6ProcessesOf(plan).length;
  if (plan.adapter === 'none') {
    return [
      { what: 'to the ISPs', connections, processes },
      { what: 'at the ISPs', connections, processes: servingProcesses(ispProcessesOf(plan, descriptors)) },
    ];
  }
  return [
    { what: 'to the MTA', connections, processes },
    { what: 'from the MTA to the ISPs', connections: plan.concurrency, processes: 1 },
  ];
}
