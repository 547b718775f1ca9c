/** Virtual MTAs and pools as PowerMTA has them: a pool takes its members in turn, and knows no weights. */
import type { MtaPlan, VirtualMtaPool } from '../adapter.ts';
import { comment, directive, type Entry, tag } from './syntax.ts';

/** Turns of a pool at most; beyond, shares are as near as they get. */
const MOST_TURNS = 64;

/** How far a member's share of the turns may be from its share of the weights. */
const NEAR = 0.005;

/** A virtual MTA that is written down: its own name, or another one for the same sources. */
interface Written {
  readonly name: string;
  readonly vmta: string;
}

/** How often each member comes in a turn of its pool, by the name of its virtual MTA. */
export function turns({ members }: VirtualMtaPool): Map<string, number> {
  const all = members.reduce((sum, { weight }) => sum + weight, 0);
  const least = Math.min(...members.map(({ weight }) => weight));
  let found = members.map(() => 1);
  for (let scale = 1; ; scale++) {
    const counts = members.map(({ weight }) => Math.max(1, Math.round((weight / least) * scale)));
    const total = counts.reduce((sum, count) => sum + count, 0);
    // The first try stands even if it is long: every member must have a turn.
    if (total > MOST_TURNS && scale > 1) break;
    found = counts;
    const off = members.some(
      ({ weight }, at) => Math.abs((counts[at] as number) / total - weight / all) > NEAR,
    );
    if (!off || total > MOST_TURNS) break;
  }
  return new Map(members.map(({ vmta }, at) => [vmta, found[at] as number]));
}

/** All virtual MTAs that a plan makes, those that only give a pool's member more turns included. */
export function writtenVmtas({ vmtas, pools, defaultPool }: MtaPlan): Written[] {
  const most = new Map<string, number>();
  for (const pool of [...pools, defaultPool])
    for (const [vmta, count] of turns(pool)) most.set(vmta, Math.max(most.get(vmta) ?? 1, count));
  return vmtas.flatMap(({ name }) =>
    Array.from({ length: most.get(name) ?? 1 }, (_, turn) => ({ name: nameOf(name, turn), vmta: name })),
  );
}

/** The tags of virtual MTAs and pools. */
export function virtualMtaEntries(plan: MtaPlan): Entry[] {
  const { vmtas, pools, defaultPool, sources } = plan;
  const written = writtenVmtas(plan);
  const all = pools.some(({ name }) => name === defaultPool.name) ? pools : [...pools, defaultPool];
  return [
    ...(written.length > vmtas.length
      ? [comment('A pool takes its members in turn: one with a weight is there under several names.')]
      : []),
    ...written.map(({ name, vmta }) =>
      tag(
        'virtual-mta',
        name,
        (vmtas.find((each) => each.name === vmta)?.sources ?? []).map((index) => {
          const source = sources[index];
          return directive('smtp-source-host', `${source?.address} ${source?.helo}`);
        }),
      ),
    ),
    ...all.map((pool) => tag('virtual-mta-pool', pool.name, membersOf(pool))),
  ];
}

/** Members in rounds, so that one with many turns does not have them all at once. */
function membersOf(pool: VirtualMtaPool): Entry[] {
  const counts = [...turns(pool)];
  const rounds = Math.max(...counts.map(([, count]) => count));
  return Array.from({ length: rounds }, (_, turn) =>
    counts.filter(([, count]) => turn < count).map(([vmta]) => directive('virtual-mta', nameOf(vmta, turn))),
  ).flat();
}

/** No virtual MTA of a scenario has a full stop in its name. */
function nameOf(vmta: string, turn: number): string {
  return turn === 0 ? vmta : `${vmta}.${turn + 1}`;
}
