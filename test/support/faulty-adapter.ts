import { join } from 'node:path';
import { nodeBinary } from '../../src/core/process.ts';
import type { MtaAdapter, MtaHost, MtaProcess, QueuedRecipient } from '../../src/mta/adapter.ts';
import type { Endpoint } from './courier.ts';
import { type Amnesia, type FaultyMta, type FaultyMtaOptions, startFaultyMta } from './faulty-mta.ts';
import { fixedRetry } from './pacing.ts';

/** What a run does not say of its MTA. */
export interface FaultyAdapterOptions
  extends Partial<
    Pick<FaultyMtaOptions, 'faults' | 'pace' | 'attempts' | 'connections' | 'restMs' | 'list'>
  > {
  /** What it says of its queue; default: the truth. */
  readonly queueDepth?: (mta: FaultyMta) => number;
  /** Is handed the MTA once it runs. */
  readonly started?: (mta: FaultyMta) => void;
  /** What it has lost of its queue after it was killed; default: nothing. */
  readonly amnesia?: Amnesia;
  /** Is handed what the queue held when it was killed. */
  readonly crashed?: (held: readonly QueuedRecipient[]) => void;
  /** What its log tells; default: it has none. */
  readonly events?: MtaAdapter['events'];
}

/**
 * The faulty MTA behind the adapter interface, as any MTA under test, in this process and without a seal. As it comes it
 * has no faults, and gives up after three attempts, a tenth of a second apart.
 */
export function faultyAdapter({
  queueDepth,
  started,
  amnesia = { forgets: 0, repeats: 0 },
  crashed,
  events,
  ...options
}: FaultyAdapterOptions = {}): MtaAdapter {
  return {
    name: 'faulty',
    capabilities: {
      queue: 'list',
      dsn: 'always',
      needs: 'any',
      queueFolder: undefined,
      submission: { tls: [], auth: [], authInClear: 'nobody' },
      noSeal: { works: true, reason: '' },
      timers: [],
    },
    version: () => Promise.resolve('faulty'),
    config: () => [],
    ...(events && { events }),
    async start({ routes = {}, sources, folder }, host) {
      const routeOf = (domain: string): Endpoint => {
        const route = routes[domain];
        if (!route) throw new Error(`no route to ${domain}`);
        return route;
      };
      const mta = await startFaultyMta({
        faults: { drop: () => false, duplicate: () => false, forgetDsn: () => false },
        pace: () => fixedRetry(100),
        attempts: 3,
        connections: 8,
        ...options,
        listen: { address: '127.0.0.1', port: 0 },
        route: routeOf,
        mailroom: routeOf('news.sender.test'),
        sources: sources.map(({ address }) => address),
      });
      started?.(mta);
      let crash: Promise<void> | undefined;
      let stopped = false;
      const live = (): MtaProcess => {
        const body = startBody(host, folder);
        body.exited.then(() => {
          if (!stopped) crash = mta.crash().then((held) => crashed?.(held));
        });
        return body;
      };
      let body = live();
      return {
        submission: [{ ...mta.submission, implicitTls: false }],
        queueDepth: () => Promise.resolve(queueDepth?.(mta) ?? mta.listQueue().length),
        listQueue: () => Promise.resolve(mta.listQueue()),
        async restart() {
          await crash;
          await mta.restart(amnesia);
          body = live();
        },
        async stop() {
          stopped = true;
          await mta.stop();
          await body.kill();
        },
      };
    },
  };
}

/** A program that does nothing, so that there is something to kill: its end is the MTA's. */
function startBody(host: MtaHost, folder: string): MtaProcess {
  const argv = [nodeBinary, '-e', 'setInterval(() => {}, 1e6)'];
  return host.spawn(argv, { name: 'the faulty MTA', cwd: folder, logFile: join(folder, 'faulty.log') });
}
