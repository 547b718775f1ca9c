/**
 * Entry of a process that serves simulated ISPs: their addresses, their limits, and the records of what they saw. Or of
 * one of several workers of a single ISP, which another process gives the connections (acceptor.ts).
 */

import type { Desk } from '../../../fakes/feedback/desk.ts';
import { StatisticsCounter } from '../../../fakes/feedback/statistics-counter.ts';
import { createLabResolver } from '../../../fakes/isp/lab-resolver.ts';
import type { ResolvedIsp } from '../../../fakes/isp/resolve.ts';
import { type Sink, startSink } from '../../../fakes/isp/sink.ts';
import { buildZones } from '../../../fakes/zones.ts';
import { after, every, type Micros, monotonicMicros } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { createPrng, type Prng } from '../../core/prng.ts';
import { exit, parentChannel } from '../../core/process.ts';
import { loopbackOnly } from '../../core/proof.ts';
import { measureSelf } from '../../core/self-measure.ts';
import { NONE16 } from '../../record/attempt-log.ts';
import { Reporter } from '../../record/reporter.ts';
import { proveSealed } from '../ground/seal.ts';
import type { FromIspPart, FromIspWorker, ToIspPart, ToIspWorker } from '../messages.ts';
import { recordSelf } from '../self-samples.ts';
import { DialogueSampler } from './dialogue-sampler.ts';
import { openDesk } from './feedback-desk.ts';
import { recordingObserver } from './recording-observer.ts';
import { creditStretch, LINES, SourceSamples } from './samples.ts';

const FLUSH_MS = 100;
const SAMPLE_MS = 1000;

/** What others should know waits so long, to go with what comes next. */
const REPORT_MS = 2;

type Order = Extract<ToIspWorker, { type: 'open' }>;
type Start = Extract<ToIspWorker, { type: 'start' }>;
type Join = Extract<ToIspPart, { type: 'join' }>;

const channel = parentChannel<FromIspWorker | FromIspPart, ToIspWorker | ToIspPart>();
const reporter = new Reporter((batch) => channel.send(batch));
/** The run's clock; it starts when the load does. Until then nothing talks to an ISP. */
let epoch: Micros = monotonicMicros();
const clock = { now: () => monotonicMicros() - epoch };
const sinks: {
  index: number;
  resolved: ResolvedIsp;
  own: readonly string[];
  sink: Sink;
  statistics: StatisticsCounter | undefined;
}[] = [];
/** By ISP, of those from which anything comes back; opened when the load begins. */
const desks = new Map<number, Desk>();
/** By ISP. */
const sourceSamples = new Map<number, SourceSamples>();
let sources: readonly number[] = [];
/** Domains of the plan's senders. */
let senders: readonly string[] = [];
let prng: Prng = createPrng(0);
/** Whether another process takes the connections, and asks for the samples. */
let joined = false;
/** This process's place among the run's workers. */
let worker = 0;

channel.onDisconnect(() => exit(0));
channel.onMessage((message, socket) => {
  const [first] = sinks;
  switch (message.type) {
    case 'open':
      open(message).catch(fail);
      return;
    case 'join':
      open(message.order, message).catch(fail);
      return;
    case 'connection':
      // Without a socket: it was gone before it came.
      if (first && socket) first.sink.adopt(socket, message.place);
      return;
    case 'news':
      first?.sink.part?.hear(message.news, clock.now());
      return;
    case 'sample':
      if (first) samplePart(message.at, first.index, first.sink);
      return;
    case 'start':
      epoch = message.epoch;
      try {
        if (message.back) openDesks(message.back);
        begin();
      } catch (error) {
        fail(error);
      }
      return;
    case 'listening':
      for (const { sink } of sinks) sink.setListening(message.address, message.listening).catch(fail);
      return;
    case 'reaching':
      for (const { sink } of sinks) sink.setReaching(message.address, message.reaches);
      return;
    case 'ack':
      reporter.acknowledged();
      return;
    case 'stop':
      stop().catch(fail);
      return;
  }
});

async function open(order: Order, join?: Join): Promise<void> {
  const { isps, seed, sources: addresses, zones } = order;
  worker = order.worker;
  const resolver = createLabResolver(buildZones(zones));
  sources = join?.own ?? addresses.map((_, index) => index);
  senders = zones.senders.map(({ domain }) => domain);
  joined = join !== undefined;
  const indexOf = new Map(addresses.map((address, index) => [address, index]));
  const simulated = (address: string): string | undefined =>
    zones.sources[indexOf.get(address) ?? NONE16]?.address;
  prng = createPrng(seed);
  const endpoints: { address: string; port: number }[][] = [];
  for (const { index, resolved, listen, certificates, replyOffset } of isps) {
    const sampler = new DialogueSampler(
      resolved,
      clock.now,
      (address) => simulated(address) ?? address,
      (dialogue) => channel.send({ type: 'dialogue', dialogue }),
    );
    const statistics = resolved.feedback ? new StatisticsCounter(resolved.feedback) : undefined;
    const recorded = recordingObserver(reporter.events, index, replyOffset);
    const sink = await startSink({
      isp: resolved,
      listen,
      certificates,
      clock,
      prng,
      observer: sampler.watching(statistics?.watching(recorded) ?? recorded),
      tap: sampler.tap,
      sourceOf: (address) => indexOf.get(address) ?? NONE16,
      resolver,
      part: join && { ...join.part, onNews: () => void after(REPORT_MS, report) },
      simulatedAddress: simulated,
      onAccepted: resolved.feedback ? (message) => desks.get(index)?.accepted(message) : undefined,
    });
    const own = listen.map(({ address }) => address);
    sinks.push({ index, resolved, own, sink, statistics });
    endpoints.push([...sink.addresses]);
  }
  channel.send({ type: 'opened', endpoints });
}

function openDesks({ lab, ...path }: NonNullable<Start['back']>): void {
  const proof = lab === 'sealed' ? proveSealed() : loopbackOnly();
  const { events } = reporter;
  for (const { index, resolved: isp, own, sink, statistics } of sinks) {
    const { observe } = sink;
    const watchers = statistics ? [statistics] : [];
    const desk = openDesk({ index, isp, path, proof, own, clock, prng, events, observe, watchers });
    if (desk) desks.set(index, desk);
  }
}

function begin(): void {
  every(FLUSH_MS, () => reporter.flush());
  const measure = measureSelf();
  every(SAMPLE_MS, () => {
    const at = clock.now();
    if (!joined) for (const { index, sink } of sinks) sampleIsp(at, index, sink);
    tellStatistics();
    recordSelf(reporter.events, at, worker, measure());
  });
}

function sampleIsp(at: Micros, isp: number, sink: Sink): void {
  const { events } = reporter;
  const each = sampleSources(at, at, isp, sink);
  sourceSamples.get(isp)?.recordDomains(at, sink.scores(at).domains, senders);
  events.sample({ at, name: 'connections_open', value: sink.openConnections(), isp });
  for (const [name, line] of LINES)
    events.sample({ at, name, value: sink.allowance(sources, at, line, each[line]), isp });
  const { from, to } = creditStretch(at);
  const credit = sink.credit.inAll(sources, from, to, each.credit);
  if (to > from) events.sample({ at: to, name: 'credit', value: credit, isp });
}

/** Samples the sources that are this worker's own, and tells what makes the whole ISP's sample. */
function samplePart(at: Micros, isp: number, sink: Sink): void {
  // The moment at which the question was asked is past, and moments must not go back.
  const each = sampleSources(at, clock.now(), isp, sink);
  channel.send({ type: 'sampled', at, connections: sink.openConnections(), ...each });
}

/** Samples each source: what it is allowed at `now`, recorded at `at`, and what it could have had before. */
function sampleSources(
  at: Micros,
  now: Micros,
  isp: number,
  sink: Sink,
): Record<'allowed' | 'unpunished' | 'credit', readonly number[]> {
  const samples = sourceSamples.get(isp) ?? new SourceSamples(reporter.events, isp);
  sourceSamples.set(isp, samples);
  const each = { allowed: [] as number[], unpunished: [] as number[], credit: [] as number[] };
  for (const [name, line] of LINES) {
    each[line] = sources.map((source) => sink.sustained(source, now, line));
    samples.record(at, name, sources, each[line], sink.hasSeen);
  }
  samples.recordReputation(at, sink.scores(now).sources);
  sink.credit.note(now);
  const { from, to } = creditStretch(at);
  each.credit = sink.credit.ofEach(sources, from, to);
  if (to > from) samples.record(to, 'credit', sources, each.credit, sink.hasSeen);
  return each;
}

/** Sends on what has been counted of senders since the last time. */
function tellStatistics(): void {
  for (const { index, sink, statistics } of sinks) {
    const now = clock.now();
    statistics?.scored(sink.scores(now), now);
    const days = statistics?.changes() ?? [];
    if (days.length > 0) channel.send({ type: 'statistics', isp: index, part: 0, days });
  }
}

function report(): void {
  const part = sinks[0]?.sink.part;
  if (part) channel.send({ type: 'part', report: part.report(clock.now()) });
}

async function stop(): Promise<void> {
  for (const desk of desks.values()) desk.close();
  for (const { sink } of sinks) await sink.stop();
  reporter.flush(true);
  tellStatistics();
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
