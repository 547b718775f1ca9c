/** From a run's plan to what the MTA's adapter is told. */
import { join } from 'node:path';
import type { MtaPlan, SubmissionPlan } from '../mta/adapter.ts';
import { RESOLVER } from '../scenario/addresses.ts';
import type { Plan } from '../scenario/plan.ts';
import type { RunRequest } from './messages.ts';
import type { Endpoint, LabNetwork } from './network.ts';
import { replyTable } from './report-input.ts';
import { CA_FILE } from './run-folder.ts';
import { type IspEndpoints, routesOf } from './wiring.ts';

/** What the adapter is told. */
export function mtaPlanOf(
  { plan, folder, startedAt }: Pick<RunRequest, 'plan' | 'folder' | 'startedAt'>,
  network: LabNetwork,
  endpoints: IspEndpoints,
  mailroom: Endpoint,
  submission: SubmissionPlan,
): MtaPlan {
  const { vmtas, pools, defaultPool, isps, tls, workers, external } = plan.mta;
  const sealed = network.lab === 'sealed';
  const replies = replyTable(plan, startedAt);
  return {
    folder: join(folder, 'mta'),
    submission,
    hostname: mtaName(plan),
    sources: network.sources,
    vmtas,
    pools,
    defaultPool,
    isps: plan.isps.map(({ resolved, mx }, index) => ({
      id: resolved.id,
      domains: resolved.domains,
      hosts: [...new Set(mx.flatMap((group) => group.hosts.map(({ host }) => host)))],
      concurrency: isps[resolved.id]?.concurrency,
      rate: isps[resolved.id]?.rate,
      replies: replies.filter(({ isp }) => isp === index),
    })),
    senderDomains: plan.senders.map(({ domain }) => domain),
    tls,
    caFile: join(folder, CA_FILE),
    workers,
    retry: plan.retry,
    expire: plan.expire,
    concurrency: plan.concurrency,
    ...(external && { external }),
    resolver: sealed ? RESOLVER : undefined,
    routes: sealed ? undefined : routesOf(plan, endpoints, mailroom),
  };
}

/** The MTA's own name. */
export function mtaName(plan: Plan): string {
  return `mta.${plan.senders[0]?.domain ?? 'sender.test'}`;
}
