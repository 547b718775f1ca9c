/** Which addresses an ISP takes for one sender. */
import { isIPv4 } from 'node:net';

/**
 * Whom limits by source count for: an IPv4 address, or the /64 of an IPv6 address. One customer has at least a /64
 * (RFC 6177), so that counting single addresses of it would limit nothing.
 */
export function clientOf(address: string): string {
  const plain = unmapped(address);
  return isIPv4(plain) ? plain : `${groupsOf(plain).slice(0, 4).join(':')}::/64`;
}

/**
 * The network of an address as providers judge it (both assumed): the /24 of an IPv4 address, the smallest network
 * that is routed on its own; the /48 of an IPv6 address, what one site has at most (RFC 6177).
 */
export function netblockOf(address: string): string {
  const plain = unmapped(address);
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`;
  return `${groupsOf(plain).slice(0, 3).join(':')}::/48`;
}

/** An IPv4 address may come in the clothes of IPv6 (RFC 4291 section 2.5.5.2). */
function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** The eight groups of an IPv6 address without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const given = [...groups(head), ...groups(tail)].map((group) => Number.parseInt(group, 16).toString(16));
  if (!address.includes('::')) return given;
  const zeros = Array<string>(8 - given.length).fill('0');
  return [...given.slice(0, groups(head).length), ...zeros, ...given.slice(groups(head).length)];
}
