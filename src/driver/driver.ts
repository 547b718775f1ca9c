/**
 * The flood: carries out the loads of a run over connections to the MTA, and records what came of each iteration. A
 * process carries all of it, or its share of every load.
 */
import type { Clock } from '../core/clock.ts';
import { createPrng, type Prng } from '../core/prng.ts';
import { type LabProof, requireTarget } from '../core/proof.ts';
import type { Packer } from '../record/attempt-log.ts';
import { startClosedLoad } from './closed-load.ts';
import { Dialer } from './dialer.ts';
import { FOLLOW_UP_CONNECTIONS, type FollowUp, FollowUpInjections, FollowUps } from './follow-ups.ts';
import { type DriverCounters, Injections, noCounts } from './injections.ts';
import type { LoadPlan } from './load.ts';
import { createMessages, type RunStamp } from './message.ts';
import { startOpenLoad } from './open-load.ts';
import { ConnectionPool } from './pool.ts';
import { createRecipients } from './recipients.ts';
import { partOf, type RunningLoad, type WorkerShare } from './running-load.ts';
import { scheduleOf } from './schedule.ts';
import type { SessionTarget } from './session.ts';

/** Where mail can be handed over. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** The address to connect from; default: the system's choice. */
  readonly localAddress?: string;
  /** Whether TLS is spoken there from the first byte; loads that do otherwise go elsewhere. undefined: any load fits. */
  readonly implicitTls?: boolean;
}

/** All that a driver needs, as plain data. */
export interface DriverPlan {
  readonly seed: number;
  /** All of the run; those that are for k6 are left to it. */
  readonly loads: readonly LoadPlan[];
  /** When the run began, and the keys that it signs with. */
  readonly stamp: RunStamp;
  readonly helo: string;
  /** Where messages go: to the one MTA, or (adapter: none) to the ISP of the message, by its index. */
  readonly targets: readonly { readonly endpoints: readonly Endpoint[] }[];
  readonly targetPer: 'run' | 'isp';
  /**
   * Send the next envelope right behind a body, where the server offers PIPELINING. RFC 2920 section 3.1 allows it,
   * but MTAs that guard against SMTP smuggling answer it with 503 (Haraka 3.3), so only the lab's own sinks get it.
   */
  readonly pipelineAcrossMessages: boolean;
  readonly share: WorkerShare;
}

/** A driver at work. */
export interface Driver {
  counters(): Readonly<DriverCounters>;
  /** Why the last connection ended that the driver did not end itself. */
  trouble(): string | undefined;
  /** Resolves when all loads are over and every message begun has ended. */
  readonly finished: Promise<void>;
  /** Hands over further messages to recipients of the loads, until these are over. */
  followUp(orders: readonly FollowUp[]): void;
  /** Begins nothing more; what is under way ends as usual. */
  stop(): void;
}

/** Starts the loads at moment 0 of the clock. Throws if a target is not one that load may be sent to. */
export async function startDriver(
  plan: DriverPlan,
  clock: Clock,
  packer: Packer,
  proof: LabProof,
): Promise<Driver> {
  for (const { endpoints } of plan.targets)
    for (const { address } of endpoints) requireTarget(proof, address);
  const prng = createPrng(plan.seed);
  const counters = noCounts();
  const injections: Injections[] = [];
  const prepared: PreparedLoad[] = [];
  for (const [index, load] of plan.loads.entries()) {
    if (load.k6) continue;
    const recording = new Injections(load, index, clock, packer, counters);
    injections.push(recording);
    const quiet = new FollowUpInjections(load, index, clock, packer, noCounts());
    prepared.push(await prepareLoad(plan, load, prng, clock, recording, quiet, counters));
  }
  const running = prepared.map(({ start }) => start());
  const followUps = new Map<PreparedLoad, FollowUps>();
  async function finish(): Promise<void> {
    await Promise.all(running.map((load) => load.finished));
    const ends = [...followUps].map(
      ([
        {
          plan: { gracefulStop },
        },
        one,
      ]) => one.finish(gracefulStop / 1e3),
    );
    await Promise.all(ends);
  }
  return {
    counters: () => counters,
    trouble: () => injections.findLast(({ lastTrouble }) => lastTrouble !== undefined)?.lastTrouble,
    finished: finish(),
    followUp(orders) {
      for (const order of orders) {
        const load = prepared.find(({ plan: { recipients, messages } }) => {
          return order.original.message < recipients.firstMessage + messages;
        });
        if (!load) continue;
        const one = followUps.get(load) ?? load.followUps();
        followUps.set(load, one);
        one.take(order);
      }
    },
    stop() {
      for (const load of running) load.stop();
      for (const one of followUps.values()) one.stop();
    },
  };
}

/** A load that can begin at once. */
interface PreparedLoad {
  readonly plan: LoadPlan;
  start(): RunningLoad;
  /** What follows bad news about its recipients; only where all mail goes to one MTA. */
  followUps(): FollowUps;
}

/** Prepares all that takes time, so that loads begin together. */
async function prepareLoad(
  driver: DriverPlan,
  plan: LoadPlan,
  prng: Prng,
  clock: Clock,
  injections: Injections,
  quiet: Injections,
  counters: DriverCounters,
): Promise<PreparedLoad> {
  const { share, targetPer, helo, pipelineAcrossMessages } = driver;
  const schedule = scheduleOf(plan.shape);
  const recipients = createRecipients(plan.recipients, prng);
  const messages = await createMessages(plan.message, recipients, prng, driver.stamp);
  const targetOf = (message: number): number => (targetPer === 'run' ? 0 : recipients.isp(message, 0));
  const weights = driver.targets.map((_, target) =>
    targetPer === 'run' ? 1 : (plan.recipients.isps[target]?.share ?? 0),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const dialerTo = ({ endpoints }: DriverPlan['targets'][number], recording: Injections): Dialer =>
    new Dialer({
      endpoints: endpointsFor(endpoints, plan),
      firstEndpoint: share.worker,
      clock,
      messages,
      helo,
      timeoutMs: plan.timeoutMs,
      pipelineAcrossMessages,
      injections: recording,
    });
  const dialers = driver.targets.map((target, index) =>
    weights[index] === 0 ? undefined : dialerTo(target, injections),
  );
  const limits = {
    messagesPerConnection: plan.messagesPerConnection,
    retryWaitMs: (plan.retry?.wait ?? 0) / 1e3,
  };
  const followUps = (): FollowUps => {
    const dialer = dialerTo(driver.targets[0] as DriverPlan['targets'][number], quiet);
    const pool = new ConnectionPool(dialer, { connections: FOLLOW_UP_CONNECTIONS, ...limits });
    return new FollowUps(pool, clock, quiet);
  };
  const common = { plan, share, clock, injections, due: () => void counters.due++ };
  if (schedule.model === 'closed')
    return {
      plan,
      start: () => startClosedLoad({ ...common, users: schedule, dialers, targetOf }),
      followUps,
    };
  const pools = dialers.map((dialer, target) => {
    const connections = Math.max(1, Math.round((plan.connections * (weights[target] ?? 0)) / sum));
    return (
      dialer &&
      new ConnectionPool(dialer, {
        connections: Math.max(1, partOf(connections, share)),
        ...limits,
      })
    );
  });
  return {
    plan,
    start: () =>
      startOpenLoad({
        ...common,
        arrivals: schedule,
        pools: pools.filter((pool) => pool !== undefined),
        poolOf: (message) => pools[targetOf(message)] as ConnectionPool,
      }),
    followUps,
  };
}

/** The endpoints that speak a load's TLS, from every address that it connects from, as far as families match. */
function endpointsFor(endpoints: readonly Endpoint[], { tls, auth, sources }: LoadPlan): SessionTarget[] {
  const secured = { tls, ...(auth ? { auth } : {}) };
  const implicit = tls === 'implicit';
  const fit = endpoints.filter(({ implicitTls = implicit }) => implicitTls === implicit);
  if (sources.length === 0) return fit.map((endpoint) => ({ ...endpoint, ...secured }));
  return sources.flatMap((source) =>
    fit
      .filter(({ address }) => address.includes(':') === source.includes(':'))
      .map((endpoint) => ({ ...endpoint, ...secured, localAddress: source })),
  );
}
