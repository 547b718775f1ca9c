/** The ground that a run stands on: the sealed internet, or loopback addresses with mapped ports. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream';
import { startDns } from '../../../fakes/dns.ts';
import type { DnsTrouble } from '../../../fakes/dns-answer.ts';
import { buildZones, type DkimRecord, type ZoneSpec } from '../../../fakes/zones.ts';
import { HarnessError } from '../../core/errors.ts';
import { platform } from '../../core/process.ts';
import { type LabProof, loopbackOnly } from '../../core/proof.ts';
import type { SigningKey } from '../../driver/message/dkim.ts';
import type { Account, MtaSource } from '../../mta/adapter.ts';
import { MAILROOM, mailroomHost, RESOLVER, SENDER_PAGES } from '../../scenario/addresses.ts';
import type { Plan } from '../../scenario/plan.ts';
import type { LabKind } from '../messages.ts';
import { proveSealed, raiseInternet } from './seal.ts';
import { makeSigningKeys, type SigningKeys } from './signing-keys.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Where everything of a run lives. Addresses are the real ones of this network. */
export interface LabNetwork {
  readonly lab: LabKind;
  readonly proof: LabProof;
  /** What comes before a command that belongs to the MTA's side. */
  readonly enterHost: (argv: readonly string[]) => readonly string[];
  /** A process of the MTA's side, by whose number its network is found in /proc; undefined without a seal. */
  readonly hostPid: number | undefined;
  /** What the DNS of the simulated world is made from. */
  readonly zones: ZoneSpec;
  /** What the driver signs mail with; the zones have the public keys. */
  readonly signingKeys: readonly SigningKey[];
  readonly mailroom: Endpoint;
  /** Where the senders' web server is to listen, for clicks that unsubscribe. */
  readonly web: Endpoint;
  /** Where ISPs show senders what they know of them, by HTTPS. */
  readonly senderPages: Readonly<Record<keyof typeof SENDER_PAGES, Endpoint>>;
  /** Where each ISP is to listen, by index. */
  readonly listen: readonly (readonly Endpoint[])[];
  /** The sources as the MTA can bind them here. */
  readonly sources: readonly MtaSource[];
  /** Makes lookups of a domain and all below it ('': of everything) fail, or work again. Nothing without a seal, where nobody asks. */
  troubleDns(domain: string, trouble: DnsTrouble | undefined): void;
  close(): Promise<void>;
}

/**
 * Raises the network. `accounts`: users and groups that a seal has, whether the machine does or not. Throws a HarnessError of kind `lab` that names the feature if this place can't hold the plan.
 */
export function openNetwork(
  lab: LabKind,
  plan: Plan,
  folder: string,
  accounts: readonly Account[] = [],
): Promise<LabNetwork> {
  return lab === 'sealed' ? openSealed(plan, folder, accounts) : Promise.resolve(openLoopback(plan));
}

async function openSealed(plan: Plan, folder: string, accounts: readonly Account[]): Promise<LabNetwork> {
  const sources = plan.sources.map((s) => s.address);
  const host = await raiseInternet({ sources, resolver: RESOLVER, accounts });
  const proof = proveSealed();
  const { keys, records } = signingKeysOf(plan);
  const zones = zonesOf(plan, records);
  const troubles = new Map<string, DnsTrouble>();
  const dns = await openDns(zones, troubles, folder);
  return {
    lab: 'sealed',
    proof,
    enterHost: (argv) => host.enter(argv),
    hostPid: host.pid,
    zones,
    signingKeys: keys,
    mailroom: { address: MAILROOM, port: 25 },
    web: { address: MAILROOM, port: 443 },
    senderPages: {
      'postmaster-tools': { address: SENDER_PAGES['postmaster-tools'].address, port: 443 },
      snds: { address: SENDER_PAGES.snds.address, port: 443 },
    },
    listen: plan.isps.map(({ mx }) => {
      const addresses = mx.flatMap((group) => group.hosts.flatMap((host) => host.addresses));
      return [...new Set(addresses)].map((address) => ({ address, port: 25 }));
    }),
    sources: plan.sources,
    troubleDns(domain, trouble) {
      if (trouble === undefined) troubles.delete(domain);
      else troubles.set(domain, trouble);
    },
    async close() {
      await dns.stop();
      await host.stop();
    },
  };
}

function openLoopback(plan: Plan): LabNetwork {
  // An MTA that its user has pointed here must find everything where it was told, and binds what it binds.
  const { external } = plan.mta;
  const most = platform === 'linux' ? 250 * 250 : 1;
  if (plan.sources.length > most) {
    throw new HarnessError(
      'lab',
      `this scenario sends from ${plan.sources.length} sources, which needs a seal`,
      {
        hint: `without a seal ${platform} has ${most === 1 ? 'one loopback address' : `${most} loopback addresses`} to send from`,
      },
    );
  }
  const { keys, records } = signingKeysOf(plan);
  return {
    lab: 'loopback',
    proof: loopbackOnly(),
    enterHost: (argv) => argv,
    hostPid: undefined,
    zones: zonesOf(plan, records),
    signingKeys: keys,
    mailroom: { address: '127.0.0.1', port: external?.firstPort ?? 0 },
    web: { address: '127.0.0.1', port: 0 },
    senderPages: {
      'postmaster-tools': { address: '127.0.0.1', port: 0 },
      snds: { address: '127.0.0.1', port: 0 },
    },
    listen: plan.isps.map((_, i) => [
      { address: '127.0.0.1', port: external ? external.firstPort + 1 + i : 0 },
    ]),
    sources: sourcesOn('loopback', plan),
    troubleDns: () => {},
    close: async () => {},
  };
}

/** The sources as the MTA can bind them. */
export function sourcesOn(
  lab: LabKind,
  { sources, mta }: Pick<Plan, 'sources'> & Partial<Pick<Plan, 'mta'>>,
): readonly MtaSource[] {
  // An MTA of the user's own binds what it is configured to.
  if (lab === 'sealed' || mta?.external) return sources;
  return sources.map((source, i) => ({
    ...source,
    address: platform === 'linux' ? loopbackSource(i) : '127.0.0.1',
  }));
}

/** The domains that the plan sends from: names for a certificate of the senders' web server. */
export function senderDomains({ senders }: Pick<Plan, 'senders'>): [string, ...string[]] {
  const [first = 'sender.test', ...others] = senders.map(({ domain }) => domain);
  return [first, ...others];
}

/** 127.1.0.1, 127.1.0.2 …: every address of 127.0.0.0/8 is local on Linux. */
function loopbackSource(index: number): string {
  return `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

/** A key of each kind that the plan signs with; one for DNS to publish if nothing is signed. */
function signingKeysOf({ loads }: Plan): SigningKeys {
  const kinds = new Set(loads.flatMap(({ message: { dkim } }) => (dkim === 'none' ? [] : [dkim])));
  // Where nobody signs DNS has a key all the same: one that is made at once. An RSA key takes 0.1 s.
  return makeSigningKeys(kinds.size === 0 ? ['ed25519'] : [...kinds]);
}

/** The simulated world's DNS as its ISPs see it, whatever the ground. */
function zonesOf(plan: Plan, dkim: readonly DkimRecord[]): ZoneSpec {
  return {
    isps: plan.isps.flatMap(({ mx }) => mx.map(({ domains, hosts }) => ({ domains, mx: hosts }))),
    senders: plan.senders.map((sender) => ({
      domain: sender.domain,
      spf: sender.spf,
      dkim: sender.dkim === 'none' ? [] : dkim,
      dmarc: sender.dmarc,
      mx: [{ host: mailroomHost(sender.domain), addresses: [MAILROOM] }],
      web: [MAILROOM],
    })),
    sources: plan.sources.map(({ address, helo }) => ({ address, helo })),
    hosts: Object.values(SENDER_PAGES).map(({ host, address }) => ({ host, addresses: [address] })),
    resolverAddresses: [RESOLVER],
  };
}

/** DNS for the whole sealed world, with a log of what was asked. */
async function openDns(
  zones: ZoneSpec,
  troubles: ReadonlyMap<string, DnsTrouble>,
  folder: string,
): Promise<{ stop(): Promise<void> }> {
  const log = createWriteStream(join(folder, 'dns.log'));
  // A full disk ends the log, not the run.
  log.on('error', () => {});
  const dns = await startDns({
    address: RESOLVER,
    port: 53,
    zones: buildZones(zones),
    troubled: (name) => (troubles.size > 0 ? troubleOf(name, troubles) : undefined),
    onQuery: ({ name, type, transport, rcode, from }) =>
      log.write(`${from} ${transport} ${type} ${name} ${rcode}\n`),
  });
  return {
    async stop() {
      await dns.stop();
      await new Promise<void>((resolve) => finished(log.end(), () => resolve()));
    },
  };
}

/** What is wrong with a name: what is wrong with the nearest domain that it is in. */
function troubleOf(name: string, troubles: ReadonlyMap<string, DnsTrouble>): DnsTrouble | undefined {
  const labels = [...name.split('.'), ''];
  const trouble = labels.map((_, at) => troubles.get(labels.slice(at, -1).join('.')));
  return trouble.find((found) => found !== undefined);
}
