/** Scenarios for the benches. */
import { loadProfile } from '../../fakes/isp/profile.ts';

/** Far beyond what any driver reaches. */
const OUT_OF_REACH = {
  bucket: { rate: '1000000000/s', burst: 1_000_000_000 },
  window: { count: 1_000_000_000 },
  concurrency: { max: 1_000_000_000 },
} as const;

/** What a bench asks of its one ISP. */
export interface OneIsp {
  /** Default: gmail. */
  readonly isp?: string;
  /** Default: none, the driver speaks to the ISP. */
  readonly adapter?: string;
  /** Keys of the load that are not as here: 20 connections that share the iterations. */
  readonly load: Readonly<Record<string, unknown>>;
}

/**
 * A scenario of one ISP that takes all that comes, under its full policy: limits are counted, and never reached. JSON,
 * which YAML includes.
 */
export function oneIsp({ isp = 'gmail', adapter = 'none', load }: OneIsp): string {
  const lifted = Object.entries(loadProfile(isp).limits).map(([name, { kind }]) => [
    name,
    OUT_OF_REACH[kind],
  ]);
  return JSON.stringify({
    name: 'bench',
    seed: 1,
    mta: { adapter },
    isps: {
      [isp]: { limits: Object.fromEntries(lifted), mailboxes: { unknown: 0, full: 0, disabled: 0 } },
    },
    load: { executor: 'shared-iterations', vus: 20, maxDuration: '1h', ...load },
  });
}
