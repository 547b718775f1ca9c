/** Virtual MTAs as Postfix has them: transports, each a delivery service of its own in master.cf. */
import type { MtaIsp, MtaPlan, MtaSource, MtaWish, VirtualMta, VirtualMtaPool } from '../adapter.ts';

/** A delivery service: one source of each family at most, for all ISPs or for one that has limits of its own. */
export interface Transport {
  /** Its name in master.cf. */
  readonly name: string;
  readonly vmta: string;
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  /** What it says in HELO, on both families: Postfix has one name a transport. */
  readonly helo: string;
  /** Processes, each of which holds one connection. */
  readonly processes: number;
  /** Connections to one domain, if not Postfix's default. */
  readonly concurrency: number | undefined;
  /** Seconds between two of its messages. */
  readonly delay: number | undefined;
}

/** Transports that share mail by weight. */
export type Choice = readonly { readonly transport: string; readonly weight: number }[];

/** Every transport of a plan. */
export function transportsOf(plan: MtaPlan): Transport[] {
  return plan.vmtas.flatMap((vmta) => {
    const pairs = pairsOf(vmta, plan.sources);
    const share = shareOf(plan, vmta.name) / pairs.length;
    return pairs.flatMap((pair, at) =>
      [undefined, ...limitedIsps(plan)].map((isp): Transport => {
        const most = Math.min(plan.concurrency, isp?.concurrency ?? plan.concurrency);
        const processes = Math.max(1, Math.floor(most * share));
        return {
          name: nameOf(plan, vmta.name, at, isp),
          vmta: vmta.name,
          ...pair,
          processes,
          concurrency: isp?.concurrency === undefined ? undefined : processes,
          delay: delayOf(isp?.rate, share),
        };
      }),
    );
  });
}

/** The ISPs at which the MTA is to keep to limits of its own. */
export function limitedIsps({ isps }: MtaPlan): MtaIsp[] {
  return isps.filter(({ concurrency, rate }) => concurrency !== undefined || rate !== undefined);
}

/** What takes a pool's mail: at an ISP with limits of its own, or everywhere else. */
export function choiceOf(plan: MtaPlan, pool: VirtualMtaPool, isp?: MtaIsp): Choice {
  return pool.members.flatMap(({ vmta, weight }) => {
    const found = plan.vmtas.find(({ name }) => name === vmta);
    const pairs = found ? pairsOf(found, plan.sources) : [];
    return pairs.map((_, at) => ({
      transport: nameOf(plan, vmta, at, isp),
      weight: weight / pairs.length,
    }));
  });
}

/** No name of a virtual MTA has a dot, and no ISP's here begins with a digit, so that none is another's. */
function nameOf(plan: MtaPlan, vmta: string, pair: number, isp: MtaIsp | undefined): string {
  const parts = ['out', vmta];
  if (pair > 0) parts.push(String(pair + 1));
  if (isp) parts.push(/^[A-Za-z][\w-]*$/.test(isp.id) ? isp.id : `isp-${plan.isps.indexOf(isp) + 1}`);
  return parts.join('.');
}

interface Pair {
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  readonly helo: string;
}

/** A virtual MTA's sources, one of each family together, each source at least once. */
function pairsOf({ sources: indexes }: VirtualMta, sources: readonly MtaSource[]): Pair[] {
  const own = indexes.map((index) => sources[index]).filter((source) => source !== undefined);
  const four = own.filter(({ address }) => !address.includes(':'));
  const six = own.filter(({ address }) => address.includes(':'));
  return Array.from({ length: Math.max(four.length, six.length) }, (_, at) => {
    const [ipv4, ipv6] = [four[at % four.length], six[at % six.length]];
    return { ipv4: ipv4?.address, ipv6: ipv6?.address, helo: (ipv4 ?? ipv6)?.helo ?? '' };
  });
}

/**
 * The part of a virtual MTA in what the plan allows for all: by its weight in the default pool. One that is not in it has
 * an even part.
 */
function shareOf(
  { vmtas, defaultPool: { members } }: Pick<MtaPlan, 'vmtas' | 'defaultPool'>,
  name: string,
): number {
  const member = members.find(({ vmta }) => vmta === name);
  if (!member) return 1 / vmtas.length;
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  return (member.weight / total) * (members.length / vmtas.length);
}

/** What of a wish Postfix can't keep to, a sentence each. */
export function shortcomings(wish: MtaWish): string[] {
  const { isps, vmtas, sources, workers } = wish;
  const shares = vmtas.map((vmta) => shareOf(wish, vmta.name) / pairsOf(vmta, sources).length);
  const beyond = isps.filter(
    ({ rate }) => rate !== undefined && shares.some((share) => delayOf(rate, share) === undefined),
  );
  return [
    ...beyond.map(
      ({ id }) =>
        `Postfix counts in whole seconds, one message for each virtual MTA at most, so mta.isps.${id}.rate is not kept to`,
    ),
    ...(workers === undefined
      ? []
      : ['Postfix has as many processes as it needs, so mta.workers means nothing']),
  ];
}

/** Postfix counts in whole seconds, so that a transport's rate is at most one a second; a faster one it can't keep to. */
function delayOf(rate: number | undefined, share: number): number | undefined {
  return rate === undefined || rate * share > 1 ? undefined : Math.ceil(1 / (rate * share));
}
