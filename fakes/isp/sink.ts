/**
 * An ISP that listens: one process owns it, all its MX addresses and its state. Or one of several workers of an ISP,
 * to which another process hands the connections of the clients that are its own.
 */
import type { Socket } from 'node:net';
import { type Micros, wallClock } from '../../src/core/clock.ts';
import type { Prng } from '../../src/core/prng.ts';
import type { AcceptedMessage } from '../feedback/accepted.ts';
import { allowance, type Line, sustained } from './allowance.ts';
import { type AuthenticationCounts, Authenticator } from './authenticator.ts';
import type { Certificates } from './certificates.ts';
import { prepareChecks } from './check-message.ts';
import { CreditMeter } from './credit-meter.ts';
import type { Engine, EngineOptions, Tap } from './engine.ts';
import { FaultySession } from './faulty-session.ts';
import { IspPart } from './isp-part.ts';
import { IspSession } from './isp-session.ts';
import type { LabResolver } from './lab-resolver.ts';
import type { Part } from './leases.ts';
import { startNativeEngine } from './native-engine.ts';
import { clientOf, netblockOf } from './networks.ts';
import { type Observation, observe } from './policy.ts';
import type { EngineName } from './protocol.ts';
import { createRenderer } from './render.ts';
import type { ResolvedIsp } from './resolve.ts';
import { type Scores, scoresOf } from './scores.ts';
import type { IspObserver, Peer, Session } from './session.ts';
import { SlowSession } from './slow-session.ts';
import { createState } from './state.ts';

/** Stands for every client whose address is not one of the run's sources. */
export const UNKNOWN_SOURCE = 0xffff;

export interface SinkOptions {
  readonly isp: ResolvedIsp;
  /** Where its mail hosts listen; port 0: a free one. */
  readonly listen: readonly { readonly address: string; readonly port: number }[];
  /** Counts from the beginning of the load, as incidents do. */
  readonly clock: { now(): Micros };
  readonly prng: Prng;
  readonly observer: IspObserver;
  /** The index of a client's address among the run's sources, UNKNOWN_SOURCE if it is none. */
  sourceOf(remoteAddress: string): number;
  /** The time of day that replies tell. */
  wall?(): Date;
  /** For STARTTLS; without them it is not offered. */
  readonly certificates?: Certificates | undefined;
  /** Listens in on a connection, by its number; only where the native engine speaks. */
  readonly tap?: ((remoteAddress: string, connection: number) => Tap | undefined) | undefined;
  /** DNS, to authenticate with; without it nobody is authenticated. */
  readonly resolver?: LabResolver | undefined;
  /** A client's address in the simulated world, where it connects from another one. */
  simulatedAddress?(remoteAddress: string): string | undefined;
  /** Told of every message that is accepted, for whatever comes of it later. */
  readonly onAccepted?: ((message: AcceptedMessage) => void) | undefined;
  /** Which of the ISP's workers this is, and what it does when there is something to report to their owner. */
  readonly part?: (Part & { onNews(): void }) | undefined;
}

/** A running ISP. */
export interface Sink {
  /** Where it listens, in the order asked for. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  /**
   * Messages a second that it may take from these sources in all; Infinity where nothing limits it.
   * @param each what is sustained for each of them, if that is known already
   */
  allowance(sources: readonly number[], now: Micros, line?: Line, each?: readonly number[]): number;
  /** Messages a second that it may take from one source in the long run; 0 while that source is blocked. */
  sustained(source: number, now: Micros, line?: Line): number;
  /** Messages that it could have taken from these sources, and from each of them, in stretches that are over. */
  readonly credit: CreditMeter;
  /** What it thinks of its senders. */
  scores(now: Micros): Scores;
  /** Whether a source has ever connected. */
  hasSeen(source: number): boolean;
  /** What authentication has found so far; undefined if nobody is authenticated. */
  authentication(): AuthenticationCounts | undefined;
  openConnections(): number;
  /**
   * Stops listening on one of its addresses, with all connections there, or begins again: a mail host that is down.
   * An address that it does not have is none of its business.
   */
  setListening(address: string, listening: boolean): Promise<void>;
  /** Says whether what it writes from one of its addresses arrives; the same holds of an address that it does not have. */
  setReaching(address: string, reaches: boolean): void;
  /** Serves a connection that was taken at one of its addresses, by its place in `addresses`, in another process. */
  adopt(socket: Socket, place: number): void;
  /** Its dealings with the owner of what it shares with other workers; undefined: it is the only one. */
  readonly part: IspPart | undefined;
  /** Tells it what it would learn from its users and its filters. */
  observe(observation: Observation): void;
  /** Ends what is open and stops listening. Transactions under way are reported as dropped. */
  stop(): Promise<void>;
}

/**
 * Starts an ISP on all its addresses.
 * @throws HarnessError of kind `lab` if it can't listen on one of them; it then listens on none
 */
export async function startSink(options: SinkOptions): Promise<Sink> {
  const { isp, clock, prng, observer, certificates } = options;
  const { start, lacking } = await engineOf(isp.engine, certificates);
  const { resolver, part: share, tap } = options;
  const state = createState(isp, share);
  const authenticator =
    resolver && isp.authentication.check !== 'off'
      ? new Authenticator(isp, resolver, prng, (volume) => part?.counted(volume))
      : undefined;
  const part = share && new IspPart(state, share, (volume) => authenticator?.learn(volume), share.onNews);
  if (authenticator) await prepareChecks();
  // Numbers of connections are the ISP's, so that each of its workers has its own.
  let connections = share?.part ?? 0;
  const stride = share?.parts ?? 1;
  const world = {
    isp,
    state,
    clock,
    prng,
    observer,
    render: createRenderer(isp, prng, options.wall ?? wallClock, lacking),
    authenticator,
    onAccepted: options.onAccepted,
    open: new Set<Session>(),
  };
  const mayFail = isp.disturbances.some(({ effect }) => effect !== null);
  const newSession = (address: string): Session => {
    const simulatedAddress = options.simulatedAddress?.(address);
    const counted = simulatedAddress ?? address;
    const connection = connections;
    connections += stride;
    const peer: Peer = {
      connection,
      address,
      simulatedAddress,
      source: options.sourceOf(address),
      client: clientOf(counted),
      netblock: netblockOf(counted),
    };
    const session = isp.latency ? new SlowSession(world, peer, isp.latency) : new IspSession(world, peer);
    return mayFail ? new FaultySession(session) : session;
  };
  const rules = { ...isp.rules, extensions: isp.rules.extensions.filter((name) => !lacking.has(name)) };
  const listenOn = (address: string, port: number): Promise<Engine> =>
    start({
      address,
      port,
      isElsewhere: share !== undefined,
      newSession,
      rules,
      certificates,
      // The session that is made next has this number.
      tap: tap && ((remoteAddress) => tap(remoteAddress, connections)),
    });
  const engines: Engine[] = [];
  const down = new Set<Engine>();
  const stop = async (): Promise<void> => {
    for (const session of world.open) session.onClose(true);
    await Promise.all(engines.filter((engine) => !down.has(engine)).map((engine) => engine.stop()));
  };
  try {
    for (const { address, port } of options.listen) engines.push(await listenOn(address, port));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    addresses: engines.map(({ address, port }) => ({ address, port })),
    allowance: (sources, now, line, each) => allowance(state, sources, now, line, each),
    sustained: (source, now, line) => sustained(state, source, now, line),
    credit: new CreditMeter(state),
    scores: (now) => scoresOf(state, now),
    hasSeen: (source) => state.clients.has(source),
    authentication: () => authenticator?.counts,
    openConnections: () => world.open.size,
    async setListening(address, listening) {
      for (const [index, engine] of engines.entries()) {
        if (engine.address !== address || listening !== down.has(engine)) continue;
        down.delete(engine);
        if (listening) engines[index] = await listenOn(address, engine.port);
        else {
          down.add(engine);
          await engine.stop();
        }
      }
    },
    setReaching(address, reaches) {
      for (const engine of engines) if (engine.address === address) engine.setReaching(reaches);
    },
    adopt(socket, place) {
      const engine = engines[place];
      if (engine && !down.has(engine)) engine.adopt(socket);
      else socket.destroy();
    },
    part,
    observe: (observation) => observe(state, observation, clock.now()),
    stop,
  };
}

/** How an ISP is served, and the extensions that it can't offer. */
async function engineOf(
  engine: EngineName,
  certificates: Certificates | undefined,
): Promise<{ start: (options: EngineOptions) => Promise<Engine>; lacking: ReadonlySet<string> }> {
  if (engine === 'native')
    return { start: startNativeEngine, lacking: new Set(certificates ? [] : ['STARTTLS']) };
  // Loaded where it is asked for: few do, and it brings a server of its own.
  const { startSmtpServerEngine, UNSUPPORTED } = await import('./smtp-server-engine.ts');
  return { start: startSmtpServerEngine, lacking: UNSUPPORTED };
}
