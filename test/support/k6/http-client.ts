/** Requests of a virtual user, each with connections of its own that are kept open, timed as k6 times them. */
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpCall, HttpReply } from './calls.ts';

/** k6's error codes (k6 documentation, "Error codes") of what may happen on loopback. */
const CODES: Record<string, readonly [number, string]> = {
  ECONNREFUSED: [1212, 'dial: connection refused'],
  ECONNRESET: [1220, 'read: connection reset by peer'],
  EPIPE: [1221, 'write: broken pipe'],
  ENOTFOUND: [1101, 'lookup: no such host'],
};

/** Sends requests. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true });

  send({ method, url, headers, body, timeoutMs }: HttpCall): Promise<HttpReply> {
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
          status: 0,
          statusText: '',
          proto: '',
          headers: {},
          body: new Uint8Array(),
          error: '',
          errorCode: 0,
          timings: {
            blocked: assigned - began,
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
