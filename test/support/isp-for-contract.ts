/** An ISP that listens for a contract test, with all that it observes. */
import type { Certificates } from '../../fakes/isp/certificates.ts';
import { loadProfile } from '../../fakes/isp/profile.ts';
import type { EngineName } from '../../fakes/isp/protocol.ts';
import { type ResolvedIsp, type ResolveOptions, resolveIsp } from '../../fakes/isp/resolve.ts';
import type { IspObserver } from '../../fakes/isp/session.ts';
import { type Sink, startSink } from '../../fakes/isp/sink.ts';
import { asset } from '../../src/core/assets.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { createPrng, Purpose } from '../../src/core/prng.ts';
import { SmtpClient } from './smtp-client.ts';

export const CONTRACT_ISPS = ['gmail', 'yahoo', 'outlook', 'generic'] as const;
export type ContractIsp = (typeof CONTRACT_ISPS)[number];

/** What an engine can't do. This is the one list of exceptions that the contract suite makes. */
export const CANNOT: Readonly<Record<EngineName, ReadonlySet<Feature>>> = {
  native: new Set(),
  'smtp-server': new Set([
    'words for errors',
    'chunks',
    'tls',
    'line lengths',
    'courtesies',
    'half-open',
    'idle',
  ]),
};

/** What a dialogue needs of an engine beyond taking messages in the ISP's words. */
export type Feature =
  | 'words for errors' // protocol errors are answered in the ISP's words; the library has its own
  | 'chunks' // BDAT (RFC 3030)
  | 'tls' // STARTTLS (RFC 3207)
  | 'line lengths' // lines of commands and messages that are too long
  | 'courtesies' // VRFY and HELP in the ISP's words
  | 'half-open' // a client that sends its FIN with its last command still hears the replies
  | 'idle'; // the profile's timeout

const prng = createPrng(42);
const WALL = new Date('2026-02-25T11:12:39.245Z');

/** The profile of an ISP in the contract suite. */
export function contractProfile(name: ContractIsp): ReturnType<typeof loadProfile> {
  return loadProfile(name === 'generic' ? asset('test/support/generic-isp/profile.yaml') : name);
}

/** An address that has the fate at this seed, found by asking chance as the policy does. `fine`: it takes mail. */
export function addressWith(name: ContractIsp, fate: string): string {
  const isp = resolveIsp(contractProfile(name), { scale: 1 });
  for (let mailbox = 0; ; mailbox++) {
    const address = `u${mailbox}.0@${isp.domains[0]}`;
    const at = prng.chance(Purpose.mailboxFate, prng.hash(address), isp.number);
    const bounds = isp.mailboxes.map((_, kind) =>
      isp.mailboxes.slice(0, kind + 1).reduce((sum, m) => sum + m.share, 0),
    );
    const met = isp.mailboxes[bounds.findIndex((bound) => at < bound)];
    if ((met?.name ?? 'fine') === fate) return address;
  }
}

/** What an ISP observed, in words. */
export interface Observed {
  readonly outcomes: string[];
  readonly attempts: string[];
  readonly connections: string[];
  readonly bytes: number[];
}

export interface OpenIsp extends Observed {
  readonly client: SmtpClient;
  readonly sink: Sink;
  readonly clock: VirtualClock;
}

interface Context {
  after(act: () => unknown): void;
}

/** Starts an ISP with a client, and stops both after the test. */
export async function openIsp(
  t: Context,
  name: ContractIsp,
  engine: EngineName,
  options: Partial<ResolveOptions> & {
    readonly change?: (isp: ResolvedIsp) => ResolvedIsp;
    readonly certificates?: Certificates;
  } = {},
): Promise<OpenIsp> {
  const { change = (isp) => isp, certificates, ...resolve } = options;
  const clock = new VirtualClock();
  const observed: Observed = { outcomes: [], attempts: [], connections: [], bytes: [] };
  const observer: IspObserver = {
    connectionOpened: () => void observed.connections.push('opened'),
    replyLost: (e) => void observed.attempts.push(`${e.recipient}: reply lost`),
    connectionClosed: (e) => void observed.connections.push(`closed after ${e.transactions}`),
    attempt: (e) =>
      void observed.attempts.push(`${e.recipient} ${e.outcome} at ${e.stage}, message ${e.headerMessage}`),
    transaction: (e) => {
      observed.outcomes.push(e.outcome);
      observed.bytes.push(e.bytes);
    },
  };
  const resolved = resolveIsp(contractProfile(name), { scale: 1, ...resolve });
  const sink = await startSink({
    isp: change({ ...resolved, engine }),
    listen: [{ address: '127.0.0.1', port: 0 }],
    clock,
    prng,
    observer,
    sourceOf: () => 0,
    wall: () => WALL,
    certificates,
  });
  const client = connectTo(t, sink);
  t.after(() => sink.stop());
  return { client, sink, clock, ...observed };
}

/** One more client of an ISP. */
export function connectTo(t: Context, sink: Sink): SmtpClient {
  const client = new SmtpClient(sink.addresses[0] as { address: string; port: number }, masked);
  t.after(() => client.destroy());
  return client;
}

/** A line with ids masked, those of Gmail and Microsoft. */
function masked(line: string): string {
  return line
    .replace(/[0-9a-f]{13}-[0-9a-f]{11}si\d{5,8}[0-9a-z]{2,3}\.\d{1,3}/, '{gid}')
    .replace(/\[[A-Z0-9]+\.\w+prd\d\d\.prod\.outlook\.com 2026-02-25T11:12:39\.245Z [0-9A-F]{16}\]/, '{tok}')
    .replace(/\[[0-9A-F]{16}\]/, '[{sid}]')
    .replace(/InternalId=\d{14}/, 'InternalId={iid}')
    .replace(/\d+ bytes in 0\.222, \d+\.\d{3} KB/, '{bytes} bytes in 0.222, {kbs} KB');
}

/** A message with its number in the header, and the dot that ends it. */
export function messageText(body = 'Hello'): string {
  return `X-Windtunnel-Message: 1\r\nMessage-ID: <1@news.sender.test>\r\n\r\n${body}\r\n.`;
}
