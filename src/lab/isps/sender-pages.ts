/** Where senders look up what ISPs think of them: Postmaster Tools and SNDS, by HTTPS, inside the lab. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { answerPostmasterTools } from '../../../fakes/feedback/postmaster-tools.ts';
import { latestDate, sndsData, sndsIpStatus } from '../../../fakes/feedback/snds.ts';
import type { Authority } from '../../../fakes/tls.ts';
import type { Cleanup } from '../../core/cleanup.ts';
import { HarnessError, messageOf } from '../../core/errors.ts';
import { SENDER_PAGES } from '../../scenario/addresses.ts';
import type { Endpoint, LabNetwork } from '../ground/network.ts';
import type { SenderStatistics } from './sender-statistics.ts';

type Page = keyof typeof SENDER_PAGES;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/**
 * Serves the pages of those ISPs of a run that have one; whoever asks gets an answer, with whatever token or key.
 * @returns where, by the real host's name
 * @throws HarnessError of kind `lab` if it can't listen
 */
export async function openSenderPages(
  places: LabNetwork['senderPages'],
  authority: Authority,
  statistics: SenderStatistics,
  cleanup: Cleanup,
): Promise<Readonly<Record<string, Endpoint>>> {
  const open: Record<string, Endpoint> = {};
  for (const page of Object.keys(SENDER_PAGES) as Page[]) {
    if (!statistics.shownAs(page)) continue;
    const { host } = SENDER_PAGES[page];
    const leaf = await authority.leaf({ names: [host] });
    const server = createServer({ cert: leaf.cert, key: leaf.key }, (request, response) =>
      answer(request, response, (url) => PAGES[page](statistics, url)),
    );
    await listen(server, host, places[page]);
    cleanup.defer(async () => {
      server.close();
      server.closeAllConnections();
    });
    const { address, port } = server.address() as AddressInfo;
    open[host] = { address, port };
  }
  return open;
}

const PAGES: Readonly<Record<Page, (statistics: SenderStatistics, url: URL) => Answer>> = {
  'postmaster-tools'(statistics, { pathname, searchParams }) {
    const data = statistics.shownAs('postmaster-tools');
    if (!data) return NOT_FOUND;
    const { status, body } = answerPostmasterTools(data, decodeURIComponent(pathname), searchParams);
    return { status, type: 'application/json; charset=UTF-8', text: `${JSON.stringify(body, null, 2)}\n` };
  },
  snds(statistics, { pathname, searchParams }) {
    const data = statistics.shownAs('snds');
    const path = pathname.toLowerCase();
    if (data && path === '/snds/data.aspx')
      return {
        status: 200,
        type: 'text/csv',
        text: sndsData(data, searchParams.get('date') ?? latestDate(data)),
      };
    if (data && path === '/snds/ipstatus.aspx')
      return { status: 200, type: 'text/csv', text: sndsIpStatus(data) };
    return NOT_FOUND;
  },
};

const NOT_FOUND: Answer = { status: 404, type: 'text/plain', text: 'Not found\n' };
const ONLY_GET: Answer = { status: 405, type: 'text/plain', text: 'Only GET is answered here\n' };
const BAD_URL: Answer = { status: 400, type: 'text/plain', text: 'This address can not be read\n' };

function answer(request: IncomingMessage, response: ServerResponse, of: (url: URL) => Answer): void {
  const { status, type, text } = request.method === 'GET' ? answered(request.url ?? '/', of) : ONLY_GET;
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    ...(status === 405 && { allow: 'GET' }),
  });
  response.end(text);
}

function answered(target: string, of: (url: URL) => Answer): Answer {
  try {
    return of(new URL(target, 'https://lab.invalid'));
  } catch {
    return BAD_URL;
  }
}

function listen(server: Server, host: string, { address, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new HarnessError('lab', `can't serve ${host} on ${address}, port ${port}: ${messageOf(error)}`, {
          cause: error,
        }),
      ),
    );
    server.listen(port, address, resolve);
  });
}
