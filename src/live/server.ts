/** Serves the page of a run that goes on, to this machine alone. */
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { every, sleepMs } from '../core/clock.ts';
import { HarnessError, messageOf } from '../core/errors.ts';
import { renderLivePage } from './document.ts';
import { type Final, LivePage, type Viewer } from './live-page.ts';
import { LiveRun } from './live-run.ts';
import { createMetrics } from './metrics.ts';
import type { RunName } from './page-state.ts';

const LOOPBACK = '127.0.0.1';
const LOOK_MS = 100;
/** Who has not taken the last word by then does not get it. */
const FAREWELL_MS = 2000;

/** Where and what to serve. */
export interface LiveOptions {
  /** 0: a free one. */
  readonly port: number;
  /** The run's folder. */
  readonly folder: string;
  readonly run: RunName;
}

/** A server that follows one run. */
export interface LiveServer {
  /** Where the page is. */
  readonly url: string;
  /** Shows the final report to all who look on, and ends. */
  end(final: Final): Promise<void>;
  /** Says why there is no report, and ends. */
  fail(why: string): Promise<void>;
}

/**
 * Begins to serve.
 * @throws HarnessError of kind `usage` if the port can't be had
 */
export async function startServer({ port, folder, run }: LiveOptions): Promise<LiveServer> {
  const live = new LiveRun(folder);
  const page = new LivePage(live, run);
  const metrics = createMetrics(() => page.standing());
  const open = new Set<ServerResponse>();
  const app = fastify({ forceCloseConnections: true });
  app.addHook('onRequest', refuseStrangers);
  app.get('/', (_, reply) => {
    reply
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(renderLivePage(page.page()));
  });
  app.get('/metrics', async (_, reply) => {
    reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.metrics());
  });
  app.get('/events', { exposeHeadRoute: false }, (_, reply) => {
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    open.add(response);
    const viewer: Viewer = {
      isBehind: () => response.writableNeedDrain,
      tell: (change) => void response.write(`data: ${JSON.stringify(change)}\n\n`),
    };
    response.on('close', () => {
      open.delete(response);
      page.leave(viewer);
    });
    page.join(viewer);
  });
  try {
    await app.listen({ host: LOOPBACK, port });
  } catch (error) {
    throw new HarnessError('usage', `can't serve the live page: ${messageOf(error)}`, {
      hint: '--ui without a port takes a free one',
      cause: error,
    });
  }
  const stopLooking = every(LOOK_MS, () => page.look());
  const close = async (): Promise<void> => {
    stopLooking();
    const gone = [...open].map((response) => new Promise((resolve) => response.end(resolve)));
    await Promise.race([Promise.all(gone), sleepMs(FAREWELL_MS, true)]);
    await app.close();
  };
  return {
    url: `http://${LOOPBACK}:${(app.server.address() as AddressInfo).port}/`,
    async end(final) {
      try {
        page.end(final);
      } catch (error) {
        page.fail(messageOf(error));
      }
      await close();
    },
    async fail(why) {
      page.fail(why);
      await close();
    },
  };
}

/** A page from elsewhere may give its own name this machine's address, to read what is served here. */
async function refuseStrangers(
  { headers: { host = '' } }: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return;
  await reply.code(403).type('text/plain').send(`windtunnel serves ${LOOPBACK} alone, not "${host}"\n`);
}
