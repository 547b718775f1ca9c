/**
 * An ISP's policy on several workers in virtual time: each decides with what it holds, and what they tell the owner and
 * hear from it takes its time on the way.
 */
import { IspOwner } from '../../fakes/isp/isp-owner.ts';
import { IspPart, type PartReport } from '../../fakes/isp/isp-part.ts';
import { decide } from '../../fakes/isp/policy.ts';
import type { ResolvedIsp } from '../../fakes/isp/resolve.ts';
import { createState, type IspState } from '../../fakes/isp/state.ts';
import type { PolicyEvent } from '../../fakes/isp/verdict.ts';
import { createPrng } from '../../src/core/prng.ts';

const prng = createPrng(1);
/** What gathers at a worker is sent so often, and the owner looks so often. */
const FLUSH = 2_000;
const TICK = 5_000;

interface OnItsWay {
  readonly at: number;
  arrive(now: number): void;
}

/** A moment at which somebody asks a worker. */
export interface Attempt {
  readonly at: number;
  readonly worker: number;
  readonly event: PolicyEvent;
}

/**
 * Carries out attempts, which must be in the order of their moments, and returns whether each was accepted.
 * @param delay what the next message takes on its way, microseconds
 */
export function runSplit(
  isp: ResolvedIsp,
  parts: number,
  attempts: readonly Attempt[],
  delay: () => number,
): boolean[] {
  const owner = new IspOwner(isp, parts);
  const way: OnItsWay[] = [];
  /** Channels keep the order of what they carry. */
  const lastArrival = new Map<string, number>();
  const send = (channel: string, now: number, arrive: (now: number) => void): void => {
    const at = Math.max(now + delay(), lastArrival.get(channel) ?? 0);
    lastArrival.set(channel, at);
    way.push({ at, arrive });
  };
  const pass = (now: number): void =>
    owner.news().forEach((news, part) => {
      if (news) send(`to ${part}`, now, (then) => workers[part]?.part.hear(news, then));
    });
  const take = (part: number, report: PartReport, now: number): void => {
    owner.report(part, report, now);
    pass(now);
  };
  const workers: { state: IspState; part: IspPart; flushAt: number }[] = [];
  let now = 0;
  for (let part = 0; part < parts; part++) {
    const state = createState(isp, { part, parts });
    const worker = {
      state,
      flushAt: Number.POSITIVE_INFINITY,
      part: new IspPart(
        state,
        { part, parts },
        () => {},
        () => {
          worker.flushAt = now + FLUSH;
        },
      ),
    };
    workers.push(worker);
  }
  let tickAt = TICK;
  const advance = (until: number): void => {
    for (;;) {
      const arrival = Math.min(...way.map((one) => one.at));
      const flush = Math.min(...workers.map((worker) => worker.flushAt));
      const next = Math.min(arrival, flush, tickAt);
      if (next > until) break;
      now = next;
      if (next === arrival)
        way
          .splice(
            way.findIndex((one) => one.at === next),
            1,
          )[0]
          ?.arrive(next);
      else if (next === flush) {
        workers.forEach((worker, part) => {
          if (worker.flushAt !== next) return;
          worker.flushAt = Number.POSITIVE_INFINITY;
          const report = worker.part.report(next);
          send(`from ${part}`, next, (then) => take(part, report, then));
        });
      } else {
        tickAt += TICK;
        owner.tick(next);
        pass(next);
      }
    }
    now = until;
  };
  return attempts.map(({ at, worker, event }) => {
    advance(at);
    return decide((workers[worker] as { state: IspState }).state, event, at, prng).kind === 'accept';
  });
}

/** The same attempts at a single process. */
export function runSingle(isp: ResolvedIsp, attempts: readonly Attempt[]): boolean[] {
  const state = createState(isp);
  return attempts.map(({ at, event }) => decide(state, event, at, prng).kind === 'accept');
}
