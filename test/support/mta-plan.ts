import type { MtaPlan, SubmissionPlan } from '../../src/mta/adapter.ts';
import { virtualMtas } from '../../src/scenario/mta-plan.ts';

/** A plan for an adapter, with what a test does not say filled in: each source has a virtual MTA, all in one pool. */
export function mtaPlan({
  submission,
  ...wish
}: Partial<Omit<MtaPlan, 'submission'>> & { readonly submission?: Partial<SubmissionPlan> } = {}): MtaPlan {
  const sources = wish.sources ?? [{ index: 0, address: '127.0.0.2', helo: 'out1.sender.test', vmta: 'one' }];
  const vmtas = virtualMtas(sources);
  return {
    folder: 'never-written',
    submission: {
      addresses: ['127.0.0.1'],
      port: 25,
      tlsPort: undefined,
      certificate: undefined,
      users: [],
      listen: 'all',
      relayFrom: ['127.0.0.0/8', '::1', ...sources.map(({ address }) => address)],
      ...submission,
    },
    hostname: 'mta.sender.test',
    sources,
    vmtas,
    pools: [],
    defaultPool: { name: 'everybody', members: vmtas.map(({ name }) => ({ vmta: name, weight: 1 })) },
    isps: [],
    senderDomains: ['news.sender.test'],
    tls: 'opportunistic',
    workers: undefined,
    retry: [60e6],
    expire: 3600e6,
    concurrency: 20,
    resolver: undefined,
    routes: undefined,
    ...wish,
  };
}
