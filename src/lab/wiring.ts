/** Who talks to whom in a run: the MTA's routes, the driver's targets, and on which side the MTA is started. */
import { cpus } from 'node:os';
import { HarnessError } from '../core/errors.ts';
import type { DriverPlan } from '../driver/driver.ts';
import type { K6Plan } from '../driver/k6/k6-plan.ts';
import { type K6Share, k6Processes } from '../driver/k6/processes.ts';
import type { WorkerShare } from '../driver/running-load.ts';
import type { RunningMta } from '../mta/adapter.ts';
import type { Plan } from '../scenario/plan.ts';
import { driverProcesses } from './drivers/processes.ts';
import type { Endpoint, LabNetwork } from './ground/network.ts';
import { type IspProcess, placeIsps } from './isps/place-isps.ts';
import { watchedByK6 } from './k6/thresholds.ts';
import { attainableDescriptors, linuxDescriptors } from './machine/descriptors.ts';
import type { RunRequest } from './messages.ts';
import { loadsOn } from './submission.ts';

/** Where each ISP listens, by index. */
export type IspEndpoints = readonly (readonly Endpoint[])[];

/** Without a seal: where the mail of each domain goes. */
export function routesOf(plan: Plan, endpoints: IspEndpoints, mailroom: Endpoint): Record<string, Endpoint> {
  const routes: Record<string, Endpoint> = {};
  plan.isps.forEach(({ resolved }, index) => {
    const endpoint = endpoints[index]?.[0];
    if (endpoint) for (const domain of resolved.domains) routes[domain] = endpoint;
  });
  for (const { domain } of plan.senders) routes[domain] = { address: mailroom.address, port: mailroom.port };
  return routes;
}

/** What a worker of the driver is to do: flood the MTA, or without one the ISPs, each with its share of the connections. */
export function driverPlanOf(
  plan: Plan,
  network: LabNetwork,
  endpoints: IspEndpoints,
  mta: RunningMta | undefined,
  startedAt: string,
  share: WorkerShare,
): DriverPlan {
  const common = {
    seed: plan.seed,
    loads: loadsOn(network, plan),
    stamp: { date: startedAt, keys: network.signingKeys },
    share,
    helo: `injector.${plan.senders[0]?.domain ?? 'sender.test'}`,
  };
  if (mta) {
    return {
      ...common,
      targets: [{ endpoints: mta.submission }],
      targetPer: 'run',
      pipelineAcrossMessages: false,
    };
  }
  const targets = plan.isps.map((_, index) => ({
    // Every mail host from every source of its family, in turn.
    endpoints: network.sources.flatMap((source) =>
      (endpoints[index] ?? [])
        .filter(({ address }) => address.includes(':') === source.address.includes(':'))
        .map((endpoint) => ({ ...endpoint, localAddress: source.address })),
    ),
  }));
  return { ...common, targets, targetPer: 'isp', pipelineAcrossMessages: true };
}

/**
 * What a process with a k6 is to do.
 * @param folder the process's own
 * @throws HarnessError of kind `lab` if there is no k6, or the MTA does not take mail in this form
 */
export function k6PlanOf(
  { plan, k6, startedAt }: Pick<RunRequest, 'plan' | 'k6' | 'startedAt'>,
  network: Pick<LabNetwork, 'signingKeys'>,
  mta: Pick<RunningMta, 'http'> | undefined,
  folder: string,
  { api, share }: K6Share,
): K6Plan {
  const endpoint = mta?.http?.find((each) => each.api === api);
  if (!endpoint) throw new HarnessError('lab', `${plan.adapter} takes no mail in over HTTP as ${api}`);
  if (!k6) throw new HarnessError('lab', 'a load is for k6, and there is none');
  return {
    seed: plan.seed,
    loads: plan.loads.filter(({ k6 }) => k6?.api === api),
    stamp: { date: startedAt, keys: network.signingKeys },
    endpoint,
    program: k6.path,
    folder,
    share,
    watched: watchedByK6(plan.thresholds),
  };
}

/** The processes of a plan that drive loads by k6. */
export function k6ProcessesOf({ loads, drivers }: Pick<Plan, 'loads' | 'drivers'>): K6Share[] {
  return k6Processes(loads, drivers);
}

/** How many processes drive a plan's load over SMTP on this machine, each with so many descriptors. */
export function driverProcessesOf(
  plan: Plan,
  descriptors = attainableDescriptors(linuxDescriptors()),
): number {
  return driverProcesses({
    loads: plan.loads,
    descriptors,
    cores: cpus().length,
    wished: plan.drivers,
    targets: plan.adapter === 'none' ? plan.isps.length : 1,
  });
}

/** Which processes serve a plan's ISPs on this machine, each with so many descriptors. */
export function ispProcessesOf(
  plan: Plan,
  descriptors = attainableDescriptors(linuxDescriptors()),
): IspProcess[] {
  const all = plan.isps.reduce((sum, isp) => sum + isp.share, 0);
  // How many connections an MTA will open nobody can say.
  const connections =
    plan.adapter === 'none' ? plan.loads.reduce((sum, load) => sum + load.connections, 0) : 0;
  return placeIsps(
    plan.isps.map(({ share, workers }) => ({
      share,
      workers,
      connections: Math.ceil((connections * share) / all),
    })),
    cpus().length,
    descriptors,
  );
}
