/** Sessions that are held open and say NOOP: memory on both sides, and none dropped. `npm run bench sessions [sessions]` */
import { monotonicMicros, sleepMs } from '../../src/core/clock.ts';
import type { DriverCounters } from '../../src/driver/injections.ts';
import { holdPlan, NOOP_TIMEOUT_SECONDS } from './floods.ts';
import { residentOf } from './proc.ts';
import { DriverSide, IspSide } from './programs.ts';
import { spreadOf } from './side-by-side.ts';
import { about, found, note, progress, sizeOr } from './tell.ts';

/** What a process may hold of 20,000 descriptors, and of the 28,000 local ports to one endpoint. */
const MOST_EACH = 15_000;
const PAUSE_SECONDS = 5;
/** Compiles both sides, and has them ask for the memory that they always need. */
const FEW = 500;
const DEADLINE_MICROS = 180e6;

const sessions = sizeOr(MOST_EACH);
const pairs = Math.ceil(sessions / MOST_EACH);
const each = Math.ceil(sessions / pairs);
about(
  `${(each * pairs).toLocaleString('en')} sessions held open over ${pairs} driver and ${pairs} ISP processes, each session saying NOOP every ${PAUSE_SECONDS} s: how much the resident memory of a process grew for each of its sessions (Node's heap included, the kernel's sockets not) after ${FEW} sessions were opened and closed.`,
);
for (const tls of ['none', 'starttls'] as const) {
  const name = tls === 'none' ? 'plain' : 'STARTTLS';
  progress(`sessions: ${name}`);
  const sides = await Promise.all(
    Array.from({ length: pairs }, async () => ({ isp: await IspSide.start(), driver: new DriverSide() })),
  );
  const hold = async (count: number): Promise<number> => {
    const begin = monotonicMicros();
    for (const { isp, driver } of sides) driver.begin(holdPlan(isp.port, count, PAUSE_SECONDS, tls));
    await all((counters) => counters.connections === count);
    return (monotonicMicros() - begin) / 1e6;
  };
  const all = async (holds: (counters: DriverCounters) => boolean): Promise<DriverCounters[]> => {
    const deadline = monotonicMicros() + DEADLINE_MICROS;
    for (;;) {
      const counters = await Promise.all(sides.map(({ driver }) => driver.counters()));
      if (counters.every((one) => holds(one))) return counters;
      if (monotonicMicros() > deadline) throw new Error(`too late: ${JSON.stringify(counters)}`);
      await sleepMs(100);
    }
  };
  const resident = (): [sinks: number[], drivers: number[]] => [
    sides.map(({ isp }) => residentOf(isp.worker)),
    sides.map(({ driver }) => residentOf(driver.pid)),
  ];

  await hold(FEW);
  await Promise.all(sides.map(({ driver }) => driver.end()));
  const [sinksBefore, driversBefore] = resident();
  const seconds = await hold(each);
  // A session that said NOOP after all were open, and had no answer, would be given up by now.
  await sleepMs((PAUSE_SECONDS + NOOP_TIMEOUT_SECONDS + 1) * 1000);
  const counters = await all(() => true);
  const open = counters.reduce((total, { connections }) => total + connections, 0);
  const [sinks, drivers] = resident();
  const grown = (now: number[], before: number[]) =>
    spreadOf(now.map((bytes, index) => (bytes - (before[index] as number)) / each / 1000));
  const unit = 'KB a session';
  found({ what: `${name}: ISP`, unit, ...asks(tls), ours: grown(sinks, sinksBefore) });
  found({ what: `${name}: driver`, unit, better: 'none', ours: grown(drivers, driversBefore) });
  found({
    what: `${name}: opened`,
    unit: 'sessions/s',
    better: 'none',
    ours: spreadOf([(each * pairs) / seconds]),
  });
  const lost = each * pairs - open;
  const failed = counters.reduce((total, one) => total + one.failed, 0);
  const noops = counters.reduce((total, one) => total + one.noops, 0);
  note(
    `${name}: ${lost} sessions dropped; ${noops.toLocaleString('en')} NOOPs answered with 250, ${failed} not (none may take ${NOOP_TIMEOUT_SECONDS} s)`,
  );
  await Promise.all(sides.map(({ driver }) => driver.end()));
  await Promise.all(sides.flatMap(({ isp, driver }) => [isp.stop(), driver.stop()]));
}
process.exit(0);

/** DESIGN.md has a bar for plain sessions; those with TLS are measured. */
function asks(tls: 'none' | 'starttls') {
  return tls === 'none' ? ({ better: 'less', bar: 20, goal: 10 } as const) : ({ better: 'less' } as const);
}
