/** Entry of the process that drives the load. It runs where the MTA runs, and proves that it can't reach beyond. */
import { every, type Micros, realClock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { cpuMicros, exit, leaveInterruptToParent, parentChannel } from '../../core/process.ts';
import { type LabProof, loopbackOnly, namedByUser } from '../../core/proof.ts';
import { measureSelf } from '../../core/self-measure.ts';
import { type Driver, type DriverPlan, startDriver } from '../../driver/driver.ts';
import { Reporter } from '../../record/reporter.ts';
import { proveSealed } from '../ground/seal.ts';
import type { DriverGround, FromDriver, ToDriver } from '../messages.ts';
import { recordSelf } from '../self-samples.ts';

const FLUSH_MS = 100;
const SAMPLE_MS = 1000;

const channel = parentChannel<FromDriver, ToDriver>();
const reporter = new Reporter((batch) => channel.send(batch));
let prepared: { plan: DriverPlan; ground: DriverGround; worker: number } | undefined;
let driver: Driver | undefined;
let stopped = false;

leaveInterruptToParent();
channel.onDisconnect(() => exit(0));
channel.onMessage((message) => {
  switch (message.type) {
    case 'prepare':
      prepared = message;
      channel.send({ type: 'prepared' });
      return;
    case 'start':
      drive(message.epoch).catch((error: unknown) => {
        channel.flush({ type: 'failed', message: messageOf(error) }).then(() => exit(1));
      });
      return;
    case 'ack':
      reporter.acknowledged();
      return;
    case 'follow-ups':
      driver?.followUp(message.orders);
      return;
    case 'stop':
      stopped = true;
      driver?.stop();
      return;
  }
});

async function drive(epoch: Micros): Promise<void> {
  if (!prepared) throw new Error('told to start before a plan came');
  const { worker, ground } = prepared;
  const clock = realClock(epoch);
  driver = await startDriver(prepared.plan, clock, reporter.injections, proofOf(ground));
  const running = driver;
  if (stopped) running.stop();
  const count = (): void => {
    const trouble = running.trouble();
    channel.send({ type: 'counters', counters: running.counters(), cpu: cpuMicros(), trouble });
  };
  const tell = (): void => {
    reporter.flush();
    count();
  };
  const measure = measureSelf();
  const sample = (): void => {
    const at = clock.now();
    recordSelf(reporter.events, at, worker, measure());
    const { late, connections } = running.counters();
    reporter.events.sample({ at, name: 'late', value: late, worker });
    reporter.events.sample({ at, name: 'injection_connections', value: connections, worker });
  };
  const stops = [every(FLUSH_MS, tell), every(SAMPLE_MS, sample)];
  await running.finished;
  for (const stop of stops) stop();
  sample();
  reporter.flush(true);
  count();
  await channel.flush({ type: 'finished' });
  exit(0);
}

function proofOf(ground: DriverGround): LabProof {
  if (ground === 'sealed') return proveSealed();
  return ground === 'loopback' ? loopbackOnly() : namedByUser(ground.named);
}
