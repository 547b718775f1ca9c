/** Requests of a virtual user, each with connections of its own that are kept open, timed as k6 times them. */
import { lookup } from 'node:dns/promises';
import { Agent, request } from 'node:http';
import { BlockList, type Socket } from 'node:net';
import type { HttpCall, HttpReply } from './calls.ts';

/** k6's error codes (k6 documentation, "Error codes") of what may happen on loopback. */
const CODES: Record<string, readonly [number, string]> = {
  ECONNREFUSED: [1212, 'dial: connection refused'],
  ECONNRESET: [1220, 'read: connection reset by peer'],
  EPIPE: [1221, 'write: broken pipe'],
  ENOTFOUND: [1101, 'lookup: no such host'],
};

const NOTHING: HttpReply = {
  status: 0,
  statusText: '',
  proto: '',
  headers: {},
  body: new Uint8Array(),
  error: '',
  errorCode: 0,
  timings: { blocked: 0, connecting: 0, sending: 0, waiting: 0, receiving: 0 },
  sentBytes: 0,
  receivedBytes: 0,
};

/** Reads ranges such as `10.0.0.0/8` or `::/0`, in lists with commas. */
export function readRanges(lists: readonly string[]): BlockList {
  const barred = new BlockList();
  for (const range of lists.flatMap((list) => list.split(','))) {
    const [address = '', prefix] = range.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    barred.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return barred;
}

/** Sends requests. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #barred: BlockList;

  /** @param barred addresses that it must not connect to */
  constructor(barred: BlockList) {
    this.#barred = barred;
  }

  async send(call: HttpCall): Promise<HttpReply> {
    const { hostname } = new URL(call.url);
    const place = await lookup(hostname.replace(/^\[|\]$/g, '')).catch(() => undefined);
    if (place && this.#barred.check(place.address, place.family === 6 ? 'ipv6' : 'ipv4'))
      return { ...NOTHING, errorCode: 1110, error: `IP (${place.address}) is in a blacklisted range` };
    return this.#exchange(call);
  }

  #exchange({ method, url, headers, body, timeoutMs }: HttpCall): Promise<HttpReply> {
    const began = performance.now();
    let [assigned, connected, sent, first] = [began, began, began, began];
    let socket: Socket | undefined;
    let [writtenBefore, readBefore] = [0, 0];
    return new Promise((resolve) => {
      const finish = (reply: Partial<HttpReply>) => {
        clearTimeout(timer);
        const end = performance.now();
        sent = Math.max(sent, connected);
        first = Math.max(first, sent);
        resolve({
          ...NOTHING,
          timings: {
            // From asking for a connection to having it, so it includes connecting (lib/netext/httpext/tracer.go).
            blocked: connected - began,
            connecting: connected - assigned,
            sending: sent - connected,
            waiting: first - sent,
            receiving: end - first,
          },
          sentBytes: (socket?.bytesWritten ?? 0) - writtenBefore,
          receivedBytes: (socket?.bytesRead ?? 0) - readBefore,
          ...reply,
        });
      };
      const fail = (errorCode: number, error: string) => finish({ errorCode, error });
      const length = body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const req = request(url, { method, agent: this.#agent, headers: { ...length, ...headers } });
      const timer = setTimeout(() => {
        fail(1050, 'request timeout');
        req.destroy();
      }, timeoutMs);
      req.on('socket', (given) => {
        socket = given;
        [writtenBefore, readBefore] = [given.bytesWritten, given.bytesRead];
        assigned = performance.now();
        connected = assigned;
        if (given.connecting)
          given.once('connect', () => {
            connected = performance.now();
          });
      });
      req.on('finish', () => {
        sent = performance.now();
      });
      req.on('error', (error: NodeJS.ErrnoException) =>
        fail(...(CODES[error.code ?? ''] ?? ([1000, error.message] as const))),
      );
      req.on('response', (response) => {
        first = performance.now();
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', (error) => fail(1000, error.message));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const headers = Object.entries(response.headers).map(([name, value]) => [
            canonical(name),
            String(value),
          ]);
          finish({
            status,
            statusText: `${status} ${response.statusMessage}`,
            proto: `HTTP/${response.httpVersion}`,
            headers: Object.fromEntries(headers),
            body: new Uint8Array(Buffer.concat(parts)),
            errorCode: status >= 400 ? 1000 + status : 0,
          });
        });
      });
      req.end(body ?? undefined);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** `content-type` as Go writes it: Content-Type. */
function canonical(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
}
