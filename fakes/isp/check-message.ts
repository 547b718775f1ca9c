/** Finds out about a client and its message: SPF, DKIM and DMARC by mailauth, all lookups in the simulated world. */
import type { AuthenticateOptions } from 'mailauth';
import { getDomain } from 'tldts';
import type { ClientFindings, Existence, MessageFindings, SpfResult } from './authentication.ts';
import { headerField } from './header.ts';
import { isFailure, type LabResolver } from './lab-resolver.ts';
import { domainOf } from './render.ts';
import { headerFields, reportOnHeader } from './rfc5322.ts';
import type { Judged, UnsignedMail } from './unsigned-mail.ts';

/** What a client has said and where it comes from. */
export interface Client {
  /** Its address as the world's DNS knows it. */
  readonly address: string;
  readonly helo: string;
  /** MAIL FROM, '' for a bounce. */
  readonly sender: string;
  readonly tls: boolean;
}

/** Smallest RSA key that counts, in bits: what Gmail and Yahoo ask for (G-GUIDE, Y-BP), and RFC 8301 section 3.2. */
const LEAST_KEY_BITS = 1024;

/** As mailauth does, which decides about DMARC: private suffixes such as blogspot.com end an organisation too. */
const SUFFIXES = { allowIcannDomains: true, allowPrivateDomains: true };

/** The organisational domain of a name by the Public Suffix List (RFC 7489 section 3.2); the name itself if it has none. */
export function organisationOf(domain: string): string {
  return getDomain(domain, SUFFIXES) ?? domain;
}

let library: Promise<typeof import('mailauth')> | undefined;

/** Loads what `checkMessage` needs, which takes a moment and 35 MB; so it is not done where nobody is checked. */
export async function prepareChecks(): Promise<typeof import('mailauth')> {
  // Once: to import what is there already costs as much as to look at a header.
  library ??= import('mailauth');
  return library;
}

/** Checks a client when it says MAIL. `ownNames`: those of the ISP's hosts, in small letters. */
export function checkClient(
  resolver: LabResolver,
  client: Client,
  ownNames: ReadonlySet<string>,
): ClientFindings {
  const { address, helo, sender, tls } = client;
  return {
    tls,
    ipv6: address.includes(':'),
    reverse: resolver.reverse(address),
    ownHelo: ownNames.has(helo.toLowerCase()),
    mailDomain: sender === '' ? 'exists' : existenceOf(resolver, domainOf(sender)),
  };
}

/**
 * Checks a message.
 * @param content all of it, without dot-stuffing
 * @param mta the ISP's own name
 * @param unsigned what is known of mail that nobody has signed; undefined: nothing is remembered
 */
export async function checkMessage(
  resolver: LabResolver,
  client: Client,
  content: Buffer,
  mta: string,
  unsigned?: UnsignedMail,
): Promise<MessageFindings> {
  await prepareChecks();
  const head = headOf(content);
  const header = reportOnHeader(headerFields(head));
  // Of what nobody has signed, DKIM hashes nothing; that way it does not read it either.
  const isSigned = headerField(head, 'DKIM-Signature') !== undefined;
  const judge = (resolve: LabResolver['resolve']): Promise<Judged> => {
    const message = isSigned ? content : Buffer.from(head, 'latin1');
    return judgeMessage({ ...resolver, resolve }, client, message, mta, header.fromDomain);
  };
  const judged =
    unsigned && !isSigned
      ? await unsigned.judged(head, client, resolver.resolve, judge)
      : await judge(resolver.resolve);
  return { header, ...judged };
}

/** Judges who sends a message, from `fromDomain` by its header. */
async function judgeMessage(
  resolver: LabResolver,
  client: Client,
  message: Buffer,
  mta: string,
  fromDomain: string,
): Promise<Judged> {
  const { authenticate } = await prepareChecks();
  const options: AuthenticateOptions = {
    ip: client.address,
    helo: client.helo,
    sender: client.sender,
    mta,
    minBitLength: LEAST_KEY_BITS,
    resolver: resolver.resolve,
    disableArc: true,
    disableBimi: true,
  };
  const { dkim, ...found } = await authenticate(message, options);
  const spf = found.spf || undefined;
  const dmarc = found.dmarc || undefined;
  const organisation = organisationOf(fromDomain);
  const isAligned = (domain: string, strict = false): boolean =>
    fromDomain !== '' && (strict ? domain === fromDomain : organisationOf(domain) === organisation);

  const spfResult = (spf?.status.result ?? 'none') as SpfResult;
  const spfDomain = spfResult === 'pass' ? (spf?.domain ?? '') : '';
  const signatures = dkim.results.map(({ signingDomain, status }) => ({
    domain: signingDomain?.toLowerCase() ?? '',
    result: dkimResult(status.result),
  }));
  const passing = signatures.filter(({ result }) => result === 'pass');
  const best =
    passing.find(({ domain }) => isAligned(domain)) ??
    passing[0] ??
    signatures.find(({ result }) => result === 'temperror') ??
    signatures[0];

  // mailauth 4 reads adkim=s and aspf=s, and then takes the organisation for the domain all the same.
  const { spf: spfMode, dkim: dkimMode } = dmarc?.alignment ?? {};
  const isDmarcPass =
    isAligned(spfDomain, spfMode?.strict) ||
    passing.some(({ domain }) => isAligned(domain, dkimMode?.strict));
  const policy = policyOf(dmarc?.policy);
  const known = policy === undefined ? 'none' : isDmarcPass ? 'pass' : 'fail';
  return {
    fromDomain,
    organisation,
    fromExists: fromDomain === '' ? 'exists' : existenceOf(resolver, fromDomain),
    spf: { result: spfResult, open: /(^|\s)\+?all(\s|$)/i.test(spf?.rr ?? '') },
    dkim: best ?? { result: 'none', domain: '' },
    dmarc: { result: dmarc?.status.result === 'temperror' ? 'temperror' : known, policy },
    aligned: isAligned(spfDomain) || passing.some(({ domain }) => isAligned(domain)),
  };
}

/** The header and the empty line after it. */
function headOf(content: Buffer): string {
  const end = content.indexOf('\r\n\r\n');
  return content.toString('latin1', 0, end < 0 ? content.length : end + 4);
}

/** Whether DNS knows a domain: an SOA query that is not answered with "no such name" (Y-ERR). */
function existenceOf(resolver: LabResolver, domain: string): Existence {
  const found = resolver.lookup(domain, 'SOA');
  if (found.records || found.error === 'ENODATA') return 'exists';
  return isFailure(found.error) ? 'temperror' : 'missing';
}

/** mailauth says "neutral" and "policy" of signatures that are there and no good. */
function dkimResult(result: string | undefined): MessageFindings['dkim']['result'] {
  return result === undefined || result === 'none'
    ? 'none'
    : result === 'pass' || result === 'temperror'
      ? result
      : 'fail';
}

function policyOf(policy: string | undefined): MessageFindings['dmarc']['policy'] {
  const found = policy?.trim().toLowerCase();
  return found === 'none' || found === 'quarantine' || found === 'reject' ? found : undefined;
}
