/** What a process in the seal can see of the network, and what it must not see. */
import { endianness } from 'node:os';

/** The hardware addresses of the two ends of the wire: "wind" in ASCII, locally administered. */
export const WIRE_MAC = '02:77:69:6e:64:01';
export const HOST_MAC = '02:77:69:6e:64:02';

/** Where the host's default routes lead. */
export const GATEWAY = '198.18.0.1';
export const GATEWAY6 = 'fe80::1';

/** The text of four files in /proc/<pid>/net; '' where the kernel has no such file. */
export interface NetworkView {
  readonly dev: string;
  readonly route: string;
  readonly ipv6_route: string;
  readonly arp: string;
}

/**
 * Devices that a loaded tunnel module puts into every new namespace. They are down, can't be removed, and what a
 * tunnel carries would leave by the same wire.
 */
const FALLBACK_TUNNELS = new Set(
  'tunl0 gre0 gretap0 erspan0 ip_vti0 ip6_vti0 sit0 ip6tnl0 ip6gre0'.split(' '),
);

const NO_GATEWAY = '0'.repeat(8);
const NO_GATEWAY6 = '0'.repeat(32);
const GATEWAY_HEX = hexOf(GATEWAY);
const GATEWAY6_HEX = 'fe80'.padEnd(31, '0').concat('1');

/**
 * Why a process is not in the lab, or undefined if it is. It is if its only device beside loopback is one end of the
 * wire, and if every gateway is the wire's other end. Tables that /proc does not show can't lead past the devices.
 */
export function findLeak(view: NetworkView): string | undefined {
  const devices = rows(view.dev, 2)
    .map((row) => row.join(' ').split(':')[0] as string)
    .filter((name) => name !== 'lo' && !FALLBACK_TUNNELS.has(name));
  const [wire] = devices;
  if (devices.length !== 1 || (wire !== 'wire0' && wire !== 'eth0')) {
    return `its network devices are ${['lo', ...devices].join(', ')}`;
  }
  const inHost = wire === 'eth0';

  for (const [device, , gateway = ''] of rows(view.route, 1)) {
    if (gateway === NO_GATEWAY || (inHost && gateway === GATEWAY_HEX)) continue;
    return `it has a route through the gateway ${addressOf(gateway)} on ${device}`;
  }
  for (const row of rows(view.ipv6_route, 0)) {
    const gateway = row[4] ?? '';
    if (gateway === NO_GATEWAY6 || (inHost && gateway === GATEWAY6_HEX)) continue;
    return `it has an IPv6 route through the gateway ${gateway} on ${row[9]}`;
  }
  // A container, too, has one eth0 and one gateway. Only here is the gateway's hardware address nailed to our wire.
  const gatewayMac = rows(view.arp, 1).find(([address]) => address === GATEWAY)?.[3];
  if (inHost && gatewayMac !== WIRE_MAC) return `its eth0 does not lead to ${GATEWAY} at ${WIRE_MAC}`;
  return undefined;
}

function rows(text: string, heading: number): string[][] {
  return text
    .split('\n')
    .slice(heading)
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/));
}

/** An IPv4 address as /proc/net/route prints it: the word as the machine reads it. */
function hexOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase());
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('');
}

function addressOf(hex: string): string {
  const bytes = hex.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('.');
}
