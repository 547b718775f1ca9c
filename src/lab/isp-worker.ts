/** Entry of the process that owns simulated ISPs: their addresses, their limits, and the records of what they saw. */

import { createLabResolver } from '../../fakes/isp/lab-resolver.ts';
import { type Sink, startSink } from '../../fakes/isp/sink.ts';
import { buildZones } from '../../fakes/zones.ts';
import { every, type Micros, monotonicMicros } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { createPrng } from '../core/prng.ts';
import { exit, parentChannel } from '../core/process.ts';
import { measureSelf } from '../core/self-measure.ts';
import { NONE16 } from '../record/attempt-log.ts';
import { Reporter } from '../record/reporter.ts';
import type { FromIspWorker, ToIspWorker } from './messages.ts';
import { recordingObserver } from './recording-observer.ts';

const FLUSH_MS = 100;
const SAMPLE_MS = 1000;

const channel = parentChannel<FromIspWorker, ToIspWorker>();
const reporter = new Reporter((batch) => channel.send(batch));
/** The run's clock; it starts when the load does. Until then nothing talks to an ISP. */
let epoch: Micros = monotonicMicros();
const clock = { now: () => monotonicMicros() - epoch };
const sinks: { index: number; sink: Sink }[] = [];
let sources: readonly number[] = [];
/** This process's place among the run's workers. */
let worker = 0;

channel.onDisconnect(() => exit(0));
channel.onMessage((message) => {
  switch (message.type) {
    case 'open':
      open(message).catch(fail);
      return;
    case 'start':
      epoch = message.epoch;
      begin();
      return;
    case 'listening':
      for (const { sink } of sinks) sink.setListening(message.address, message.listening).catch(fail);
      return;
    case 'ack':
      reporter.acknowledged();
      return;
    case 'stop':
      stop().catch(fail);
      return;
  }
});

async function open(order: Extract<ToIspWorker, { type: 'open' }>): Promise<void> {
  const { isps, seed, sources: addresses, zones } = order;
  worker = order.worker;
  const resolver = createLabResolver(buildZones(zones));
  sources = addresses.map((_, index) => index);
  const indexOf = new Map(addresses.map((address, index) => [address, index]));
  const prng = createPrng(seed);
  const endpoints: { address: string; port: number }[][] = [];
  for (const { index, resolved, listen, certificates, replyOffset } of isps) {
    const sink = await startSink({
      isp: resolved,
      listen,
      certificates,
      clock,
      prng,
      observer: recordingObserver(reporter.events, index, replyOffset),
      sourceOf: (address) => indexOf.get(address) ?? NONE16,
      resolver,
      simulatedAddress: (address) => zones.sources[indexOf.get(address) ?? NONE16]?.address,
    });
    sinks.push({ index, sink });
    endpoints.push([...sink.addresses]);
  }
  channel.send({ type: 'opened', endpoints });
}

function begin(): void {
  every(FLUSH_MS, () => reporter.flush());
  const measure = measureSelf();
  every(SAMPLE_MS, () => {
    const at = clock.now();
    for (const { index, sink } of sinks) sampleIsp(at, index, sink);
    const { loopDelay, cpu, resident } = measure();
    reporter.events.sample({ at, name: 'loop_delay', value: loopDelay, worker });
    reporter.events.sample({ at, name: 'cpu', value: cpu, worker });
    reporter.events.sample({ at, name: 'resident', value: resident, worker });
  });
}

function sampleIsp(at: Micros, isp: number, sink: Sink): void {
  const { events } = reporter;
  events.sample({ at, name: 'connections_open', value: sink.openConnections(), isp });
  for (const [name, line] of [
    ['allowance', 'allowed'],
    ['allowance_unpunished', 'unpunished'],
  ] as const) {
    events.sample({ at, name, value: sink.allowance(sources, at, line), isp });
    for (const source of sources)
      events.sample({ at, name, value: sink.sustained(source, at, line), isp, source });
  }
}

async function stop(): Promise<void> {
  for (const { sink } of sinks) await sink.stop();
  reporter.flush(true);
  const authentication = sinks.flatMap(({ index, sink }) => {
    const counts = sink.authentication();
    return counts ? [{ isp: index, counts }] : [];
  });
  await channel.flush({ type: 'stopped', authentication });
  exit(0);
}

function fail(error: unknown): void {
  channel.flush({ type: 'failed', message: messageOf(error) }).then(() => exit(1));
}
