/** The simulated DNS behind sockets: UDP and TCP on one port. What it says is in fakes/dns-answer.ts. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { HarnessError, messageOf } from '../src/core/errors.ts';
import { type Answered, respond, type Transport, type Troubled } from './dns-answer.ts';
import type { Zones } from './zones.ts';

/** A query as it was answered. */
export interface AnsweredQuery extends Answered {
  readonly transport: Transport;
  /** Address and port of the client. */
  readonly from: string;
}

/** A name server that is up. */
export interface DnsServer {
  readonly address: string;
  /** The same for UDP and TCP. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Room for bursts of queries while the process is busy; a lost query costs the resolver seconds. */
const RECEIVE_BUFFER_BYTES = 1 << 20;
/** How many free UDP ports are tried until one is free for TCP too. */
const PORT_ATTEMPTS = 20;

/**
 * Serves the zones on an address over UDP and TCP.
 * @param options.port 0: one that is free for both
 * @param options.idleMs a TCP client that is silent for this long is disconnected (RFC 7766 section 6.2.3: "a few
 * seconds")
 * @throws HarnessError (lab) if the address or port can't be had
 */
export async function startDns(options: {
  readonly address: string;
  readonly port: number;
  readonly zones: Zones;
  readonly idleMs?: number;
  readonly onQuery?: (query: AnsweredQuery) => void;
  readonly troubled?: Troubled;
}): Promise<DnsServer> {
  const { address, zones, idleMs = 10_000, onQuery, troubled } = options;
  const handle = (bytes: Buffer, transport: Transport, from: string): Buffer | undefined => {
    const response = respond(bytes, zones, transport, troubled);
    if (response) onQuery?.({ ...response.answered, transport, from });
    return response?.bytes;
  };
  const { udp, tcp } = await bindBoth(address, options.port);
  // Nothing is lost when a response can't be sent: the client asks again.
  udp.on('error', () => {});
  udp.on('message', (bytes, peer) => {
    const response = handle(bytes, 'udp', `${peer.address}:${peer.port}`);
    if (response) udp.send(response, peer.port, peer.address, () => {});
  });
  const connections = new Set<Socket>();
  tcp.on('error', () => {});
  tcp.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    serveStream(socket, idleMs, (bytes) => handle(bytes, 'tcp', from));
  });
  return {
    address,
    port: udp.address().port,
    async stop() {
      const closed = [once(udp, 'close'), once(tcp, 'close')];
      udp.close();
      tcp.close();
      for (const socket of connections) socket.destroy();
      await Promise.all(closed);
    },
  };
}

async function bindBoth(address: string, port: number): Promise<{ udp: UdpSocket; tcp: Server }> {
  for (let attempt = 1; ; attempt++) {
    const udp = createSocket({
      type: isIPv6(address) ? 'udp6' : 'udp4',
      recvBufferSize: RECEIVE_BUFFER_BYTES,
    });
    const tcp = createServer({ noDelay: true });
    try {
      udp.bind(port, address);
      await once(udp, 'listening');
      tcp.listen(udp.address().port, address);
      await once(tcp, 'listening');
      return { udp, tcp };
    } catch (error) {
      udp.close();
      if (port === 0 && attempt < PORT_ATTEMPTS && (error as NodeJS.ErrnoException).code === 'EADDRINUSE')
        continue;
      throw new HarnessError('lab', `DNS can't listen on ${address} port ${port}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

/** Answers the queries on a TCP connection, each with its length before it (RFC 1035 section 4.2.2). */
function serveStream(socket: Socket, idleMs: number, handle: (bytes: Buffer) => Buffer | undefined): void {
  let pending = Buffer.alloc(0);
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const response = handle(pending.subarray(2, end));
      pending = pending.subarray(end);
      if (!response) continue;
      const length = Buffer.from([response.length >> 8, response.length & 0xff]);
      socket.write(Buffer.concat([length, response]));
    }
  });
}
