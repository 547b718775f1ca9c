import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A connection to try: to an address, perhaps from one of several. */
export interface Attempt {
  readonly address: string;
  readonly port: number;
  readonly source?: string;
}

/** Begins a connection; `end` is all that the other side said before it closed, or the code of the error. */
export function begin({ address, port, source }: Attempt): { socket: Socket; end: Promise<string> } {
  const socket = connect({ host: address, port, ...(source === undefined ? {} : { localAddress: source }) });
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const end = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('end', () => resolve(heard));
  });
  return { socket, end };
}

/** What became of each attempt. */
export function tryAll(attempts: readonly Attempt[]): Promise<string[]> {
  return Promise.all(attempts.map((attempt) => begin(attempt).end));
}

/** Listens on 0.0.0.0 and on [::], as mail servers do. */
export async function listenEverywhere(port: number, serve: (socket: Socket) => void): Promise<void> {
  for (const host of ['0.0.0.0', '::']) {
    await once(createServer(serve).listen({ host, port, ipv6Only: true }), 'listening');
  }
}
