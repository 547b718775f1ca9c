/**
 * Entry of the process that takes the connections of one ISP for several workers. Each client has its worker, so that
 * what is counted for it is counted in one place; what spans clients is owned here. To the lab it is as a worker that
 * serves the ISP alone.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { AuthenticationCounts } from '../../../fakes/isp/authenticator.ts';
import { listenOn } from '../../../fakes/isp/engine.ts';
import { IspOwner } from '../../../fakes/isp/isp-owner.ts';
import { clientOf } from '../../../fakes/isp/networks.ts';
import { after, every, type Micros, monotonicMicros } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { exit, parentChannel } from '../../core/process.ts';
import { measureSelf } from '../../core/self-measure.ts';
import { NONE16 } from '../../record/attempt-log.ts';
import { type RecordBatch, Reporter } from '../../record/reporter.ts';
import type { FromIspPart, FromIspWorker, ToIspPart, ToIspWorker } from '../messages.ts';
import { recordSelf } from '../self-samples.ts';
import { Worker } from '../workers.ts';
import { ClientPlaces } from './client-places.ts';
import { HandOver } from './hand-over.ts';
import { creditStretch, LINES, SourceSamples } from './samples.ts';

const ISP_WORKER = new URL('./worker.js', import.meta.url);
const FLUSH_MS = 100;
const SAMPLE_MS = 1000;
/** How often units are given out that came in while workers wait for some. */
const TICK_MS = 5;

type Order = Extract<ToIspWorker, { type: 'open' }>;
type Sampled = Extract<FromIspPart, { type: 'sampled' }>;
type IspPartWorker = Worker<ToIspWorker | ToIspPart, FromIspWorker | FromIspPart>;

const channel = parentChannel<FromIspWorker, ToIspWorker>();
/** Whom the lab's next acknowledgement is for. */
const acknowledged: (() => void)[] = [];
const reporter = new Reporter((batch) => relay(batch, () => reporter.acknowledged()));
let epoch: Micros = monotonicMicros();
const now = (): Micros => monotonicMicros() - epoch;
let split: SplitIsp | undefined;

channel.onDisconnect(() => exit(0));
channel.onMessage((message) => {
  switch (message.type) {
    case 'open':
      open(message).catch(fail);
      return;
    case 'start':
      epoch = message.epoch;
      split?.start(message);
      return;
    case 'listening':
      split?.setListening(message.address, message.listening).catch(fail);
      return;
    case 'reaching':
      split?.passOn(message);
      return;
    case 'ack':
      acknowledged.shift()?.();
      return;
    case 'stop':
      split?.stop().catch(fail);
      return;
  }
});

async function open(order: Order): Promise<void> {
  split = new SplitIsp(order);
  channel.send({ type: 'opened', endpoints: [await split.open()] });
}

function relay(batch: RecordBatch, then: () => void): void {
  acknowledged.push(then);
  channel.send(batch);
}

function fail(error: unknown): void {
  channel.flush({ type: 'failed', message: messageOf(error) }).then(() => exit(1));
}

/** An ISP, its workers, and what they share. */
class SplitIsp {
  readonly #order: Order;
  readonly #isp: Order['isps'][number];
  /** Of the sources, by address. */
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #owner: IspOwner;
  readonly #places: ClientPlaces;
  readonly #workers: readonly IspPartWorker[];
  readonly #handOvers: readonly HandOver[];
  /** By place; undefined: it is down. */
  #servers: (Server | undefined)[] = [];
  #endpoints: { address: string; port: number }[] = [];
  readonly #domainSamples: SourceSamples;
  #cancelTick: () => void = () => {};
  #samples: { at: Micros; parts: Map<number, Sampled> } = { at: 0, parts: new Map() };
  #stopping = false;

  constructor(order: Order) {
    const [isp] = order.isps;
    if (!isp || order.isps.length > 1) throw new Error('one ISP was expected');
    this.#order = order;
    this.#isp = isp;
    this.#indexOf = new Map(order.sources.map((address, index) => [address, index]));
    this.#domainSamples = new SourceSamples(reporter.events, isp.index);
    this.#owner = new IspOwner(isp.resolved, order.workers);
    this.#places = new ClientPlaces(
      order.sources.map((address, index) => clientOf(order.zones.sources[index]?.address ?? address)),
      order.workers,
    );
    this.#workers = Array.from({ length: order.workers }, (_, part) => this.#startWorker(part));
    this.#handOvers = this.#workers.map((worker) => new HandOver(worker));
  }

  /** Opens the workers, then listens; returns where. */
  async open(): Promise<{ address: string; port: number }[]> {
    await Promise.all(
      this.#workers.map((worker, part) => {
        const { parts } = this.#places;
        worker.send({
          type: 'join',
          order: { ...this.#order, worker: this.#order.worker + 1 + part, workers: 0 },
          part: { part, parts },
          own: this.#places.sourcesOf(part),
        });
        return worker.expect('opened');
      }),
    );
    for (const { address, port } of this.#isp.listen) {
      const place = this.#servers.length;
      const server = await this.#listen(place, address, port);
      this.#servers.push(server);
      const bound = server.address();
      this.#endpoints.push(
        bound && typeof bound === 'object' ? { address, port: bound.port } : { address, port },
      );
    }
    return this.#endpoints;
  }

  /** Passes a message on to all workers. */
  passOn(message: ToIspWorker): void {
    for (const worker of this.#workers) worker.send(message);
  }

  start(message: Extract<ToIspWorker, { type: 'start' }>): void {
    this.passOn(message);
    every(FLUSH_MS, () => reporter.flush());
    const measure = measureSelf();
    every(SAMPLE_MS, () => {
      const at = now();
      this.#samples = { at, parts: new Map() };
      for (const one of this.#workers) one.send({ type: 'sample', at });
      recordSelf(reporter.events, at, this.#order.worker, measure());
    });
  }

  async setListening(address: string, listening: boolean): Promise<void> {
    for (const [place, endpoint] of this.#endpoints.entries()) {
      const server = this.#servers[place];
      if (endpoint.address !== address || listening === (server !== undefined)) continue;
      if (server) {
        this.#servers[place] = undefined;
        // Its end is not waited for: Node reports it when the last connection that came by it is gone.
        server.close();
        for (const handOver of this.#handOvers) handOver.drop(place);
      }
      this.passOn({ type: 'listening', address, listening });
      if (listening) this.#servers[place] = await this.#listen(place, address, endpoint.port);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelTick();
    for (const server of this.#servers) server?.close();
    for (const handOver of this.#handOvers) handOver.drop();
    const stopped = await Promise.all(
      this.#workers.map((worker) => {
        worker.send({ type: 'stop' });
        return worker.expect('stopped');
      }),
    );
    reporter.flush(true);
    const counts = stopped.flatMap(({ authentication }) => authentication.map((one) => one.counts));
    const authentication = counts.length === 0 ? [] : [{ isp: this.#isp.index, counts: sumOf(counts) }];
    await channel.flush({ type: 'stopped', authentication });
    exit(0);
  }

  async #listen(place: number, address: string, port: number): Promise<Server> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#take(socket, place),
    );
    await listenOn(server, { address, port });
    return server;
  }

  #take(socket: Socket, place: number): void {
    const { remoteAddress } = socket;
    // A client that is gone already has no address.
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const source = this.#indexOf.get(remoteAddress) ?? NONE16;
    const address = this.#order.zones.sources[source]?.address ?? remoteAddress;
    this.#owner.connected(source, address);
    this.#handOvers[this.#places.partOf(clientOf(address))]?.take(socket, place);
  }

  #startWorker(part: number): IspPartWorker {
    const worker: IspPartWorker = new Worker(
      `${this.#isp.resolved.id} ${part + 1}`,
      ISP_WORKER,
      (argv) => argv,
      (message) => {
        if (message.type === 'part') this.#hear(part, message.report);
        else if (message.type === 'sampled') this.#sampled(part, message);
        else if (message.type === 'statistics') channel.send({ ...message, part });
        else if (message.type === 'dialogue') channel.send(message);
        else if (message.type === 'records') relay(message, () => worker.send({ type: 'ack' }));
      },
    );
    worker.failed.then((error) => {
      if (!this.#stopping) fail(error);
    });
    return worker;
  }

  #hear(part: number, report: Extract<FromIspPart, { type: 'part' }>['report']): void {
    this.#owner.report(part, report, now());
    this.#tell();
  }

  #tell(): void {
    this.#owner.news().forEach((news, part) => {
      if (news) this.#workers[part]?.send({ type: 'news', news });
    });
    this.#cancelTick();
    const until = this.#owner.pending ? TICK_MS : Math.max(TICK_MS, (this.#owner.changes - now()) / 1e3);
    // Nothing else must happen while nobody waits and no rule changes; a timer holds no more than this anyway.
    this.#cancelTick = after(Math.min(Math.ceil(until), 0x7fffffff), () => {
      this.#owner.tick(now());
      this.#tell();
    });
  }

  /** When all workers have answered, what they said makes a sample of the ISP. */
  #sampled(part: number, sampled: Sampled): void {
    const { at, parts } = this.#samples;
    if (sampled.at !== at) return;
    parts.set(part, sampled);
    if (parts.size < this.#workers.length) return;
    const { index: isp } = this.#isp;
    const open = [...parts.values()].reduce((sum, { connections }) => sum + connections, 0);
    reporter.events.sample({ at, name: 'connections_open', value: open, isp });
    const sources = this.#order.sources.map((_, source) => source);
    const each = (what: 'allowed' | 'unpunished' | 'credit'): number[] => {
      const values = sources.map(() => 0);
      for (const [one, said] of parts)
        this.#places.sourcesOf(one).forEach((source, i) => {
          values[source] = said[what][i] ?? 0;
        });
      return values;
    };
    const moment = now();
    for (const [name, line] of LINES) {
      const value = this.#owner.allowance(sources, moment, line, each(line));
      reporter.events.sample({ at, name, value, isp });
    }
    const senders = this.#order.zones.senders.map(({ domain }) => domain);
    this.#domainSamples.recordDomains(at, this.#owner.domainScores(moment), senders);
    const { credit } = this.#owner;
    credit.note(moment);
    const { from, to } = creditStretch(at);
    const value = credit.inAll(sources, from, to, each('credit'));
    if (to > from) reporter.events.sample({ at: to, name: 'credit', value, isp });
  }
}

function sumOf(all: readonly AuthenticationCounts[]): AuthenticationCounts {
  const byRule: Record<string, number> = {};
  for (const { byRule: one } of all)
    for (const [rule, count] of Object.entries(one)) byRule[rule] = (byRule[rule] ?? 0) + count;
  const total = (of: (counts: AuthenticationCounts) => number): number =>
    all.reduce((sum, counts) => sum + of(counts), 0);
  return {
    checked: total((one) => one.checked),
    passed: total((one) => one.passed),
    unread: total((one) => one.unread),
    byRule,
  };
}
