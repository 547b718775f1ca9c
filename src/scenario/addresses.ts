/**
 * Who lives where in the sealed internet. ISP hosts have their real names, but addresses from the ranges reserved
 * for benchmarking: 198.18.0.0/15 (RFC 2544) and 2001:2::/48 (RFC 5180).
 */

/** The lab's resolver. */
export const RESOLVER = '198.18.0.53';

/** The sender's mailboxes: DSNs, complaint reports, unsubscribes. */
export const MAILROOM = '198.18.0.25';

/** Where ISPs show senders what they know of them, by what they call it: host names are the real ones. */
export const SENDER_PAGES = {
  'postmaster-tools': { host: 'gmailpostmastertools.googleapis.com', address: '198.18.0.80' },
  snds: { host: 'sendersupport.olc.protection.outlook.com', address: '198.18.0.81' },
} as const;

/** The host name of the mailroom in a sender's domain. */
export function mailroomHost(senderDomain: string): string {
  return `mx.${senderDomain}`;
}

/** Domains that share mail hosts. Hosts may share addresses. */
export interface PlannedMailGroup {
  readonly domains: readonly string[];
  readonly hosts: readonly {
    readonly host: string;
    readonly preference: number;
    readonly addresses: readonly string[];
  }[];
}

/** Addresses of the `mx`-th mail host of the `isp`-th ISP; an IPv6 address only where the ISP has one. */
export function mxAddresses(isp: number, mx: number, ipv6: boolean): string[] {
  const v4 = `198.18.${16 + isp}.${10 + mx}`;
  return ipv6 ? [v4, `2001:2:0:${(0x100 + isp).toString(16)}::${(mx + 1).toString(16)}`] : [v4];
}

/** Who in the lab an address belongs to, so that no source of the MTA takes it; undefined if it is free. */
export function ownerOf(address: string): string | undefined {
  if (address === RESOLVER) return 'the resolver';
  if (address === MAILROOM) return 'the mailroom';
  if (Object.values(SENDER_PAGES).some((page) => page.address === address))
    return "the ISPs' pages for senders";
  if (/^198\.18\.(1[6-9]|[2-9]\d|1[01]\d|12[0-7])\.|^2001:2:0:[1-9a-f][0-9a-f]{2}:/.test(address))
    return 'the mail hosts of the ISPs';
  return undefined;
}
