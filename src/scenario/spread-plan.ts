/** What a plan asks of the spread of its mail over virtual MTAs, and what of it can't be. */
import { type Ask, reaches, type SpreadPlan } from '../analysis/spread.ts';
import type { LoadPlan } from '../driver/load.ts';
import { placeholdersIn } from '../driver/message/placeholders.ts';
import type { MessagePlan } from '../driver/message.ts';
import type { MtaSource, VirtualMtaPool } from '../mta/adapter.ts';
import type { PlannedMailGroup } from './addresses.ts';
import type { PlannedMta } from './mta-plan.ts';

/** The header that names a message's virtual MTA or pool. */
const HEADER = 'x-virtual-mta';

/** What of a plan the spread depends on. */
export interface SpreadSetting {
  readonly adapter: string;
  readonly mta: Pick<PlannedMta, 'vmtas' | 'pools' | 'defaultPool'>;
  readonly sources: readonly Pick<MtaSource, 'address'>[];
  readonly isps: readonly { readonly mx: readonly PlannedMailGroup[] }[];
  readonly loads: readonly Pick<LoadPlan, 'message' | 'name'>[];
}

/**
 * Plans the spread.
 * @param sealed without a seal every ISP is at one IPv4 address, and every source has one in place of its own
 */
export function spreadPlan(
  { adapter, mta, sources, isps, loads }: SpreadSetting,
  sealed: boolean,
): SpreadPlan {
  // An MTA with a configuration of its user's own spreads mail as that says.
  const asUsersWill = adapter === 'external' && !mta.pools.includes(mta.defaultPool);
  const asks: Ask[] = [];
  const place = (pool: VirtualMtaPool): number => {
    const known = asks.findIndex(({ name }) => name === pool.name);
    if (known >= 0) return known;
    const members = pool.members.map(({ vmta, weight }) => ({
      vmta: mta.vmtas.findIndex(({ name }) => name === vmta),
      weight,
    }));
    return asks.push({ name: pool.name, members }) - 1;
  };
  const named = (name: string): number | null => {
    const pool = mta.pools.find((one) => one.name === name);
    if (pool) return place(pool);
    return mta.vmtas.some((one) => one.name === name)
      ? place({ name, members: [{ vmta: name, weight: 1 }] })
      : null;
  };
  return {
    vmtas: mta.vmtas,
    loads: loads.map(({ message }) => {
      const values = namesIn(message);
      return values === undefined
        ? [asUsersWill ? null : place(mta.defaultPool)]
        : values.map((name) => (name === null ? null : named(name)));
    }),
    asks,
    reach: isps.map(({ mx }) => {
      const addresses = mx.flatMap((group) => group.hosts.flatMap((host) => host.addresses));
      return sources.map(
        ({ address }) => !sealed || addresses.some((one) => one.includes(':') === address.includes(':')),
      );
    }),
  };
}

/** What the header says in the messages of a load in turn; null: nobody knows. Undefined: they have no such header. */
function namesIn({ headers, content, load, vmtas }: MessagePlan): readonly (string | null)[] | undefined {
  const value = headers.find(({ name }) => name.toLowerCase() === HEADER)?.value;
  if (value === undefined) {
    const isInFile =
      content.kind === 'eml' && content.files.some(({ text }) => /^x-virtual-mta:/im.test(text));
    return isInFile ? [null] : undefined;
  }
  const placeholders = placeholdersIn(value);
  if (placeholders.some((name) => name !== 'load' && name !== 'vmta')) return [null];
  const turns = placeholders.includes('vmta') ? vmtas : [''];
  return turns.map((vmta) => value.replaceAll('{{load}}', load).replaceAll('{{vmta}}', vmta).trim());
}

/** What the user should know before the run: mail that asks for what does not reach its ISP, or for nobody. */
export function spreadNotes(setting: NotedSetting): string[] {
  if (setting.adapter === 'none') return [];
  const plan = spreadPlan(setting, true);
  const unknown = setting.loads.filter(
    ({ message }, index) => namesIn(message) !== undefined && plan.loads[index]?.includes(null),
  );
  const notes = unknown.map(
    ({ name }) =>
      `load ${name}: X-Virtual-MTA says what is neither a virtual MTA nor a pool of this scenario, or what only the message knows; whether mail left from there can't be told`,
  );
  const ispsBySentence = new Map<string, string[]>();
  setting.isps.forEach(({ resolved: { id } }, isp) => {
    for (const sentence of beyondReach(plan, setting, isp))
      ispsBySentence.set(sentence, [...(ispsBySentence.get(sentence) ?? []), id]);
  });
  return [...notes, ...[...ispsBySentence].map(([sentence, ids]) => `${ids.join(', ')}: ${sentence}`)];
}

/** A setting whose ISPs and loads can be named. */
export interface NotedSetting extends SpreadSetting {
  readonly isps: readonly {
    readonly mx: readonly PlannedMailGroup[];
    readonly resolved: { readonly id: string };
  }[];
  readonly loads: readonly Pick<LoadPlan, 'message' | 'name' | 'recipients'>[];
}

function beyondReach(plan: SpreadPlan, { loads }: NotedSetting, isp: number): string[] {
  const nobody: string[] = [];
  const some = new Set<string>();
  for (const [ask, { name, members }] of plan.asks.entries()) {
    const asking = loads.filter(
      ({ recipients }, load) => plan.loads[load]?.includes(ask) && (recipients.isps[isp]?.share ?? 0) > 0,
    );
    const beyond = members.filter(({ vmta }) => !reaches(plan, vmta, isp));
    if (asking.length === 0 || beyond.length === 0) continue;
    if (beyond.length === members.length)
      nobody.push(`${name} (load ${asking.map((l) => l.name).join(', ')})`);
    else for (const { vmta } of beyond) some.add(plan.vmtas[vmta]?.name ?? '');
  }
  return [
    ...(nobody.length > 0
      ? [
          `no mail host has an address that can be reached from ${nobody.join(', ')}, so mail that asks for it can't be delivered`,
        ]
      : []),
    ...(some.size > 0
      ? [
          `no mail host has an address that can be reached from ${[...some].join(', ')}; what pools give them falls to the others there, or can't be delivered, as the MTA will have it`,
        ]
      : []),
  ];
}
