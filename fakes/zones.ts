/**
 * The records of the simulated DNS, made from the ISPs, senders and sources of a run. Pure: no sockets, no wire
 * format. fakes/dns.ts answers from them.
 */
import { isIP } from 'node:net';
import { HarnessError } from '../src/core/errors.ts';

/** What the world's DNS is made from. */
export interface ZoneSpec {
  readonly isps: readonly { readonly domains: readonly string[]; readonly mx: readonly MailHost[] }[];
  readonly senders: readonly SenderDomain[];
  /** Addresses that the MTA sends from. The name in HELO resolves to the address and back (FCrDNS). */
  readonly sources: readonly { readonly address: string; readonly helo: string }[];
  /** Hosts that take no mail. */
  readonly hosts?: readonly { readonly host: string; readonly addresses: readonly string[] }[];
  /** The name server that every zone names; `ns.windtunnel.test` unless given. */
  readonly resolverName?: string;
  /** The addresses of that name server; it has no address records if there are none. */
  readonly resolverAddresses?: readonly string[];
}

/** A mail host with its preference in the MX record (RFC 5321 section 5.1) and its addresses, IPv4 or IPv6. */
export interface MailHost {
  readonly host: string;
  readonly preference: number;
  readonly addresses: readonly string[];
}

/** A sending domain. null: no such record. */
export interface SenderDomain {
  readonly domain: string;
  /** The SPF record as written, or `auto` for one that passes for exactly the sources (RFC 7208). */
  readonly spf: string | 'auto' | null;
  readonly dkim: readonly DkimRecord[];
  /** The DMARC record as written, with or without its `v=DMARC1` tag (RFC 7489 section 6.3). */
  readonly dmarc: string | null;
  /** Where mail to the domain goes: the mailroom. All with preference 10. */
  readonly mx: readonly { readonly host: string; readonly addresses: readonly string[] }[];
  /** Addresses of its web server; absent: it has none. A domain that is also a source's name in HELO has that source's. */
  readonly web?: readonly string[];
}

/** A DKIM key as DNS publishes it. */
export interface DkimRecord {
  readonly selector: string;
  readonly type: 'rsa' | 'ed25519';
  /**
   * Of an RSA key the SubjectPublicKeyInfo, base64 or PEM (RFC 6376 section 3.6.1), of an Ed25519 key its 32 bytes in
   * base64 (RFC 8463 section 4).
   */
  readonly publicKey: string;
}

/** Lifetimes of what resolvers may keep, in seconds. */
export interface Ttls {
  readonly records: number;
  /** Of answers that say "no such name" or "no such type" (the SOA's minimum, RFC 2308 section 4). */
  readonly negative: number;
}

export type DnsRecord = { readonly name: string; readonly ttl: number } & RecordData;

export type RecordData =
  | { readonly type: 'A' | 'AAAA' | 'NS' | 'PTR' | 'TXT'; readonly data: string }
  | { readonly type: 'MX'; readonly data: { readonly preference: number; readonly exchange: string } }
  | { readonly type: 'SOA'; readonly data: Soa };

/** The start of authority of a zone (RFC 1035 section 3.3.13); times in seconds. */
export interface Soa {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/**
 * Every name that exists, in lower case, the root as ''. A name without records is one that only has names below
 * it, such as `_domainkey.news.sender.test` (an empty non-terminal, RFC 8020).
 */
export type Zones = ReadonlyMap<string, readonly DnsRecord[]>;

/** Longest TXT record that still fits into a response over TCP with all around it. */
const LONGEST_TXT = 60_000;

/**
 * Makes the records of the whole world. The zones are the root, the two reverse trees, every domain, and for each
 * host that is in none of these, its parent (`l.google.com`).
 * @throws HarnessError (invalid-scenario) for a name or address that DNS can't hold, or an SPF record that is too long
 */
export function buildZones(spec: ZoneSpec, ttls: Ttls = { records: 60, negative: 60 }): Zones {
  const resolver = spec.resolverName ?? 'ns.windtunnel.test';
  const builder = new ZoneBuilder(resolver, ttls);
  for (const apex of ['', 'in-addr.arpa', 'ip6.arpa']) builder.zone(apex);
  for (const { domains } of spec.isps) for (const domain of domains) builder.zone(domain);
  for (const { domain } of spec.senders) builder.zone(domain);

  // Sources come first: an address has one PTR, and theirs is the one that ISPs check.
  for (const { address, helo } of spec.sources) builder.host(helo, [address]);
  builder.host(resolver, spec.resolverAddresses ?? []);
  for (const { host, addresses } of spec.hosts ?? []) builder.host(host, addresses);
  for (const { domains, mx } of spec.isps) {
    for (const { host, addresses } of mx) builder.host(host, addresses);
    for (const domain of domains) for (const { host, preference } of mx) builder.mx(domain, preference, host);
  }
  for (const sender of spec.senders) {
    for (const { host, addresses } of sender.mx) {
      builder.host(host, addresses);
      builder.mx(sender.domain, 10, host);
    }
    if (!spec.sources.some(({ helo }) => helo.toLowerCase() === sender.domain.toLowerCase()))
      builder.host(sender.domain, sender.web ?? []);
    for (const [name, text] of authentication(sender, spec.sources))
      builder.add(name, { type: 'TXT', data: text });
  }
  return builder.names;
}

/** The name that the PTR record of an address has: below in-addr.arpa (RFC 1035 3.5) or ip6.arpa (RFC 3596 2.5). */
export function reverseName(address: string): string {
  switch (isIP(address)) {
    case 4:
      return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
    case 6:
      return `${[...hexDigits(address)].reverse().join('.')}.ip6.arpa`;
    default:
      throw new HarnessError('invalid-scenario', `found "${address}"; expected an IPv4 or IPv6 address`);
  }
}

/** The SOA record of the zone that a name is in or would be in. */
export function soaAbove(zones: Zones, name: string): DnsRecord & { type: 'SOA' } {
  for (let at = name; ; at = parent(at)) {
    const soa = zones.get(at)?.find((record) => record.type === 'SOA');
    if (soa?.type === 'SOA') return soa;
    if (at === '') throw new Error('these zones have no root');
  }
}

class ZoneBuilder {
  readonly names = new Map<string, DnsRecord[]>();
  readonly #resolver: string;
  readonly #ttls: Ttls;
  readonly #apexes = new Set<string>();
  readonly #reversed = new Set<string>();
  readonly #seen = new Set<string>();

  constructor(resolver: string, ttls: Ttls) {
    this.#resolver = resolver;
    this.#ttls = ttls;
  }

  /** Begins a zone: its SOA and NS records. */
  zone(apex: string): void {
    const name = apex.toLowerCase();
    this.#apexes.add(name);
    const rname = name === '' ? 'hostmaster' : `hostmaster.${name}`;
    const times = { refresh: 3600, retry: 600, expire: 86_400, minimum: this.#ttls.negative };
    this.add(name, { type: 'SOA', data: { mname: this.#resolver, rname, serial: 1, ...times } });
    this.add(name, { type: 'NS', data: this.#resolver });
  }

  /** A host with its addresses, in the zone that encloses it or in one of its own, and the way back from each. */
  host(host: string, addresses: readonly string[]): void {
    const name = host.toLowerCase();
    requireName(name);
    if (!this.#isInside(name)) this.zone(parent(name));
    for (const address of addresses) {
      const reverse = reverseName(address);
      this.add(name, { type: isIP(address) === 6 ? 'AAAA' : 'A', data: address });
      if (!this.#reversed.has(reverse)) this.add(reverse, { type: 'PTR', data: host });
      this.#reversed.add(reverse);
    }
  }

  mx(domain: string, preference: number, exchange: string): void {
    this.add(domain, { type: 'MX', data: { preference, exchange } });
  }

  /** Adds a record once, and every name above it. */
  add(owner: string, data: RecordData): void {
    const name = owner.toLowerCase();
    requireName(name);
    const key = `${name} ${data.type} ${JSON.stringify(data.data)}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    for (let at = name; !this.names.has(at); at = parent(at)) this.names.set(at, []);
    this.names.get(name)?.push({ name, ttl: this.#ttls.records, ...data });
  }

  /** True if a zone other than the root holds this name. */
  #isInside(name: string): boolean {
    for (let at = name; at !== ''; at = parent(at)) if (this.#apexes.has(at)) return true;
    return false;
  }
}

/** Names and texts of a sender's SPF, DKIM and DMARC records. */
function authentication(sender: SenderDomain, sources: ZoneSpec['sources']): [name: string, text: string][] {
  const { domain, spf, dkim, dmarc } = sender;
  const records: [string, string][] = [];
  if (spf !== null) records.push([domain, spf === 'auto' ? spfOf(sources.map((s) => s.address)) : spf]);
  for (const { selector, type, publicKey } of dkim) {
    const key = publicKey.replace(/-----[^-]+-----|\s/g, '');
    records.push([`${selector}._domainkey.${domain}`, `v=DKIM1; k=${type}; p=${key}`]);
  }
  if (dmarc !== null)
    records.push([`_dmarc.${domain}`, /^v=DMARC1\b/i.test(dmarc) ? dmarc : `v=DMARC1; ${dmarc}`]);
  for (const [name, text] of records) {
    if (text.length <= LONGEST_TXT) continue;
    throw new HarnessError('invalid-scenario', `the TXT record of ${name} has ${text.length} characters`, {
      hint: `at most ${LONGEST_TXT} fit into a DNS response; write the spf record yourself, with networks such as ip4:198.18.128.0/24`,
    });
  }
  return records;
}

/** An SPF record that passes for these addresses and fails for all others (RFC 7208 sections 5.1 and 5.6). */
function spfOf(addresses: readonly string[]): string {
  const mechanisms = addresses.map((address) => `ip${isIP(address) === 6 ? 6 : 4}:${address}`);
  return ['v=spf1', ...mechanisms, '-all'].join(' ');
}

/** The name above: `b.test` for `a.b.test`, the root '' for `test`. */
function parent(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

/** RFC 1035 section 2.3.4: labels of 1 to 63 octets, 255 in all on the wire. */
function requireName(name: string): void {
  const labels = name === '' ? [] : name.split('.');
  const fits = name.length <= 253 && labels.every((l) => l.length <= 63 && /^[a-z0-9_-]+$/.test(l));
  if (!fits)
    throw new HarnessError('invalid-scenario', `found "${name}"; expected a host name that DNS can hold`);
}

/** The 32 hexadecimal digits of an IPv6 address. */
function hexDigits(address: string): string {
  // A URL's host is the shortest form, without an embedded IPv4 address.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const tail = groups(right ?? '');
  const head = groups(left);
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join('');
}
