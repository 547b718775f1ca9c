import type { MtaAdapter } from '../../src/mta/adapter.ts';
import { type Faults, type FaultyMta, startFaultyMta } from './faulty-mta.ts';

/**
 * The faulty MTA behind the adapter interface, as any MTA under test.
 * @param queueDepth what it says of its queue; default: the truth
 * @param pace how many connections it has to each endpoint, and how long each rests after a delivery
 */
export function faultyAdapter(
  faults: Faults,
  started: (mta: FaultyMta) => void,
  queueDepth = (mta: FaultyMta): number => mta.listQueue().length,
  pace: { readonly connections: number; readonly restMs?: number } = { connections: 8 },
): MtaAdapter {
  return {
    name: 'faulty',
    capabilities: {
      queue: 'list',
      dsn: 'always',
      needs: 'any',
      submission: { tls: [], auth: [], authInClear: 'nobody' },
      noSeal: { works: true, reason: '' },
      timers: [],
    },
    version: () => Promise.resolve('faulty'),
    async start(plan) {
      const routes = plan.routes ?? {};
      const mta = await startFaultyMta({
        listen: { address: '127.0.0.1', port: 0 },
        route: (domain) => {
          const route = routes[domain];
          if (!route) throw new Error(`no route to ${domain}`);
          return route;
        },
        mailroom: routes['news.sender.test'] as { address: string; port: number },
        faults,
        retryMs: 100,
        attempts: 3,
        ...pace,
      });
      started(mta);
      return {
        submission: [{ ...mta.submission, implicitTls: false }],
        exited: new Promise<string>(() => {}),
        queueDepth: () => Promise.resolve(queueDepth(mta)),
        listQueue: () => Promise.resolve(mta.listQueue()),
        stop: () => mta.stop(),
      };
    },
  };
}
