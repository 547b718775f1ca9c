/** For tests of the driver's sessions: a server that says what a test tells it, and a session with something to do. */
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { MessageFactory } from '../../src/driver/message.ts';
import { type ProbeResult, Session, type SessionEnd, type SessionTarget } from '../../src/driver/session.ts';
import type { JobResult } from '../../src/driver/transaction.ts';

/**
 * What a server says to a command; `CONNECT` is the connection itself, `.` the end of the data. undefined: it hangs
 * up, '': it says nothing.
 */
export type Answers = (command: string) => string | undefined;

export interface Served {
  readonly port: number;
  /** All commands that came, of all connections. */
  readonly commands: string[];
  /** Where clients came from. */
  readonly sources: string[];
  /** Messages as they came, dot-stuffed. */
  readonly messages: string[];
}

interface ServeOptions {
  readonly host?: string;
  /** How a reply is written; default: at once. */
  readonly write?: (socket: Socket, reply: string) => void;
}

/** Starts a server on loopback for a test. Its replies are lines without CRLF, several joined by `\r\n`. */
export async function serveAnswers(
  t: TestContext,
  answers: Answers,
  { host = '127.0.0.1', write = (socket, reply) => void socket.write(reply) }: ServeOptions = {},
): Promise<Served> {
  const served = { commands: [] as string[], sources: [] as string[], messages: [] as string[] };
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket.on('error', () => {}));
    served.sources.push(socket.remoteAddress ?? '');
    let buffered = '';
    let content: string | undefined;
    const answer = (command: string): void => {
      served.commands.push(command);
      const reply = answers(command);
      if (reply === undefined) socket.end();
      else if (reply !== '') write(socket, `${reply}\r\n`);
      if (reply?.startsWith('354')) content = '';
    };
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      buffered += chunk;
      for (let end = buffered.indexOf('\r\n'); end >= 0; end = buffered.indexOf('\r\n')) {
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 2);
        if (content === undefined) answer(line);
        else if (line !== '.') content += `${line}\r\n`;
        else {
          served.messages.push(content);
          content = undefined;
          answer('.');
        }
      }
    });
    answer('CONNECT');
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, ...served };
}

/** A server that takes everything, but for the commands that begin like a key of `except`. */
export function agreeable(except: Readonly<Record<string, string | undefined>> = {}): Answers {
  return (command) => {
    for (const [start, reply] of Object.entries(except)) if (command.startsWith(start)) return reply;
    if (command === 'CONNECT') return '220 mx.test';
    if (command.startsWith('EHLO')) return '250-mx.test\r\n250 PIPELINING';
    if (command === 'DATA') return '354 go on';
    if (command === 'QUIT') return '221 bye';
    return '250 ok';
  };
}

/** What a session is given to do, in turn: a message, a NOOP, or to wait for what the server does. */
export type Work = { readonly message: number } | 'noop' | 'wait';

/** All that a session told its owner. */
export interface Conversation {
  readonly opened: number;
  readonly results: readonly (JobResult & { readonly message: number })[];
  readonly probes: readonly ProbeResult[];
  readonly end: SessionEnd;
}

interface ConverseOptions {
  /** Give the next message while one is on its way. */
  readonly ahead?: boolean;
  readonly timeoutMs?: number;
  readonly messages?: MessageFactory;
  readonly onOpened?: (session: Session) => void;
  /** Called when the session waits. */
  readonly onWait?: (session: Session) => void;
}

/** Message n is to n + 1 recipients, `u0` to `un`. */
export const shortMessages: MessageFactory = (message) => ({
  sender: `b-${message}@a.test`,
  recipients: Array.from({ length: message + 1 }, (_, slot) => `u${slot}@b.test`),
  head: `Subject: ${message}\r\n\r\n`,
  body: Buffer.from('..dot\r\nbody\r\n'),
  eightBit: false,
});

/** Opens a session, lets it do its work and say QUIT, and resolves when it has ended. Its clock counts questions. */
export function converse(
  target: Partial<SessionTarget> & { readonly port: number },
  work: readonly Work[],
  { ahead = false, timeoutMs = 60_000, messages = shortMessages, onOpened, onWait }: ConverseOptions = {},
): Promise<Conversation> {
  const left = [...work];
  const results: Conversation['results'][number][] = [];
  const probes: ProbeResult[] = [];
  let opened = 0;
  let ticks = 0;
  return new Promise((resolve) => {
    const owner = {
      opened(session: Session): void {
        opened++;
        onOpened?.(session);
      },
      ready(session: Session): void {
        const next = left.shift();
        if (next === undefined) session.quit();
        else if (next === 'noop') session.noop({ due: 0 });
        else if (next === 'wait') onWait?.(session);
        else session.start({ message: next.message, due: 0 });
      },
      done: (_: Session, { message }: { message: number }, result: JobResult) =>
        void results.push({ message, ...result }),
      answered: (_: Session, __: unknown, result: ProbeResult) => void probes.push(result),
      next() {
        if (!ahead || typeof left[0] !== 'object') return undefined;
        const { message } = left.shift() as { message: number };
        return { message, due: 0 };
      },
      closed: (_: Session, end: SessionEnd) => resolve({ opened, results, probes, end }),
    };
    new Session(
      1,
      { address: '127.0.0.1', tls: 'none', ...target },
      { helo: 'me.test', timeoutMs, messages, owner, clock: { now: () => ++ticks, until: async () => {} } },
    );
  });
}
