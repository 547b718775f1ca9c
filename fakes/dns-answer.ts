/**
 * What the simulated DNS answers: authoritative for the whole world, without sockets. `answer` deals in packets,
 * `respond` in bytes.
 */
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  CHECKING_DISABLED,
  DNSSEC_OK,
  decode,
  encode,
  type OptAnswer,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { type DnsRecord, soaAbove, type Zones } from './zones.ts';

export type Transport = 'udp' | 'tcp';

/** Response codes (RFC 1035 section 4.1.1; BADVERS: RFC 6891 section 9). */
const RCODES = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type Rcode = keyof typeof RCODES;

const HEADER_BYTES = 12;
const OPCODE_BITS = 0x7800;
/** What a client without EDNS takes over UDP (RFC 1035 section 2.3.4). */
const PLAIN_UDP_BYTES = 512;
/** The most that is sent over UDP; what fits into an IPv6 packet that no link has to split (DNS flag day 2020). */
const MOST_UDP_BYTES = 1232;
const MOST_TCP_BYTES = 65_535;
/** Longest string inside a TXT record (RFC 1035 section 3.3). */
const TXT_STRING_BYTES = 255;

/** Name and type as asked ('' where the question could not be read), and what became of it. */
export interface Answered {
  readonly name: string;
  readonly type: string;
  readonly rcode: Rcode;
}

/** How a name can fail while an incident lasts: an answer that says so, a false "no such name", or silence. */
export const DNS_TROUBLES = ['servfail', 'nxdomain', 'timeout'] as const;
export type DnsTrouble = (typeof DNS_TROUBLES)[number];

/** What is wrong with a name (in small letters, '' for the root) right now, if anything is. */
export type Troubled = (name: string) => DnsTrouble | undefined;

/** The response to a query, whatever its length. It has no question if the query did not have exactly one. */
export function answer(query: Packet, zones: Zones, troubled: Troubled = () => undefined): Packet {
  const [question, ...others] = query.questions ?? [];
  const [opt, ...moreOpts] = opts(query);
  if (((query.flags ?? 0) & OPCODE_BITS) !== 0) return reply(query, 'NOTIMP');
  // One question (RFC 9619), one OPT at the root (RFC 6891 section 6.1.1).
  if (!question || others.length > 0) return reply({ ...query, questions: [] }, 'FORMERR');
  if (moreOpts.length > 0 || (opt && opt.name !== '.')) return reply(query, 'FORMERR');
  if (opt && opt.ednsVersion > 0) return reply(query, 'BADVERS');
  if ((question.class ?? 'IN') !== 'IN' || question.type === 'AXFR' || question.type === 'IXFR')
    return reply(query, 'REFUSED');

  const name = question.name === '.' ? '' : question.name.toLowerCase();
  const type: string = question.type;
  const trouble = troubled(name);
  if (trouble === 'servfail') return reply(query, 'SERVFAIL');
  const records = trouble === 'nxdomain' ? undefined : zones.get(name);
  const answers = (records ?? []).filter((r) => type === 'ANY' || r.type === type);
  if (answers.length === 0) {
    const soa = soaAbove(zones, name);
    // RFC 2308 section 3: the authority's TTL tells for how long the "no" may be kept.
    const authority = { ...soa, ttl: Math.min(soa.ttl, soa.data.minimum) };
    return reply(query, records ? 'NOERROR' : 'NXDOMAIN', { authorities: [toAnswer(authority)] });
  }
  return reply(query, 'NOERROR', {
    answers: answers.map((record) => ({ ...toAnswer(record), name: question.name })),
    additionals: glue(answers, zones),
  });
}

/**
 * The bytes that answer the bytes of a query, cut to what the transport takes, and what to log about it. Undefined
 * for what is not answered: responses, packets without a whole header, and names that time out. Never throws.
 */
export function respond(
  bytes: Buffer,
  zones: Zones,
  transport: Transport,
  troubled: Troubled = () => undefined,
): { bytes: Buffer; answered: Answered } | undefined {
  if (bytes.length < HEADER_BYTES || (bytes.readUInt8(2) & 0x80) !== 0) return undefined;
  const query = readQuery(bytes);
  if (troubled(query.questions?.[0]?.name.toLowerCase() ?? '') === 'timeout') return undefined;
  const response = answer(query, zones, troubled);
  // The question goes back byte for byte: its case (0x20), and whatever else decoding would lose.
  const question =
    response.questions?.length === 1 ? bytes.subarray(HEADER_BYTES, questionEnd(bytes)) : Buffer.alloc(0);
  const rest = fit(response, sizeLimit(query, transport) - question.length);
  rest.writeUInt16BE(question.length > 0 ? 1 : 0, 4);
  return {
    bytes: Buffer.concat([rest.subarray(0, HEADER_BYTES), question, rest.subarray(HEADER_BYTES)]),
    answered: {
      name: query.questions?.[0]?.name ?? '',
      type: query.questions?.[0]?.type ?? '',
      rcode: rcodeOf(response),
    },
  };
}

function reply(
  query: Packet,
  rcode: Rcode,
  sections: Pick<Packet, 'answers' | 'authorities' | 'additionals'> = {},
): Packet {
  const [opt] = opts(query);
  const code = RCODES[rcode];
  const copied = (query.flags ?? 0) & (OPCODE_BITS | RECURSION_DESIRED | CHECKING_DISABLED);
  // Stub resolvers want recursion to be available, authoritative or not.
  const authority = rcode === 'NOERROR' || rcode === 'NXDOMAIN' ? AUTHORITATIVE_ANSWER : 0;
  const additionals: Answer[] = [...(sections.additionals ?? [])];
  if (opt) {
    const flags = opt.flags & DNSSEC_OK;
    const base = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: MOST_UDP_BYTES,
      ednsVersion: 0,
      options: [],
    } as const;
    additionals.push({ ...base, options: [], extendedRcode: code >> 4, flags, flag_do: flags !== 0 });
  }
  return {
    type: 'response',
    id: query.id,
    flags: copied | RECURSION_AVAILABLE | authority | (code & 0xf),
    questions: query.questions ?? [],
    answers: sections.answers ?? [],
    authorities: sections.authorities ?? [],
    additionals,
  };
}

/** Addresses of the hosts that MX and NS records name (RFC 1035 section 3.3.9). */
function glue(answers: readonly DnsRecord[], zones: Zones): Answer[] {
  const hosts = answers.flatMap((r) =>
    r.type === 'MX' ? [r.data.exchange] : r.type === 'NS' ? [r.data] : [],
  );
  return hosts.flatMap((host) =>
    (zones.get(host.toLowerCase()) ?? []).filter((r) => r.type === 'A' || r.type === 'AAAA').map(toAnswer),
  );
}

function toAnswer(record: DnsRecord): Answer {
  const { ttl } = record;
  const name = record.name === '' ? '.' : record.name;
  switch (record.type) {
    case 'TXT':
      return { type: 'TXT', name, ttl, class: 'IN', data: characterStrings(record.data) };
    case 'MX':
      return { type: 'MX', name, ttl, class: 'IN', data: record.data };
    case 'SOA':
      return { type: 'SOA', name, ttl, class: 'IN', data: record.data };
    default:
      return { type: record.type, name, ttl, class: 'IN', data: record.data };
  }
}

function characterStrings(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const strings: Buffer[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += TXT_STRING_BYTES) {
    strings.push(bytes.subarray(at, at + TXT_STRING_BYTES));
  }
  return strings;
}

function opts(packet: Packet): OptAnswer[] {
  return (packet.additionals ?? []).filter((a) => a.type === 'OPT');
}

function rcodeOf(response: Packet): Rcode {
  const code = ((response.flags ?? 0) & 0xf) | ((opts(response)[0]?.extendedRcode ?? 0) << 4);
  return (Object.keys(RCODES) as Rcode[]).find((name) => RCODES[name] === code) ?? 'NOERROR';
}

// --- bytes ---

/** The query, or one that only has the header if the rest can't be read. */
function readQuery(bytes: Buffer): Packet {
  try {
    if (questionEnd(bytes) <= bytes.length) return decode(bytes);
  } catch {
    // What dns-packet can't decode is answered with FORMERR, below.
  }
  return { id: bytes.readUInt16BE(0), flags: bytes.readUInt16BE(2) & 0x7fff, questions: [] };
}

/** Where the first question ends; beyond the packet if it does, or if its name is compressed, which makes no sense. */
function questionEnd(bytes: Buffer): number {
  let at = HEADER_BYTES;
  for (let length = bytes[at]; length !== 0; length = bytes[at]) {
    if (length === undefined || length > 63) return Number.POSITIVE_INFINITY;
    at += 1 + length;
  }
  return at + 5;
}

function sizeLimit(query: Packet, transport: Transport): number {
  if (transport === 'tcp') return MOST_TCP_BYTES;
  const offered = opts(query)[0]?.udpPayloadSize ?? PLAIN_UDP_BYTES;
  return Math.min(MOST_UDP_BYTES, Math.max(PLAIN_UDP_BYTES, offered));
}

/**
 * Encodes a response without its question. What is too long loses first its glue, which nobody misses, then all
 * records, and says so by the TC bit (RFC 2181 section 9).
 */
function fit(response: Packet, room: number): Buffer {
  const whole = { ...response, questions: [] };
  const bare = { ...whole, additionals: opts(response) };
  for (const candidate of [whole, bare]) {
    const bytes = encode(candidate);
    if (bytes.length <= room) return bytes;
  }
  return encode({ ...bare, flags: (response.flags ?? 0) | TRUNCATED_RESPONSE, answers: [], authorities: [] });
}
