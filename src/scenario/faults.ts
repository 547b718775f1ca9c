/** From the faults of a scenario to those of a plan. */
import type { DnsTrouble } from '../../fakes/dns-answer.ts';
import type { Micros } from '../core/clock.ts';
import { formatDuration } from '../core/units.ts';
import { capabilitiesOf } from '../mta/registry.ts';
import type { LoadedScenario } from './load.ts';
import type { Fault } from './load-plan.ts';

/** What happens to the MTA. */
export type FaultOfMta =
  | { readonly kind: 'kill'; readonly signal: 'SIGKILL' | 'SIGTERM' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'disk' }
  | { readonly kind: 'dns'; readonly how: DnsTrouble };

/** A fault of the MTA. Times are real microseconds since the load began. */
export interface PlannedFault {
  readonly start: Micros;
  /** When it is undone; a killed MTA is started again then. Absent: never. */
  readonly end?: Micros;
  readonly what: FaultOfMta;
  readonly label: string;
}

/** The size of the queue's own disk where a fault fills it and the scenario does not say; Postfix wants 157 MB free. */
const QUEUE_DISK = 256e6;

const KINDS = ['kill', 'pause', 'disk', 'dns'] as const;
type Wish = LoadedScenario['scenario']['faults'][number];

/** The faults of a scenario, with what is wrong with them. */
export function plannedFaults({ scenario }: LoadedScenario, load: Micros, fault: Fault): PlannedFault[] {
  const { adapter } = scenario.mta;
  const planned = scenario.faults.flatMap((wish, index) => {
    const wrong = (key: keyof Wish | undefined, message: string): void =>
      fault(key === undefined ? ['faults', index] : ['faults', index, key], message);
    if (adapter === 'none') {
      wrong(undefined, 'with mta.adapter none there is no MTA that could have a fault');
      return [];
    }
    if (wish.at >= load)
      wrong(
        'at',
        `found ${formatDuration(wish.at)}; expected a moment within the load's ${formatDuration(load)}`,
      );
    const process = wish.kill === undefined ? wish.pause && 'pause' : 'kill';
    if (process && scenario.mta.external && !scenario.mta.external.start)
      wrong(process, 'expected mta.external.start: only an MTA that is started here can have such a fault');
    const one = onlyThing(wish, wrong);
    return one ? [{ index, ...one }] : [];
  });
  planned.forEach((later, at) => {
    const earlier = planned.slice(0, at).find((other) => collide(other, later));
    if (earlier)
      fault(
        ['faults', later.index],
        `${later.what.kind} while faults.${earlier.index} (${earlier.what.kind}) still lasts`,
      );
  });
  return planned.map(({ index: _, ...rest }) => rest);
}

/** Bytes of a disk of its own for the MTA's queue; undefined: it needs none. */
export function plannedQueueDisk({ scenario }: LoadedScenario, fault: Fault): number | undefined {
  const { adapter, queueDisk } = scenario.mta;
  const filled = scenario.faults.findIndex(({ disk }) => disk !== undefined);
  if (queueDisk === undefined && filled < 0) return undefined;
  const path = filled < 0 ? ['mta', 'queueDisk'] : ['faults', filled, 'disk'];
  const capabilities = capabilitiesOf(adapter);
  if (capabilities ? capabilities.queueFolder === undefined : adapter === 'none')
    fault(path, `the queue of ${adapter} can't be put on a disk of its own`);
  return queueDisk ?? QUEUE_DISK;
}

/** The one thing that a fault does. */
function onlyThing(
  wish: Wish,
  wrong: (key: keyof Wish | undefined, message: string) => void,
): PlannedFault | undefined {
  const kinds = KINDS.filter((kind) => wish[kind] !== undefined);
  const [kind, second] = kinds;
  if (kind === undefined) {
    wrong(undefined, 'this fault does nothing; expected "kill", "pause", "disk" or "dns"');
    return undefined;
  }
  if (second !== undefined) {
    wrong(second, `a fault does one thing, and this one has "${kind}" already; expected a fault of its own`);
    return undefined;
  }
  const { at, for: length, restart, kill, dns } = wish;
  const [key, strange] = kind === 'kill' ? (['restart', 'for'] as const) : (['for', 'restart'] as const);
  if (wish[strange] !== undefined)
    wrong(strange, `means nothing with "${kind}"; expected "${key}"${kind === 'kill' ? ' or nothing' : ''}`);
  const lasts = kind === 'kill' ? restart : length;
  if (lasts === undefined && kind !== 'kill') wrong(undefined, `expected "for", how long ${kind} lasts`);
  if (lasts !== undefined && lasts <= 0) wrong(key, 'expected a time above 0');
  const what: FaultOfMta =
    kind === 'kill'
      ? { kind, signal: kill ?? 'SIGKILL' }
      : kind === 'dns'
        ? { kind, how: dns ?? 'timeout' }
        : { kind };
  return {
    start: at,
    ...(lasts !== undefined && { end: at + lasts }),
    what,
    label: labelOf(what, lasts),
  };
}

/** Whether two faults are about the same thing at the same time: an MTA that is down can't be paused. */
function collide(a: PlannedFault, b: PlannedFault): boolean {
  const about = ({ what }: PlannedFault): string =>
    what.kind === 'kill' || what.kind === 'pause' ? 'process' : what.kind;
  const end = (one: PlannedFault): Micros => one.end ?? Number.POSITIVE_INFINITY;
  return about(a) === about(b) && a.start < end(b) && b.start < end(a);
}

function labelOf(what: FaultOfMta, lasts: Micros | undefined): string {
  switch (what.kind) {
    case 'kill':
      return `${what.signal}, ${lasts === undefined ? 'stays down' : `started again after ${formatDuration(lasts)}`}`;
    case 'pause':
      return 'paused';
    case 'disk':
      return "the queue's disk is full";
    case 'dns':
      return `DNS: ${what.how}`;
  }
}
