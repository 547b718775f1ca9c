/** Who talks to whom in a run: the MTA's routes, the driver's targets, and on which side the MTA is started. */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { environment } from '../core/process.ts';
import type { DriverPlan } from '../driver/driver.ts';
import type { RunningMta, SpawnMta } from '../mta/adapter.ts';
import type { Plan } from '../scenario/plan.ts';
import type { Endpoint, LabNetwork } from './network.ts';

/** Where each ISP listens, by index. */
type IspEndpoints = readonly (readonly Endpoint[])[];

/** A connection to the MTA on which no reply comes for so long is given up. */
const DRIVER_TIMEOUT_MS = 60_000;

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

/** What the driver is to do: flood the MTA, or without one the ISPs, each with its share of the connections. */
export function driverPlanOf(
  plan: Plan,
  network: LabNetwork,
  endpoints: IspEndpoints,
  mta: RunningMta | undefined,
  startedAt: string,
): DriverPlan {
  const common = {
    seed: plan.seed,
    shape: plan.shape,
    recipients: plan.recipients,
    message: plan.message,
    stamp: { date: startedAt, keys: network.signingKeys },
    helo: `injector.${plan.senders[0]?.domain ?? 'sender.test'}`,
    timeoutMs: DRIVER_TIMEOUT_MS,
  };
  if (mta) {
    const target = {
      endpoints: [{ ...mta.submission, tls: 'none' as const }],
      connections: plan.connections,
    };
    return { ...common, targets: [target], targetPer: 'run', pipelineAcrossMessages: false };
  }
  const share = plan.isps.reduce((sum, isp) => sum + isp.share, 0);
  const targets = plan.isps.map((isp, index) => ({
    // Every mail host from every source of its family, in turn.
    endpoints: network.sources.flatMap((source) =>
      (endpoints[index] ?? [])
        .filter(({ address }) => address.includes(':') === source.address.includes(':'))
        .map((endpoint) => ({ ...endpoint, localAddress: source.address, tls: 'none' as const })),
    ),
    connections: Math.max(1, Math.round((plan.connections * isp.share) / share)),
  }));
  return { ...common, targets, targetPer: 'isp', pipelineAcrossMessages: true };
}

/** Starts the MTA's processes on its side of the network, with their output in a log file. */
export function spawnIn(network: LabNetwork): SpawnMta {
  return (argv, { cwd, env, logFile }) => {
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a');
    const [command = '', ...args] = network.enterHost(argv);
    return spawn(command, args, {
      cwd,
      env: { ...environment(), ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
  };
}
