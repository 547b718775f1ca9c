/** A process that drives what it is told to, and again: one that stays is compiled when it counts. */
import { every, monotonicMicros, realClock } from '../../../src/core/clock.ts';
import { exit, parentChannel } from '../../../src/core/process.ts';
import { loopbackOnly } from '../../../src/core/proof.ts';
import { type Driver, type DriverPlan, startDriver } from '../../../src/driver/driver.ts';
import { type DriverCounters, noCounts } from '../../../src/driver/injections.ts';
import { Packer } from '../../../src/record/attempt-log.ts';

export type ToDriverSide =
  | { readonly type: 'flood'; readonly plan: DriverPlan }
  | { readonly type: 'counters' }
  | { readonly type: 'stop' };

export type FromDriverSide =
  | { readonly type: 'counters'; readonly counters: DriverCounters }
  | { readonly type: 'ended'; readonly seconds: number; readonly counters: DriverCounters };

const FLUSH_MS = 100;

const channel = parentChannel<FromDriverSide, ToDriverSide>();
const packer = new Packer();
let driver: Driver | undefined;

channel.onDisconnect(() => exit(0));
channel.onMessage(async (message) => {
  switch (message.type) {
    case 'flood':
      await flood(message.plan);
      return;
    case 'counters':
      channel.send({ type: 'counters', counters: driver?.counters() ?? noCounts() });
      return;
    case 'stop':
      driver?.stop();
      return;
  }
});

async function flood(plan: DriverPlan): Promise<void> {
  const begin = monotonicMicros();
  driver = await startDriver(plan, realClock(begin), packer, loopbackOnly());
  const stop = every(FLUSH_MS, () => void packer.take());
  await driver.finished;
  const seconds = (monotonicMicros() - begin) / 1e6;
  stop();
  packer.take();
  channel.send({ type: 'ended', seconds, counters: driver.counters() });
}
