/** How the driver reaches the MTA: from which addresses, to which, with which certificate and users. */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Authority } from '../../fakes/tls.ts';
import { HarnessError } from '../core/errors.ts';
import { createPrng } from '../core/prng.ts';
import { platform } from '../core/process.ts';
import { isLoopback } from '../core/proof.ts';
import type { LoadPlan } from '../driver/load.ts';
import type { MtaSource, SubmissionPlan } from '../mta/adapter.ts';
import type { Plan } from '../scenario/plan.ts';
import { usersOf } from '../scenario/submission.ts';
import type { LabKind } from './messages.ts';
import { returnsToMta } from './returns/return-path.ts';

const LOOPBACK = '127.0.0.1';
const LOOPBACK6 = '::1';

/** What of a network matters to a submission. */
export interface SubmissionGround {
  readonly lab: LabKind;
  /** The sources as the MTA can bind them here. */
  readonly sources: readonly MtaSource[];
}

/** The loads, from addresses as they are on this ground: without a seal the MTA's own are others. */
export function loadsOn({ lab, sources: here }: SubmissionGround, plan: Plan): LoadPlan[] {
  return plan.loads.map((load) => ({
    ...load,
    sources: load.sources.map((address) => {
      const own = plan.sources.find((source) => source.address === address);
      const found = own ? (here[own.index]?.address ?? address) : address;
      requireHere(found, lab);
      return found;
    }),
  }));
}

/**
 * Plans where and how the MTA takes mail in. The driver runs where the MTA does, and reaches it over loopback from
 * whatever address.
 * @param hostname the MTA's name, for its certificate
 * @throws HarnessError of kind `lab` if this place lacks an address that a load is to come from
 */
export async function submissionPlan(
  ground: SubmissionGround,
  plan: Plan,
  hostname: string,
  authority: Authority,
): Promise<SubmissionPlan> {
  const loads = loadsOn(ground, plan);
  const ipv6 = loads.some(({ sources }) => sources.some((source) => source.includes(':')));
  const implicit = loads.some(({ tls }) => tls === 'implicit');
  const sealed = ground.lab === 'sealed';
  const apis = [...new Set(loads.flatMap(({ k6 }) => k6?.api ?? []))];
  return {
    addresses: ipv6 ? [LOOPBACK, LOOPBACK6] : [LOOPBACK],
    // As in production (RFC 8314 section 7.3 has 465); without a seal, whatever is free.
    port: sealed ? 25 : 0,
    tlsPort: implicit ? (sealed ? 465 : 0) : undefined,
    // KumoMTA's own choice; without a seal, whatever is free.
    ...(apis.length > 0 && {
      http: { port: sealed ? 8000 : 0, apis, key: httpKey(plan.seed) },
    }),
    certificate: loads.some(({ tls }) => tls !== 'none')
      ? await authority.leaf({ names: [hostname] })
      : undefined,
    users: usersOf(loads),
    listen: returnsToMta(plan) ? 'all' : plan.mta.listen,
    relayFrom: ['127.0.0.0/8', '::1', ...ground.sources.map(({ address }) => address)],
  };
}

/** An API key of forty characters, which are enough for every MTA. Nobody outside of the run's machine could use it. */
function httpKey(seed: number): string {
  const prng = createPrng(seed);
  return [1, 2, 3, 4, 5].map((n) => prng.hash(`http key ${n}`).toString(16).padStart(8, '0')).join('');
}

function requireHere(address: string, lab: LabKind): void {
  if (address.includes(':') && !hasIpv6(lab)) {
    throw new HarnessError('lab', `load.sources: ${address} needs IPv6, which this machine runs without`);
  }
  if (lab === 'loopback' && platform !== 'linux' && isLoopback(address) && !isFirst(address)) {
    throw new HarnessError('lab', `load.sources: ${address} needs a seal`, {
      hint: `without a seal ${platform} has ${LOOPBACK} and ${LOOPBACK6} to connect from`,
    });
  }
}

/** A seal has IPv6 where the kernel does. */
function hasIpv6(lab: LabKind): boolean {
  if (lab === 'sealed') return existsSync('/proc/net/if_inet6');
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === LOOPBACK6));
}

function isFirst(address: string): boolean {
  return address === LOOPBACK || address === LOOPBACK6;
}
