/** An ISP in processes of its own, as a run has it: one, or several workers behind an acceptor. */
import { issueCertificates } from '../../fakes/isp/certificates.ts';
import type { ResolvedIsp } from '../../fakes/isp/resolve.ts';
import { createAuthority } from '../../fakes/tls.ts';
import { monotonicMicros, sleepMs } from '../../src/core/clock.ts';
import { IspProcesses, type IspWorker } from '../../src/lab/isps/processes.ts';
import { Worker } from '../../src/lab/workers.ts';
import { Kind, RecordView, SAMPLES, TRANSACTION_OUTCOMES } from '../../src/record/attempt-log.ts';

/** What became of transactions, by source. */
export type Outcomes = Record<string, Partial<Record<(typeof TRANSACTION_OUTCOMES)[number], number>>>;

export interface IspInProcesses {
  /** Where it listens. */
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
  readonly processes: IspProcesses;
  /** Numbers of the connections that were opened, as they came. */
  readonly connections: readonly number[];
  /** The last sample of each name, for the ISP as a whole. */
  readonly samples: ReadonlyMap<string, number>;
  /** Ends it and returns what it recorded. */
  stop(): Promise<Outcomes>;
  /** Ends all processes at once. */
  kill(): Promise<void>;
}

/**
 * Starts an ISP on loopback.
 * @param workers processes that serve its connections; 0: the one that listens
 * @param sources addresses that are the run's sources
 * @param listen its addresses
 */
export async function startInProcesses(
  isp: ResolvedIsp,
  workers: number,
  sources: readonly string[],
  listen: readonly string[] = ['127.0.0.1'],
): Promise<IspInProcesses> {
  const outcomes: Outcomes = {};
  const connections: number[] = [];
  const samples = new Map<string, number>();
  const take = (records: Uint8Array): void => {
    const view = new RecordView(records);
    for (view.index = 0; view.index < view.count; view.index++) {
      if (view.kind === Kind.connectionOpened) connections.push(view.connection);
      if (view.kind === Kind.sample && view.isp === 0 && view.source >= sources.length)
        samples.set(SAMPLES[view.outcome] ?? '', view.value);
      const outcome = view.kind === Kind.transaction ? TRANSACTION_OUTCOMES[view.outcome] : undefined;
      if (outcome === undefined) continue;
      outcomes[sources[view.source] ?? 'unknown'] ??= {};
      const counts = outcomes[sources[view.source] ?? 'unknown'] ?? {};
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
  };
  const started: IspWorker[] = [];
  const processes = new IspProcesses([{ isps: [0], workers }], [isp.id], (name, module) => {
    const worker: IspWorker = new Worker(
      name,
      module,
      (argv) => argv,
      (message) => {
        if (message.type !== 'records') return;
        if (message.events) take(message.events);
        worker.send({ type: 'ack' });
      },
    );
    started.push(worker);
    return worker;
  });
  const certificates = await issueCertificates(await createAuthority(), ['mx.isp.test']);
  const [endpoints = []] = await processes.open(
    [
      {
        index: 0,
        resolved: isp,
        listen: listen.map((address) => ({ address, port: 0 })),
        certificates,
        replyOffset: 0,
      },
    ],
    {
      seed: 1,
      sources,
      zones: { isps: [], senders: [], sources: sources.map((address) => ({ address, helo: 'out.s.test' })) },
    },
    1,
  );
  processes.start(monotonicMicros());
  // All that is sampled has heard of the start; until then every process has a clock of its own.
  while (!samples.has('connections_open')) await sleepMs(10);
  const kill = async (): Promise<void> => {
    await Promise.all(started.map((worker) => worker.end(0)));
  };
  return {
    endpoints,
    processes,
    connections,
    samples,
    async stop() {
      await processes.stop();
      return outcomes;
    },
    kill,
  };
}
