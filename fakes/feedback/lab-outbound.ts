/**
 * Hands over what an ISP sends back, by SMTP and by HTTPS, inside the lab: every target is loopback, or there is a
 * proof that nothing else can be reached.
 */
import { request } from 'node:https';
import { isIPv6 } from 'node:net';
import { type LabProof, requireTarget } from '../../src/core/proof.ts';
import type { OneClick } from './one-click.ts';
import type { HandOver, Outbound } from './outbound.ts';
import type { Place, ReturnPath } from './return-path.ts';
import { SmtpLane } from './smtp-lane.ts';

/** Connections of one ISP at a time. */
const LANES = 4;
const CLICK_MS = 60_000;

export interface LabOutboundOptions {
  readonly proof: LabProof;
  readonly path: ReturnPath;
  /** What its servers call themselves. */
  readonly helo: string;
  /** Addresses of the ISP that it can send from; none: whatever the system takes. */
  readonly own: readonly string[];
}

/**
 * Opens no connection until there is something to hand over.
 * @throws HarnessError of kind `usage` if a target is one that mail must not be sent to
 */
export function labOutbound({ proof, path, helo, own }: LabOutboundOptions): Outbound {
  for (const { address } of [path.mail, path.https]) requireTarget(proof, address);
  const fromFor = ({ address }: Place): string | undefined =>
    own.find((one) => isIPv6(one) === isIPv6(address));
  const lanes = Array.from(
    { length: LANES },
    () => new SmtpLane({ to: path.mail, from: fromFor(path.mail), helo }),
  );
  const free = [...lanes];
  const clicks = new Set<() => void>();
  return {
    lanes: LANES,
    mail(mail, done) {
      const lane = free.pop();
      if (!lane) throw new Error('more mails than lanes');
      void lane.send(mail).then((came) => {
        free.push(lane);
        done(came);
      });
    },
    click(click, done) {
      const cancel = post(click, path, fromFor(path.https), (came) => {
        clicks.delete(cancel);
        done(came);
      });
      clicks.add(cancel);
    },
    close() {
      for (const lane of lanes) lane.close();
      for (const cancel of clicks) cancel();
    },
  };
}

/** POSTs to the lab's own server, whatever the URL's host resolves to elsewhere (RFC 8058 section 3.1). */
function post(
  { url, body }: OneClick,
  { https, caPem }: ReturnPath,
  from: string | undefined,
  done: (came: HandOver) => void,
): () => void {
  const { hostname, host, pathname, search } = new URL(url);
  let isOver = false;
  const end = (came: HandOver): void => {
    if (!isOver) done(came);
    isOver = true;
  };
  const asked = request(
    {
      host: https.address,
      port: https.port,
      ...(from !== undefined && { localAddress: from }),
      servername: hostname,
      ca: caPem,
      agent: false,
      method: 'POST',
      path: pathname + search,
      timeout: CLICK_MS,
      headers: {
        host,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      },
    },
    (answer) => {
      answer.resume();
      answer.on('error', () => end('later'));
      answer.on('end', () => end(meaningOf(answer.statusCode ?? 0)));
    },
  );
  asked.on('timeout', () => asked.destroy());
  asked.on('error', () => end('later'));
  asked.on('close', () => end('later'));
  asked.end(body);
  return () => asked.destroy();
}

/** A redirection is no success: a POST must not be redirected (RFC 8058 section 3.1). */
function meaningOf(status: number): HandOver {
  if (status >= 200 && status < 300) return 'taken';
  return status >= 500 || status === 408 || status === 429 ? 'later' : 'refused';
}
