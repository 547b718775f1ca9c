/** One simulated ISP on an address of one's own, for whoever wants to talk to it: no MTA, no seal, no record. */
import { issueCertificates } from '../../../fakes/isp/certificates.ts';
import { certifiedNames } from '../../../fakes/isp/hosted.ts';
import { loadProfile } from '../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../fakes/isp/resolve.ts';
import type { IspIncident } from '../../../fakes/isp/resolve-incidents.ts';
import type { IspObserver } from '../../../fakes/isp/session.ts';
import { startSink } from '../../../fakes/isp/sink.ts';
import { createAuthority } from '../../../fakes/tls.ts';
import { monotonicMicros } from '../../core/clock.ts';
import { createPrng } from '../../core/prng.ts';
import { ATTEMPT_OUTCOMES, type AttemptOutcome } from '../../record/attempt-log.ts';
import { openTranscript } from './transcript.ts';

export interface IspServerOptions {
  /** A name in `fakes/`, or the path of a profile. */
  readonly profile: string;
  readonly listen: { readonly address: string; readonly port: number };
  readonly seed: number;
  /** Limits by name, as in a scenario. */
  readonly limits: Readonly<Record<string, unknown>>;
  readonly incidents: readonly IspIncident[];
  /** Keep dialogue and policy, but put every limit out of reach. */
  readonly unlimited: boolean;
  /** A file to write every dialogue to. */
  readonly transcript: string | undefined;
}

/** What an ISP has seen since it was started. */
export interface IspCounters {
  readonly connectionsOpen: number;
  readonly connections: number;
  readonly transactions: number;
  readonly attempts: Readonly<Record<AttemptOutcome, number>>;
}

export interface IspServer {
  readonly address: string;
  readonly port: number;
  counters(): IspCounters;
  stop(): Promise<void>;
}

/**
 * Starts an ISP. Every client's address is a source of its own.
 * @throws HarnessError of kind `invalid-scenario` for a bad profile or limit, of kind `lab` if it can't listen
 */
export async function startIspServer(options: IspServerOptions): Promise<IspServer> {
  const profile = loadProfile(options.profile);
  const isp = resolveIsp(profile, {
    scale: 1,
    overrides: { limits: options.unlimited ? 'unlimited' : options.limits },
    incidents: options.incidents,
  });
  const certificates = await issueCertificates(await createAuthority(), certifiedNames(isp.mx));
  const transcript = options.transcript === undefined ? undefined : await openTranscript(options.transcript);
  const started = monotonicMicros();
  const sources = new Map<string, number>();
  const attempts = Object.fromEntries(ATTEMPT_OUTCOMES.map((outcome) => [outcome, 0])) as Record<
    AttemptOutcome,
    number
  >;
  let connections = 0;
  let transactions = 0;
  const observer: IspObserver = {
    connectionOpened: () => {
      connections++;
    },
    connectionClosed: () => {},
    replyLost: () => {},
    attempt: ({ outcome }) => {
      attempts[outcome]++;
    },
    transaction: () => {
      transactions++;
    },
  };
  const sink = await startSink({
    isp,
    listen: [options.listen],
    clock: { now: () => monotonicMicros() - started },
    prng: createPrng(options.seed),
    observer,
    certificates,
    tap: transcript?.tap,
    sourceOf(address) {
      const known = sources.get(address) ?? sources.size;
      sources.set(address, known);
      return known;
    },
  });
  const { address, port } = sink.addresses[0] ?? options.listen;
  return {
    address,
    port,
    counters: () => ({
      connectionsOpen: sink.openConnections(),
      connections,
      transactions,
      attempts: { ...attempts },
    }),
    async stop() {
      await sink.stop();
      await transcript?.close();
    },
  };
}
