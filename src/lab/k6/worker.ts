/** Entry of a process that drives loads by k6. It runs where the MTA runs, proves that it can't reach beyond, and starts k6. */
import { availableParallelism } from 'node:os';
import { every, type Micros, monotonicMicros, realClock } from '../../core/clock.ts';
import { HarnessError, messageOf } from '../../core/errors.ts';
import { cpuMicros, exit, leaveInterruptToParent, parentChannel, platform } from '../../core/process.ts';
import { loopbackOnly } from '../../core/proof.ts';
import { measureSelf, type SelfMeasure } from '../../core/self-measure.ts';
import { type K6Driver, K6Engine } from '../../driver/k6/engine.ts';
import { locate } from '../../mta/packages/locate.ts';
import { Reporter } from '../../record/reporter.ts';
import { proveSealed } from '../ground/seal.ts';
import { usageOf } from '../machine/process-tree.ts';
import type { FromK6, ToK6 } from '../messages.ts';
import { recordSelf } from '../self-samples.ts';

const FLUSH_MS = 100;
const SAMPLE_MS = 1000;

const channel = parentChannel<FromK6, ToK6>();
const reporter = new Reporter((batch) => channel.send(batch));
let worker = 0;
let engine: K6Engine | undefined;
let driver: K6Driver | undefined;
let stopped = false;

leaveInterruptToParent();
channel.onDisconnect(() => leave(0));
channel.onMessage((message) => {
  switch (message.type) {
    case 'prepare':
      prepare(message).catch(fail);
      return;
    case 'start':
      drive(message.epoch).catch(fail);
      return;
    case 'ack':
      reporter.acknowledged();
      return;
    case 'stop':
      stopped = true;
      driver?.stop();
      return;
  }
});

async function prepare({ plan, ground, ...place }: Extract<ToK6, { type: 'prepare' }>): Promise<void> {
  worker = place.worker;
  const proof = ground === 'sealed' ? proveSealed() : loopbackOnly();
  engine = await K6Engine.start(plan, proof, endingWithUs());
  const note = await engine.ready();
  channel.send({ type: 'prepared', note });
}

/** What has the kernel end k6 when this process is killed. Elsewhere k6 ends when it writes to a pipe that nobody reads. */
function endingWithUs(): readonly string[] {
  const setpriv = platform === 'linux' ? locate(['setpriv']) : undefined;
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
}

async function drive(epoch: Micros): Promise<void> {
  if (!engine) throw new Error('told to start before a plan came');
  const clock = realClock(epoch);
  driver = engine.drive(clock, reporter.injections);
  const running = driver;
  if (stopped) running.stop();
  const tell = (): void => {
    reporter.flush();
    const trouble = running.trouble();
    channel.send({ type: 'counters', counters: running.counters(), cpu: cpuMicros(), trouble });
  };
  const measure = measureWithK6(engine);
  const sample = (): void => {
    const at = clock.now();
    recordSelf(reporter.events, at, worker, measure());
    channel.send({ type: 'k6-metrics', states: running.metrics() });
  };
  const stops = [every(FLUSH_MS, tell), every(SAMPLE_MS, sample)];
  try {
    await running.finished;
  } finally {
    // What k6 did until it failed counts.
    for (const stop of stops) stop();
    sample();
    reporter.flush(true);
    tell();
  }
  await channel.flush({ type: 'finished' });
  exit(0);
}

/** Measures this process and k6 together. k6 uses all cores, so it is busy when all are: its share counts of all of them. */
function measureWithK6({ pid }: K6Engine): () => SelfMeasure {
  const measure = measureSelf();
  const cores = availableParallelism();
  let before = pid === undefined ? undefined : usageOf(pid);
  let timeBefore = monotonicMicros();
  return () => {
    const own = measure();
    const now = pid === undefined ? undefined : usageOf(pid);
    const time = monotonicMicros();
    const used = now && before ? (now.cpu - before.cpu) / Math.max(1, time - timeBefore) : 0;
    before = now;
    timeBefore = time;
    return {
      ...own,
      cpu: Math.max(own.cpu, used / cores),
      resident: own.resident + (now?.residentBytes ?? 0),
    };
  };
}

function fail(error: unknown): void {
  const expected = error instanceof HarnessError;
  const failure = {
    type: 'failed',
    message: messageOf(error),
    ...(expected && { kind: error.kind, hint: error.hint }),
  } as const;
  channel.flush(failure).then(() => leave(1));
}

/** Ends this process, and k6 before it. */
function leave(code: number): never {
  engine?.kill();
  exit(code);
}
