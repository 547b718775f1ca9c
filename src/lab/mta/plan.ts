/** From a run's plan to what the MTA's adapter is told. */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { fixedParts } from '../../../fakes/isp/replies.ts';
import { createAuthority } from '../../../fakes/tls.ts';
import type { MtaPlan, SubmissionPlan } from '../../mta/adapter.ts';
import { MAILROOM, RESOLVER } from '../../scenario/addresses.ts';
import type { Plan } from '../../scenario/plan.ts';
import { replyTable } from '../folder/report-input.ts';
import { CA_FILE } from '../folder/run-folder.ts';
import type { Endpoint, LabNetwork } from '../ground/network.ts';
import type { RunRequest } from '../messages.ts';
import { submissionPlan } from '../submission.ts';
import { type IspEndpoints, routesOf } from '../wiring.ts';

/** What the adapter is told. */
export function mtaPlanOf(
  { plan, folder, startedAt }: Pick<RunRequest, 'plan' | 'folder' | 'startedAt'>,
  network: Pick<LabNetwork, 'lab' | 'sources'>,
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
      families: ([4, 6] as const).filter((family) =>
        mx.every(({ hosts }) => hosts.some(({ addresses }) => addresses.some((it) => isIP(it) === family))),
      ),
      concurrency: isps[resolved.id]?.concurrency,
      rate: isps[resolved.id]?.rate,
      replies: replies
        .filter(({ isp }) => isp === index)
        .map(({ id, code, enhanced, class: kind, text }, at) => ({
          id,
          code,
          enhanced,
          class: kind,
          text,
          fixed: fixedParts(resolved.replies[at] ?? { lines: [] }),
        })),
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

/** Stands for a run's folder in configurations that are only read. */
export const NO_FOLDER = '/run-folder';

/** What the adapter would be told in a seal, where nothing is started. Certificates are made anew each time. */
export async function sealedMtaPlan(plan: Plan, startedAt: string): Promise<MtaPlan> {
  const ground = { lab: 'sealed', sources: plan.sources } as const;
  const submission = await submissionPlan(ground, plan, mtaName(plan), await createAuthority());
  // In a seal the MTA finds mail hosts by DNS.
  const mailroom = { address: MAILROOM, port: 25 };
  return mtaPlanOf({ plan, folder: NO_FOLDER, startedAt }, ground, [], mailroom, submission);
}
