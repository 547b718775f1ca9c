import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { type Micros, monotonicMicros } from './clock.ts';
import { cpuMicros, residentBytes } from './process.ts';

/** How busy this process was since the last question. */
export interface SelfMeasure {
  /** 99th percentile of how long the event loop kept a due timer waiting. */
  readonly loopDelay: Micros;
  /** Share of one core, 0 to 1 (more with threads). */
  readonly cpu: number;
  /** Share of the time in which the event loop had work, 0 to 1: also while it waited for a processor to do it. */
  readonly loopUse: number;
  /** Resident memory now, bytes. */
  readonly resident: number;
}

/** Starts measuring this process. Each call of the returned function covers the time since the call before. */
export function measureSelf(): () => SelfMeasure {
  const resolutionMs = 10;
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let cpuBefore = cpuMicros();
  let useBefore = performance.eventLoopUtilization();
  let timeBefore = monotonicMicros();
  return () => {
    const cpu = cpuMicros();
    const time = monotonicMicros();
    // The histogram holds the timer's own period too.
    const loopDelay = delay.count === 0 ? 0 : Math.max(0, delay.percentile(99) / 1e3 - resolutionMs * 1e3);
    const share = (cpu - cpuBefore) / Math.max(1, time - timeBefore);
    const use = performance.eventLoopUtilization();
    const loopUse = performance.eventLoopUtilization(use, useBefore).utilization;
    const measured = { loopDelay, cpu: share, loopUse, resident: residentBytes() };
    delay.reset();
    cpuBefore = cpu;
    useBefore = use;
    timeBefore = time;
    return measured;
  };
}
