/** What an SMTP engine is: it listens, speaks the protocol and asks a session what to say. */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { HarnessError, messageOf } from '../../src/core/errors.ts';
import type { Certificates } from './certificates.ts';
import type { ProtocolRules } from './protocol.ts';
import type { Session } from './session.ts';

/** One listening address of an ISP. */
export interface Engine {
  readonly address: string;
  readonly port: number;
  /** Serves a connection that another process took. */
  adopt(socket: Socket): void;
  /** Says whether what it writes arrives. While it does not, its clients can't have read it. */
  setReaching(reaches: boolean): void;
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
  /** Another process listens there and hands the connections over. */
  readonly isElsewhere?: boolean;
  readonly rules: ProtocolRules;
  /** For STARTTLS, if there is to be any. */
  readonly certificates: Certificates | undefined;
  /** Listens in on a new connection, before its session is made. Only the native engine can. */
  readonly tap?: ((remoteAddress: string) => Tap | undefined) | undefined;
  /** Makes the session of a client that has just connected. */
  newSession(remoteAddress: string): Session;
}

/** Connections that the system holds until they are taken; floods begin with many. Linux cuts it to net.core.somaxconn. */
const BACKLOG = 65_535;

/** The part of a server that is listened with. */
interface Listener extends EventEmitter {
  listen(port: number, host: string, backlog: number, done: () => void): unknown;
}

/** Gives a server a connection that another process took. */
export function adoptInto(server: EventEmitter, socket: Socket): void {
  // What was received over a channel is made without the options of the server that took it.
  socket.allowHalfOpen = true;
  server.emit('connection', socket);
}

/**
 * Listens, unless another process does.
 * @throws HarnessError of kind `lab` if it can't
 */
export function listenOn(
  server: Listener,
  { address, port, isElsewhere }: Pick<EngineOptions, 'address' | 'port' | 'isElsewhere'>,
): Promise<void> {
  if (isElsewhere) return Promise.resolve();
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
