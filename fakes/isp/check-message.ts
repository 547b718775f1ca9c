/** Finds out about a client and its message: SPF, DKIM and DMARC by mailauth, all lookups in the simulated world. */
import type { AuthenticateOptions } from 'mailauth';
import { getDomain } from 'tldts';
import type { ClientFindings, Existence, MessageFindings, SpfResult } from './authentication.ts';
import { isFailure, type LabResolver } from './lab-resolver.ts';
import { domainOf } from './render.ts';
import { headerFields, reportOnHeader } from './rfc5322.ts';

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

/** Loads what `checkMessage` needs, which takes a moment and 35 MB; so it is not done where nobody is checked. */
export async function prepareChecks(): Promise<void> {
  await import('mailauth');
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

/** Checks a message. `content`: all of it, without dot-stuffing. `mta`: the ISP's own name. */
export async function checkMessage(
  resolver: LabResolver,
  client: Client,
  content: Buffer,
  mta: string,
): Promise<MessageFindings> {
  const { authenticate } = await import('mailauth');
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
  const { dkim, ...found } = await authenticate(content, options);
  const spf = found.spf || undefined;
  const dmarc = found.dmarc || undefined;
  const header = reportOnHeader(headerFields(headOf(content)));
  const organisation = organisationOf(header.fromDomain);
  const passing = dkim.results.filter(({ status }) => status.result === 'pass');
  const isAligned = (domain: string): boolean =>
    organisation !== '' && organisationOf(domain.toLowerCase()) === organisation;
  const best =
    passing.find(({ signingDomain }) => isAligned(signingDomain)) ??
    passing[0] ??
    dkim.results.find(({ status }) => status.result === 'temperror') ??
    dkim.results[0];
  const spfResult = (spf?.status.result ?? 'none') as SpfResult;
  return {
    header,
    fromDomain: header.fromDomain,
    organisation,
    fromExists: header.fromDomain === '' ? 'exists' : existenceOf(resolver, header.fromDomain),
    spf: { result: spfResult, open: /(^|\s)\+?all(\s|$)/i.test(spf?.rr ?? '') },
    dkim: {
      result: dkimResult(best?.status.result),
      domain: best?.signingDomain?.toLowerCase() ?? '',
    },
    dmarc: {
      result: dmarcResult(dmarc?.status.result),
      policy: policyOf(dmarc?.policy),
    },
    aligned:
      passing.some(({ signingDomain }) => isAligned(signingDomain)) ||
      (spfResult === 'pass' && isAligned(spf?.domain ?? '')),
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

function dmarcResult(result: string | undefined): MessageFindings['dmarc']['result'] {
  return result === 'pass' || result === 'fail' || result === 'temperror' ? result : 'none';
}

function policyOf(policy: string | undefined): MessageFindings['dmarc']['policy'] {
  const found = policy?.trim().toLowerCase();
  return found === 'none' || found === 'quarantine' || found === 'reject' ? found : undefined;
}
