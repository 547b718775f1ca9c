/** What an SMTP engine is: it listens, speaks the protocol and asks a session what to say. */
import { HarnessError, messageOf } from '../../src/core/errors.ts';
import type { Certificates } from './certificates.ts';
import type { ProtocolRules } from './protocol.ts';
import type { Session } from './session.ts';

/** One listening address of an ISP. */
export interface Engine {
  readonly address: string;
  readonly port: number;
  /** Takes no more connections and ends those that are open. Resolves when all are gone. */
  stop(): Promise<void>;
}

/** Listens in on one connection, below TLS's encryption: what came and what went, as it came and went. */
export interface Tap {
  client(bytes: Buffer): void;
  server(text: string): void;
  closed(): void;
}

export interface EngineOptions {
  readonly address: string;
  /** 0: a free one. */
  readonly port: number;
  readonly rules: ProtocolRules;
  /** For STARTTLS, if there is to be any. */
  readonly certificates: Certificates | undefined;
  /** Listens in on a new connection. Only the native engine can. */
  readonly tap?: ((remoteAddress: string) => Tap) | undefined;
  /** Makes the session of a client that has just connected. */
  newSession(remoteAddress: string): Session;
}

/** Connections that the system holds until they are taken; floods begin with many. Linux cuts it to net.core.somaxconn. */
const BACKLOG = 65_535;

/** The part of a server that is listened with. */
interface Listener {
  once(event: 'error', handler: (error: Error) => void): unknown;
  off(event: 'error', handler: (error: Error) => void): unknown;
  listen(port: number, host: string, backlog: number, done: () => void): unknown;
}

/**
 * Listens.
 * @throws HarnessError of kind `lab` if it can't
 */
export function listenOn(server: Listener, { address, port }: EngineOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(
        new HarnessError('lab', `can't listen on ${address} port ${port}: ${messageOf(cause)}`, {
          hint: 'the port may be in use, the address may not be on this machine, or ports below 1024 may need root',
          cause,
        }),
      );
    server.once('error', failed);
    server.listen(port, address, BACKLOG, () => {
      server.off('error', failed);
      resolve();
    });
  });
}
