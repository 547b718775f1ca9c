/**
 * An SMTP engine on the library smtp-server. It parses commands and message data; what is said, and when the
 * connection is closed, comes from the session. What the library answers by itself (syntax errors, unknown commands,
 * its idle timeout) stays in its own words: fakes/README.md lists it.
 */
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { SMTPServer } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { adoptInto, type Engine, type EngineOptions, listenOn } from './engine.ts';
import type { Rendered } from './render.ts';
import type { Session } from './session.ts';
import { Content } from './smtp-lines.ts';

/** Extensions that this engine can't do, so that EHLO must not offer them. */
export const UNSUPPORTED: ReadonlySet<string> = new Set(['STARTTLS', 'CHUNKING', 'BINARYMIME']);

/** RFC 5321 section 4.5.3.2.7: a server waits at least five minutes for the next command. */
const IDLE_MS = 300_000;

/** Given to the library to make it refuse; the words are the session's. */
const REFUSED = new Error('refused');

/**
 * Listens with smtp-server.
 * @throws HarnessError of kind `lab` if it can't listen
 */
export async function startSmtpServerEngine(options: EngineOptions): Promise<Engine> {
  const server = new IspServer(options);
  await listenOn(server, options);
  // Sockets that fail have a close event too; the session hears of that.
  server.on('error', () => {});
  const { address, port } = (server.server.address() as AddressInfo | null) ?? options;
  const adopt = (socket: Socket): void => adoptInto(server.server, socket);
  return {
    address,
    port,
    adopt,
    setReaching: (reaches) => {
      server.reaches = reaches;
    },
    stop: () => server.stop(),
  };
}

class IspServer extends SMTPServer {
  /** See Engine.setReaching. */
  reaches = true;
  readonly #newSession: EngineOptions['newSession'];
  readonly #open = new WeakMap<SMTPServerSession, IspConnection>();
  readonly #sockets = new Set<Socket>();

  constructor({ newSession }: EngineOptions) {
    super({
      disableReverseLookup: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      socketTimeout: IDLE_MS,
      logger: false,
      // Bulk mail has odd but deliverable addresses; what the ISP takes is the session's business.
      lenientAddressParsing: true,
      onConnect: (session, done) => this.#of(session).ask((s) => s.onConnect(), done),
      onMailFrom: ({ address, args }, session, done) =>
        this.#of(session).ask((s) => s.onMail(address, declaredSize(args)), done),
      onRcptTo: ({ address }, session, done) => this.#of(session).ask((s) => s.onRcpt(address), done),
      onData: (stream, session, done) => this.#of(session).receive(stream, done),
      onClose: (session) => this.#of(session).gone(),
    });
    this.#newSession = newSession;
  }

  override connect(socket: Socket | TLSSocket, socketOptions?: SMTPConnectionOptions | null): void {
    const connection = new IspConnection(this, socket, socketOptions, this.#newSession);
    this.#open.set(connection.session, connection);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.connections.add(connection);
    connection.on('error', (error: Error) => this._onError(error));
    connection.init();
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.close(resolve);
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #of(session: SMTPServerSession): IspConnection {
    return this.#open.get(session) as IspConnection;
  }
}

/** The size that MAIL declares (RFC 1870); 0 if it declares none. */
function declaredSize(parameters: { readonly SIZE?: unknown } | false): number {
  return parameters ? Number(parameters.SIZE ?? 0) || 0 : 0;
}

type Done = (error?: Error | null) => void;

class IspConnection extends SMTPConnection {
  readonly #server: IspServer;
  readonly #session: Session;
  /** The session's answer to the command under way, to be written in place of the library's. */
  #answer: Rendered | undefined;
  /** Asks for that answer if, and only if, the library has no objection to the command. */
  #onSuccess: (() => Rendered) | undefined;

  constructor(
    server: IspServer,
    socket: Socket | TLSSocket,
    options: SMTPConnectionOptions | null | undefined,
    newSession: EngineOptions['newSession'],
  ) {
    super(server, socket, options);
    this.#server = server;
    this.#session = newSession(this.remoteAddress);
  }

  /** As the library's, without its wait of 100 ms for clients that talk too early. */
  override init(): void {
    this._setListeners(() => this.connectionReady());
  }

  /** Asks the session and lets the library go on. A session that says nothing ends the connection. */
  ask(question: (session: Session) => Rendered | Promise<Rendered>, done: Done): void {
    const say = (answer: Rendered): void => {
      if (answer.lines.length === 0) {
        this.close();
        return;
      }
      this.#answer = answer;
      done(answer.code < 400 ? null : REFUSED);
    };
    const answer = question(this.#session);
    if (answer instanceof Promise) answer.then(say);
    else say(answer);
  }

  /** Counts a message as it comes in, keeps its head, and asks at the end. */
  receive(stream: SMTPServerDataStream, done: Done): void {
    const content = new Content(this.#session.wantsContent);
    stream.on('data', (chunk: Buffer) => content.add(chunk, 0, chunk.length));
    stream.on('end', () => this.ask((s) => s.onDot({ bytes: content.bytes, head: content.kept }), done));
    stream.on('error', () => {});
  }

  gone(): void {
    this.#session.onClose();
  }

  /** The one place where the library writes: puts the session's words in place of its own. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const onSuccess = this.#onSuccess;
    this.#onSuccess = undefined;
    const answer = this.#answer ?? (code < 400 ? onSuccess?.() : undefined);
    this.#answer = undefined;
    if (!answer) {
      super.send(code, data, context);
      return;
    }
    if (!this._socket.writable || !this.#server.reaches) answer.onLost?.();
    if (this._socket.writable && answer.lines.length > 0)
      this._socket.write(`${answer.lines.join('\r\n')}\r\n`);
    if (answer.close) this.close();
  }

  override handler_EHLO(command: Buffer, callback: () => void): void {
    this.#onSuccess = () => this.#session.onHelo('EHLO', String(this.hostNameAppearsAs));
    super.handler_EHLO(command, callback);
  }

  override handler_HELO(command: Buffer, callback: () => void): void {
    this.#onSuccess = () => this.#session.onHelo('HELO', String(this.hostNameAppearsAs));
    super.handler_HELO(command, callback);
  }

  /** Lets the session know of recipients that a pipelining client names after MAIL was refused (RFC 2920). */
  override handler_RCPT(command: Buffer, callback: () => void): void {
    const { mailFrom } = this.session.envelope;
    const named = mailFrom ? undefined : this._parseAddressCommand('rcpt to', command) || undefined;
    if (named?.address) this.#answer = this.#session.onRcpt(named.address);
    super.handler_RCPT(command, callback);
  }

  override handler_DATA(command: Buffer, callback: () => void): void {
    this.#onSuccess = () => this.#session.onData();
    super.handler_DATA(command, callback);
  }

  override handler_RSET(command: Buffer, callback: () => void): void {
    this.#onSuccess = () => this.#session.onReset();
    super.handler_RSET(command, callback);
  }

  override handler_NOOP(command: Buffer, callback: () => void): void {
    this.#onSuccess = () => this.#session.onReset(true);
    super.handler_NOOP(command, callback);
  }

  override handler_QUIT(command: Buffer, callback: () => void): void {
    this.#onSuccess = () => this.#session.onQuit();
    super.handler_QUIT(command, callback);
  }
}
