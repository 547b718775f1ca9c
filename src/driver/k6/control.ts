/**
 * The door at which the script's setup() waits: it tells that k6 has its virtual users ready, and is answered when the
 * lab has fixed the moment at which all loads begin.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HarnessError } from '../../core/errors.ts';
import type { ReadyNote, StartNote } from './script-plan.ts';

/** The longest note that is read: thresholds are a few hundred bytes. */
const MOST_BYTES = 1 << 20;

/** A control door, for one k6 process. */
export interface Control {
  /** Where setup() posts its note. */
  readonly url: string;
  /** What it said; pending until then. Never rejects. */
  readonly ready: Promise<ReadyNote>;
  /** Answers whoever waits, and whoever comes later. */
  start(note: StartNote): void;
  /** Lets nobody in any more; those who wait are cut off. */
  close(): void;
}

/** Opens one on loopback. Throws a HarnessError of kind `lab` if it can't listen. */
export async function openControl(): Promise<Control> {
  const waiting: ServerResponse[] = [];
  let begin: StartNote | undefined;
  let tellReady: (note: ReadyNote) => void = () => {};
  const ready = new Promise<ReadyNote>((resolve) => {
    tellReady = resolve;
  });
  const server = createServer((request, response) => {
    readNote(request).then(
      (note) => {
        if (!note) return answer(response, 400, {});
        tellReady(note);
        if (begin) answer(response, 200, begin);
        else waiting.push(response);
      },
      // It went away before it had said all.
      () => response.destroy(),
    );
  });
  // The script waits as long as the lab needs.
  server.requestTimeout = 0;
  server.timeout = 0;
  await listening(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/ready`,
    ready,
    start(note) {
      begin = note;
      for (const response of waiting.splice(0)) answer(response, 200, note);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new HarnessError('lab', `no port for k6 to announce itself: ${error.message}`));
    });
    server.listen(0, '127.0.0.1', resolve);
  });
}

/** The note in a request; undefined if it is none. */
async function readNote(request: IncomingMessage): Promise<ReadyNote | undefined> {
  if (request.method !== 'POST' || request.url !== '/ready') return undefined;
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MOST_BYTES) return undefined;
  }
  try {
    const note = JSON.parse(text) as Partial<ReadyNote> | null;
    const { thresholds } = note ?? {};
    return typeof thresholds === 'object' && thresholds !== null ? { thresholds } : undefined;
  } catch {
    return undefined;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
