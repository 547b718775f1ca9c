/** Postfix's smtp-source and smtp-sink, beside which ours are measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { monotonicMicros, sleepMs } from '../../src/core/clock.ts';
import { isRoot } from '../../src/core/process.ts';
import { cpuOfEnded, cpuOfTree } from './proc.ts';
import { atEnd } from './programs.ts';
import type { Measured } from './side-by-side.ts';

/** Paths of both tools. */
export interface PostfixTools {
  readonly source: string;
  readonly sink: string;
}

/** What smtp-source is to send. */
export interface SourceOrder {
  readonly port: number;
  readonly connections: number;
  readonly messages: number;
  /** Size of a message on the wire, its header included. */
  readonly bytes: number;
  /** Many messages on a connection, or one. */
  readonly keep: boolean;
}

/** A running sink of either side. */
export interface SinkSide {
  readonly port: number;
  readonly pid: number;
}

const SENDER = 'b-1@news.sender.test';
const RECIPIENT = 'u0.0@gmail.com';
/** As many waiting connections as Node's servers ask for. */
const BACKLOG = 511;

/** Both tools, or undefined if one is missing. */
export function findPostfixTools(): PostfixTools | undefined {
  const [source, sink] = ['smtp-source', 'smtp-sink'].map((name) =>
    ['/usr/sbin', '/usr/bin', '/usr/local/sbin'].map((folder) => `${folder}/${name}`).find(isExecutable),
  );
  return source !== undefined && sink !== undefined ? { source, sink } : undefined;
}

/** Starts smtp-sink; it ends with this process. */
export async function startSmtpSink({ sink }: PostfixTools): Promise<SinkSide> {
  const port = await freePort();
  const user = isRoot() ? ['-u', 'nobody'] : [];
  const child = spawn(sink, [...user, `127.0.0.1:${port}`, `${BACKLOG}`], { stdio: 'ignore' });
  atEnd(() => child.kill());
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`smtp-sink has ended with code ${child.exitCode}`);
    await sleepMs(10);
  }
  return { port, pid: child.pid as number };
}

/** Counts what smtp-sink says that it got (-c), in a run of its own: the counter costs a write for each message. */
export async function countAtSmtpSink(
  { sink }: PostfixTools,
  send: (port: number) => Promise<unknown>,
): Promise<number> {
  const port = await freePort();
  const user = isRoot() ? ['-u', 'nobody'] : [];
  const child = spawn(sink, ['-c', ...user, `127.0.0.1:${port}`, `${BACKLOG}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  atEnd(() => child.kill());
  let told = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    told = `${told}${text}`.slice(-200);
  });
  while (!(await listens(port))) await sleepMs(10);
  await send(port);
  await sleepMs(200);
  child.kill();
  await once(child, 'close');
  return Number([...told.matchAll(/mesg=(\d+)/g)].at(-1)?.[1] ?? Number.NaN);
}

/** Lets smtp-source send. It ends at the first reply that is not a positive one; then this throws. */
export async function runSmtpSource(tools: PostfixTools, order: SourceOrder): Promise<Measured> {
  const header = await headerBytes(tools);
  const cpuBefore = cpuOfEnded();
  const begin = monotonicMicros();
  await source(tools, order, order.bytes - header);
  const seconds = (monotonicMicros() - begin) / 1e6;
  return { messages: order.messages, seconds, cpuMicros: cpuOfEnded() - cpuBefore };
}

/** The CPU time that a sink uses for what a driver sends. */
export async function measureSink(
  { pid }: Pick<SinkSide, 'pid'>,
  send: () => Promise<Measured>,
): Promise<Measured> {
  const before = cpuOfTree(pid);
  const { messages, seconds } = await send();
  return { messages, seconds, cpuMicros: cpuOfTree(pid) - before };
}

async function source(
  tools: PostfixTools,
  { port, connections, messages, keep }: SourceOrder,
  payload: number,
): Promise<void> {
  const child = spawn(
    tools.source,
    [
      ...(keep ? ['-d'] : []),
      ...['-N', '-s', `${connections}`, '-m', `${messages}`, '-l', `${payload}`],
      ...['-M', 'out1.sender.test', '-f', SENDER, '-t', RECIPIENT, `127.0.0.1:${port}`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`smtp-source ended with ${code}: ${complaint.slice(0, 300)}`);
}

let header: Promise<number> | undefined;

/** What smtp-source adds to the payload that it is asked for: its header, as this version writes it. */
function headerBytes(tools: PostfixTools): Promise<number> {
  const payload = 1000;
  header ??= wireBytes((port) =>
    source(tools, { port, connections: 1, messages: 1, bytes: 0, keep: true }, payload),
  ).then((bytes) => bytes - payload);
  return header;
}

/** The size of the one message that is sent, on the wire, without the dot that ends it. */
export async function wireBytes(send: (port: number) => Promise<unknown>): Promise<number> {
  let bytes = 0;
  const server = createServer((socket) => {
    let text = '';
    let inMessage = false;
    socket.write('220 sink\r\n');
    socket.setEncoding('latin1').on('error', () => {});
    socket.on('data', (chunk: string) => {
      text += chunk;
      for (;;) {
        const end = inMessage ? text.indexOf('\r\n.\r\n') : text.indexOf('\r\n');
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + (inMessage ? 5 : 2));
        if (inMessage) bytes = line.length + 2;
        inMessage = !inMessage && line.toUpperCase() === 'DATA';
        socket.write(inMessage ? '354 go ahead\r\n' : line.startsWith('QUIT') ? '221 bye\r\n' : '250 ok\r\n');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await send((server.address() as AddressInfo).port);
  server.close();
  return bytes;
}

async function freePort(): Promise<number> {
  const reserved = createServer().listen(0, '127.0.0.1');
  await once(reserved, 'listening');
  const { port } = reserved.address() as AddressInfo;
  reserved.close();
  await once(reserved, 'close');
  return port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const connected = await new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  });
  socket.destroy();
  return connected;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
