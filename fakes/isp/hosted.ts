/**
 * Which mail hosts take mail for which domains. An ISP has consumer domains, and may host domains of customers on
 * mail hosts of their own; the limits of both are one.
 */
import type { ProfileData } from './profile-schema.ts';
import type { MailGroup, MailGroupHost } from './resolved-isp.ts';

type ProfileHost = ProfileData['mx'][number];

/** Names for so many customers of an ISP. */
export function customerDomains(isp: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `customer${index + 1}.${isp}.test`);
}

/** The consumer domains and the hosted ones, in groups that share all their mail hosts. */
export function mailGroups(profile: ProfileData, hosted: readonly string[]): MailGroup[] {
  const consumer = placed(profile.mx, 0);
  const customers = placed(
    profile.hosted?.mx ?? [],
    profile.mx.reduce((sum, h) => sum + h.addresses, 0),
  );
  return [...groupsOf(profile.domains, consumer), ...groupsOf(hosted, customers)];
}

/** The names that certificates of all these hosts must have. */
export function certifiedNames(groups: readonly MailGroup[]): string[] {
  return [...new Set(groups.flatMap(({ hosts }) => hosts.map((host) => host.certified)))];
}

type PlacedHost = ProfileHost & { readonly places: readonly number[] };

/** Gives addresses to hosts, one after the other. All names that come from one entry share its addresses. */
function placed(hosts: readonly ProfileHost[], first: number): PlacedHost[] {
  let next = first;
  return hosts.map((host) => ({
    ...host,
    places: Array.from({ length: host.addresses }, () => next++),
  }));
}

function groupsOf(domains: readonly string[], hosts: readonly PlacedHost[]): MailGroup[] {
  const groups = new Map<string, { domains: string[]; hosts: readonly MailGroupHost[] }>();
  for (const domain of domains) {
    const own = hosts.filter((h) => h.domains?.includes(domain));
    const used = own.length > 0 ? own : hosts.filter((h) => h.domains === undefined);
    const named = used.map(({ host, preference, ipv6, places }) => ({
      host: host.replace('{domain}', domain.replaceAll('.', '-')),
      certified: host.replace(/^\{domain\}/, '*'),
      preference,
      ipv6,
      places,
    }));
    const key = named.map((h) => h.host).join(' ');
    const group = groups.get(key);
    if (group) group.domains.push(domain);
    else groups.set(key, { domains: [domain], hosts: named });
  }
  return [...groups.values()];
}
