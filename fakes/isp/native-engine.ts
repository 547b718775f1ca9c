/** The harness's own SMTP engine, on node:net and node:tls: sockets for receivers, and a watch over idle ones. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { atEndOfTurn, every } from '../../src/core/clock.ts';
import { readFrom } from './accept.ts';
import type { CertificateName, Certificates } from './certificates.ts';
import { adoptInto, type Engine, type EngineOptions, listenOn, type Tap } from './engine.ts';
import { Receiver } from './receiver.ts';
import type { Wire } from './speaker.ts';

/** How often idle connections are looked for, at most. */
const WATCH_MS = 1000;
/** So many looks in a row must find a connection unchanged. */
const LOOKS = 4;
/** How long a connection may stay that has been ended on this side. */
const LINGER_MS = 5000;

/**
 * Listens with the native engine.
 * @throws HarnessError of kind `lab` if it can't listen
 */
export async function startNativeEngine(options: EngineOptions): Promise<Engine> {
  const contexts = contextsOf(options.certificates);
  const connections = new Set<Connection>();
  const network = { reaches: true };
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) => {
    // A client that is gone already has no address.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const gone = (): void => void connections.delete(connection);
    const connection = new Connection(socket, options, socket.remoteAddress, contexts, network, gone);
    connections.add(connection);
    connection.open();
  });
  await listenOn(server, options);
  const idleMs = options.rules.idle / 1e3;
  const everyMs = Math.min(WATCH_MS, idleMs / LOOKS);
  const stopWatch = every(everyMs, () => {
    for (const connection of connections) connection.watch(idleMs / everyMs, LINGER_MS / everyMs);
  });
  const { address, port } = (server.address() as AddressInfo | null) ?? options;
  return {
    address,
    port,
    adopt: (socket) => adoptInto(server, socket),
    setReaching: (reaches) => {
      network.reaches = reaches;
    },
    stop: () =>
      new Promise((resolve) => {
        stopWatch();
        server.close(() => resolve());
        for (const connection of connections) connection.stop();
      }),
  };
}

type Contexts = ReadonlyMap<string, SecureContext>;

function contextsOf(certificates: Certificates | undefined): Contexts {
  return new Map(
    Object.entries(certificates ?? {}).map(([name, leaf]) => [name, createSecureContext({ ...leaf })]),
  );
}

/** A connection: TCP, and TLS over it once that is asked for. */
class Connection implements Wire {
  readonly #tcp: Socket;
  #socket: Socket;
  readonly #receiver: Receiver;
  readonly #contexts: Contexts;
  readonly #network: { readonly reaches: boolean };
  readonly #tap: Tap | undefined;
  #progress = -1;
  #over = false;
  /** Looks in a row that found nothing new. */
  #unchanged = 0;

  constructor(
    socket: Socket,
    { rules, newSession, tap }: EngineOptions,
    remote: string,
    contexts: Contexts,
    network: { readonly reaches: boolean },
    gone: () => void,
  ) {
    this.#network = network;
    this.#tcp = readFrom(socket, (bytes) => this.#hear(bytes));
    this.#socket = this.#tcp;
    this.#contexts = contexts;
    this.#tap = tap?.(remote);
    this.#receiver = new Receiver(newSession(remote), this, rules);
    this.#tcp.on('close', () => {
      this.#receiver.gone();
      this.#tap?.closed();
      gone();
    });
  }

  get reaches(): boolean {
    return this.#network.reaches;
  }

  open(): void {
    this.#attend(this.#tcp);
    this.#receiver.open();
  }

  /** Ends it at once. Its close event comes after that of the server, and who waits for that must know of it. */
  stop(): void {
    this.#receiver.gone();
    this.destroy();
  }

  /** Looks whether something was said since the last look; if not for long, the receiver or the connection ends. */
  watch(idleLooks: number, lingerLooks: number): void {
    const { progress, over } = this.#receiver;
    // When all is said, what a client goes on to say does not keep the connection.
    const unchanged = over ? this.#over : progress === this.#progress;
    this.#unchanged = unchanged ? this.#unchanged + 1 : 0;
    this.#progress = progress;
    this.#over = over;
    if (this.#unchanged < (over ? Math.min(lingerLooks, idleLooks) : idleLooks)) return;
    this.#unchanged = 0;
    this.#receiver.timedOut();
  }

  write(text: string): boolean {
    this.#tap?.server(text);
    return !this.#socket.writable || this.#socket.write(text);
  }

  later(act: () => void): void {
    atEndOfTurn(act);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    // What resetAndDestroy() does, without the FIN that it sends first: a client would see a clean end.
    Object.assign(this.#tcp, { resetAndClosing: true }).destroy();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#tcp.destroy();
  }

  secure(certificate: CertificateName): void {
    this.#tcp.removeAllListeners('data').removeAllListeners('end').removeAllListeners('drain');
    this.#socket = new TLSSocket(this.#tcp, {
      isServer: true,
      secureContext: this.#contexts.get(certificate) as SecureContext,
    });
    this.#socket.once('secure', () => this.#receiver.secured());
    this.#socket.once('close', () => this.#tcp.destroy());
    this.#socket.on('data', (bytes) => this.#hear(bytes));
    this.#attend(this.#socket);
  }

  #hear(bytes: Buffer): void {
    this.#tap?.client(bytes);
    this.#receiver.receive(bytes);
  }

  #attend(socket: Socket): void {
    socket.on('end', () => this.#receiver.ended());
    socket.on('drain', () => this.#receiver.drained());
    // A connection that fails is closed too, and that is told.
    socket.on('error', () => {});
  }
}
