/** Whether the harness was fast enough to be believed. Pure: what its workers measured of themselves goes in. */
import type { Micros } from '../core/clock.ts';
import { formatCount, formatMs } from './numbers.ts';
import type { HarnessLoad, WorkerLoad } from './summary.ts';

/** A worker is busy in a second in which more of a core or of its event loop was in use, or due work waited longer. */
const BUSY = { cpu: 0.9, loopUse: 0.9, loopDelayMs: 50 };
/** Shorter is a hiccup: garbage collection, or a neighbour on the machine. */
const LONG_SECONDS = 3;
const LONG_SHARE = 0.05;
/** As many iterations begun late are enough to be the 99th percentile. */
const LATE_SHARE = 0.01;
/** With fewer sessions, memory for each is mostly the process itself. */
const MANY_SESSIONS = 1000;

/** What a worker measured of itself over the time that ended at `at`. */
export interface WorkerMeasure {
  readonly at: Micros;
  readonly cpu: number;
  /** Share of the time in which its event loop had work; on a crowded machine it is more than `cpu`. */
  readonly loopUse: number;
  readonly loopDelayMs: number;
  readonly residentBytes: number;
  /** Iterations that this worker of the driver has begun late so far; 0 for all others. */
  readonly late: number;
}

/** A worker with its measures, in the order of time. */
export interface MeasuredWorker {
  readonly name: string;
  readonly measures: readonly WorkerMeasure[];
}

/** What the judgement needs beside the measures. */
export interface HarnessFrame {
  /** The stretch of the load that is judged: start-up and drain do not matter. */
  readonly from: Micros;
  readonly to: Micros;
  /** False where the driver speaks to the ISPs itself; then nothing waits for the lab, which answers the MTA's DNS. */
  readonly mta: boolean;
  /** Iterations of all loads, begun or not. */
  readonly iterations: number;
  /** The most sessions that were open at once at each side. */
  readonly sessions: { readonly driver: number; readonly isps: number };
}

/**
 * The rule: a worker limited the run if it was busy for 3 s and for 5 % of the load. With no time to spare it may have
 * set the pace; with its event loop late alone, latencies contain the delays: often the machine is too busy. Iterations that
 * began late in busy seconds of the driver are its own doing, and are said if they are more than 1 % of all and most of
 * the late ones; the other late ones had to wait for a free connection, which is the MTA's doing.
 */
export function harnessLoad(workers: readonly MeasuredWorker[], frame: HarnessFrame): HarnessLoad {
  const judged = workers.map((worker) => judgeWorker(worker, frame));
  const late = workers.reduce((sum, { measures }) => sum + (measures.at(-1)?.late ?? 0), 0);
  const lateWhileBusy = judged.reduce((sum, worker) => sum + worker.lateWhileBusy, 0);
  const seconds = Math.max(0, frame.to - frame.from) / 1e6;
  const enough = Math.max(LONG_SECONDS, LONG_SHARE * seconds);
  const limits = limitsOf(
    judged.filter(({ load }) => frame.mta || sideOf(load.name) !== 'lab'),
    enough,
    seconds,
  );
  if (lateWhileBusy > LATE_SHARE * frame.iterations && lateWhileBusy > late / 2) {
    limits.push(
      `${formatCount(lateWhileBusy)} iterations began late because the driver was busy, so high percentiles of latency are its doing.`,
    );
  }
  return {
    workers: judged.map(({ load }) => load),
    judgedSeconds: seconds,
    lateInjections: late,
    lateWhileBusy,
    limits,
    sessions: sessionMemory(
      judged.map(({ load }) => load),
      frame.sessions,
    ),
  };
}

interface Judged {
  readonly load: WorkerLoad;
  /** Of its busy seconds, those without time to spare. */
  readonly fullSeconds: number;
  readonly lateWhileBusy: number;
}

function judgeWorker({ name, measures }: MeasuredWorker, { from, to }: HarnessFrame): Judged {
  const cpus: number[] = [];
  const uses: number[] = [];
  const delays: number[] = [];
  let busyMicros = 0;
  let fullMicros = 0;
  let lateWhileBusy = 0;
  let before = 0;
  let lateBefore = 0;
  for (const { at, cpu, loopUse, loopDelayMs, late } of measures) {
    // A worker that was stuck for seconds says so with one measure about all of them.
    const span = Math.min(at, to) - Math.max(before, from);
    if (span > 0) {
      cpus.push(cpu);
      uses.push(loopUse);
      const full = cpu > BUSY.cpu || loopUse > BUSY.loopUse;
      delays.push(loopDelayMs);
      if (full || loopDelayMs > BUSY.loopDelayMs) {
        busyMicros += span;
        if (full) fullMicros += span;
        lateWhileBusy += late - lateBefore;
      }
    }
    before = at;
    lateBefore = late;
  }
  delays.sort((a, b) => a - b);
  const load: WorkerLoad = {
    name,
    meanCpu: cpus.length === 0 ? 0 : cpus.reduce((a, b) => a + b, 0) / cpus.length,
    maxCpu: Math.max(0, ...cpus),
    maxLoopUse: Math.max(0, ...uses),
    medianLoopDelayMs: delays[Math.floor((delays.length - 1) / 2)] ?? 0,
    maxLoopDelayMs: delays.at(-1) ?? 0,
    busySeconds: Math.round(busyMicros / 1e6),
    maxResidentBytes: measures.reduce((most, { residentBytes }) => Math.max(most, residentBytes), 0),
  };
  return { load, fullSeconds: Math.round(fullMicros / 1e6), lateWhileBusy };
}

/** A sentence for each of a few workers that limited the run; of many, one with the worst of them. */
function limitsOf(judged: readonly Judged[], enough: number, seconds: number): string[] {
  const full = judged.filter(({ fullSeconds }) => fullSeconds >= enough);
  const late = judged.filter(({ load, fullSeconds }) => fullSeconds < enough && load.busySeconds >= enough);
  const all = Math.round(seconds);
  return [
    ...said(
      full,
      ({ fullSeconds }) => fullSeconds,
      (who, worst) => {
        const { maxLoopUse, maxCpu } = worst.load;
        return `The harness’s ${who} had no time to spare for ${worst.fullSeconds} of ${all} s (its event loop up to ${percent(maxLoopUse)} in use, with up to ${coreOf(maxCpu)}), so it may have set the pace.`;
      },
    ),
    ...said(
      late,
      ({ load }) => load.busySeconds,
      (who, worst) => {
        const { busySeconds, maxLoopDelayMs, maxCpu } = worst.load;
        return `The harness’s ${who} was over 50 ms late at its work in ${busySeconds} of ${all} s (up to ${formatMs(Math.round(maxLoopDelayMs))}, with up to ${percent(maxCpu)} of a core), so latencies contain delays of its own.`;
      },
    ),
  ];
}

/** What a worker whose event loop was full had of a core; with less than half of one it was mostly kept waiting. */
function coreOf(cpu: number): string {
  return `${percent(cpu)} of a core${cpu < 0.5 ? ': mostly it waited for a processor or the disk' : ''}`;
}

/** More workers than this are not named one by one. */
const FEW = 2;

function said(
  workers: readonly Judged[],
  seconds: (worker: Judged) => number,
  sentence: (who: string, worker: Judged) => string,
): string[] {
  if (workers.length <= FEW) return workers.map((worker) => sentence(worker.load.name, worker));
  const worst = workers.reduce((a, b) => (seconds(b) > seconds(a) ? b : a));
  return [sentence(`${worst.load.name}, the worst of ${workers.length} such processes,`, worst)];
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** Workers are named after what they do (lab/worker-names.ts): lab, driver or driver 1, and all others own ISPs. */
function sideOf(name: string): 'lab' | 'driver' | 'isps' {
  if (name === 'lab') return 'lab';
  return /^driver\b/.test(name) ? 'driver' : 'isps';
}

function sessionMemory(
  workers: readonly WorkerLoad[],
  sessions: HarnessFrame['sessions'],
): HarnessLoad['sessions'] {
  return (['driver', 'isps'] as const)
    .map((side) => ({
      side,
      peak: sessions[side],
      residentBytes: workers
        .filter(({ name }) => sideOf(name) === side)
        .reduce((sum, { maxResidentBytes }) => sum + maxResidentBytes, 0),
    }))
    .filter(({ peak, residentBytes }) => peak > MANY_SESSIONS && residentBytes > 0);
}
