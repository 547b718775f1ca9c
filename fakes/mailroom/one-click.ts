/** The sender's web server, as far as one-click unsubscription needs one (RFC 8058): it takes a POST, and nothing else. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { HarnessError, messageOf } from '../../src/core/errors.ts';
import { unsubscribeOf } from '../../src/core/identity.ts';
import type { Place } from '../feedback/return-path.ts';
import type { Leaf } from '../tls.ts';

/** A web server that is open. */
export interface OneClickServer {
  readonly place: Place;
  /** Requests that were answered, by status. What is too slow or no HTTP at all is answered by node and not counted. */
  readonly answered: ReadonlyMap<number, number>;
  /** Ends all connections. */
  stop(): Promise<void>;
}

/** The body of RFC 8058 section 3.1 has 26 octets, and a few hundred as multipart/form-data. */
const LONGEST_BODY = 4096;
const LONGEST_HEADER = 8192;
/** How long a client may take for its handshake, and for a request. */
const PATIENCE_MS = 10_000;
const MOST_CONNECTIONS = 500;

/**
 * Opens the web server.
 * @param options.certificate for the sender domains
 * @param options.onUnsubscribe is told before the answer is given; throwing makes it a 500
 * @throws HarnessError (lab) if the address or port can't be had
 */
export async function startOneClick(options: {
  readonly address: string;
  readonly port: number;
  readonly certificate: Leaf;
  readonly onUnsubscribe: (whose: { readonly message: number; readonly slot: number }) => void;
  readonly logger?: (line: string) => void;
}): Promise<OneClickServer> {
  const answered = new Map<number, number>();
  const server = createServer(
    {
      ...options.certificate,
      maxHeaderSize: LONGEST_HEADER,
      handshakeTimeout: PATIENCE_MS,
      headersTimeout: PATIENCE_MS,
      requestTimeout: PATIENCE_MS,
      connectionsCheckingInterval: PATIENCE_MS / 10,
    },
    (request, response) => {
      answerTo(request, options.onUnsubscribe).then(
        (status) => {
          answered.set(status, (answered.get(status) ?? 0) + 1);
          say(response, status, request.complete);
        },
        (error: unknown) => {
          options.logger?.(`HTTPS: ${messageOf(error)}`);
          say(response, 500, false);
        },
      );
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  // Of those that say nothing after their handshake.
  server.setTimeout(PATIENCE_MS);
  server.on('tlsClientError', (error) => options.logger?.(`HTTPS: ${error.message}`));
  try {
    server.listen(options.port, options.address);
    await once(server, 'listening');
  } catch (error) {
    const message = `the mailroom can't listen on ${options.address} port ${options.port} for HTTPS: ${messageOf(error)}`;
    throw new HarnessError('lab', message, { cause: error });
  }
  return {
    place: { address: options.address, port: (server.address() as AddressInfo).port },
    answered,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The status that a request is answered with. */
async function answerTo(
  request: IncomingMessage,
  onUnsubscribe: (whose: { readonly message: number; readonly slot: number }) => void,
): Promise<number> {
  const whose = unsubscribeOf(request.url ?? '');
  if (!whose) return 404;
  // A GET is what scanners of links do, so it must have no effect (RFC 8058 section 3.2).
  if (request.method !== 'POST') return 405;
  const body = await bodyOf(request);
  if (body === undefined) return 413;
  if (!(await isOneClick(request.headers['content-type'] ?? '', body))) return 400;
  onUnsubscribe(whose);
  return 200;
}

/** The whole body; undefined if it is too long. Throws if the client breaks it off. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `List-Unsubscribe=One-Click` and nothing else, in either encoding of forms (RFC 8058 section 3.1). */
async function isOneClick(type: string, body: Buffer): Promise<boolean> {
  try {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    return [...form].length === 1 && form.get('List-Unsubscribe') === 'One-Click';
  } catch {
    return false;
  }
}

/** No redirect, no cookie (RFC 8058 section 3.1). `keep`: the connection may be used again. */
function say(response: ServerResponse, status: number, keep: boolean): void {
  const text = status === 200 ? 'You are unsubscribed.\n' : `${status}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=us-ascii',
    'content-length': text.length,
    ...(status === 405 && { allow: 'POST' }),
    ...(!keep && { connection: 'close' }),
  });
  response.end(text);
}
