import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLeak, type NetworkView } from '../../../../src/lab/ground/leaks.ts';

const NONE = '0'.repeat(32);
const FE80_1 = `fe80${'0'.repeat(27)}1`;

/** /proc/net/dev with these devices. */
const dev = (...names: string[]): string =>
  ['Inter-|   Receive', ' face |bytes', ...names.map((name) => `${name.padStart(6)}: 100 1 0 0`)].join('\n');
/** /proc/net/route with rows of device, destination and gateway, as a little-endian machine prints them. */
const route = (...rows: string[]): string =>
  ['Iface\tDestination\tGateway \tFlags', ...rows.map((row) => row.replaceAll(' ', '\t'))].join('\n');
/** A row of /proc/net/ipv6_route. */
const route6 = (gateway: string, device: string): string =>
  `${NONE} 00 ${NONE} 00 ${gateway} 00000400 00000001 00000000 00000003     ${device}\n`;
/** /proc/net/arp with one row of address, hardware address and device. */
const arp = (address: string, mac: string, device: string): string =>
  `IP address       HW type     Flags       HW address            Mask     Device\n${address}  0x1  0x6  ${mac}  *  ${device}\n`;

const internet: NetworkView = {
  dev: dev('lo', 'wire0'),
  route: route(),
  ipv6_route: route6(NONE, 'lo') + route6(NONE, 'wire0'),
  arp: arp('198.18.128.1', '02:77:69:6e:64:02', 'wire0'),
};
const host: NetworkView = {
  dev: dev('lo', 'eth0'),
  route: route('eth0 00000000 010012C6 0003'),
  ipv6_route: route6(NONE, 'lo') + route6(FE80_1, 'eth0'),
  arp: arp('198.18.0.1', '02:77:69:6e:64:01', 'eth0'),
};

const cases: [name: string, view: NetworkView, leak: string | undefined][] = [
  ['internet', internet, undefined],
  ['host', host, undefined],
  ['host, kernel without IPv6', { ...host, ipv6_route: '' }, undefined],
  ['tunnel modules are loaded', { ...host, dev: dev('lo', 'tunl0', 'sit0', 'eth0') }, undefined],
  ['no network at all', { dev: '', route: '', ipv6_route: '', arp: '' }, 'its network devices are lo'],
  ['a namespace without wire', { ...internet, dev: dev('lo') }, 'its network devices are lo'],
  [
    'a second device beside the wire',
    { ...host, dev: dev('lo', 'eth0', 'docker0') },
    'its network devices are lo, eth0, docker0',
  ],
  ['another device', { ...host, dev: dev('lo', 'wlan0') }, 'its network devices are lo, wlan0'],
  [
    'a container',
    {
      ...host,
      route: route('eth0 00000000 010011AC 0003', 'eth0 000011AC 00000000 0001'),
      arp: arp('172.17.0.1', '02:42:0a:00:00:01', 'eth0'),
    },
    'it has a route through the gateway 172.17.0.1 on eth0',
  ],
  [
    'a container without a gateway',
    { ...host, route: route(), arp: '' },
    'its eth0 does not lead to 198.18.0.1 at 02:77:69:6e:64:01',
  ],
  [
    "a network that uses the gateway's address",
    { ...host, arp: arp('198.18.0.1', '00:11:22:33:44:55', 'eth0') },
    'its eth0 does not lead to 198.18.0.1 at 02:77:69:6e:64:01',
  ],
  [
    'an IPv6 router',
    { ...host, ipv6_route: route6(`fe80${'0'.repeat(27)}2`, 'eth0') },
    `it has an IPv6 route through the gateway fe80${'0'.repeat(27)}2 on eth0`,
  ],
  [
    "the host's gateway, on the side of the ISPs",
    { ...internet, route: route('wire0 00000000 010012C6 0003') },
    'it has a route through the gateway 198.18.0.1 on wire0',
  ],
];

for (const [name, view, leak] of cases) {
  test(`what a process sees: ${name}`, () => {
    assert.equal(findLeak(view), leak);
  });
}
