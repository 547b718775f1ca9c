import type { MtaAdapter } from '../../src/mta/adapter.ts';
import type { Endpoint } from './courier.ts';
import { type FaultyMta, type FaultyMtaOptions, startFaultyMta } from './faulty-mta.ts';
import { fixedRetry } from './pacing.ts';

/** What a run does not say of its MTA. */
export interface FaultyAdapterOptions
  extends Partial<Pick<FaultyMtaOptions, 'faults' | 'pace' | 'attempts' | 'connections' | 'restMs'>> {
  /** What it says of its queue; default: the truth. */
  readonly queueDepth?: (mta: FaultyMta) => number;
  /** Is handed the MTA once it runs. */
  readonly started?: (mta: FaultyMta) => void;
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
    async start({ routes = {}, sources }) {
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
      return {
        submission: [{ ...mta.submission, implicitTls: false }],
        queueDepth: () => Promise.resolve(queueDepth?.(mta) ?? mta.listQueue().length),
        listQueue: () => Promise.resolve(mta.listQueue()),
        restart: () => Promise.reject(new Error('it is never down')),
        stop: () => mta.stop(),
      };
    },
  };
}
