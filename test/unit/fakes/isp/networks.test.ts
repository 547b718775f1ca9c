import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf, netblockOf } from '../../../../fakes/isp/networks.ts';

test('as whom an address is counted, and the network that it is in', () => {
  for (const [address, client, network] of [
    ['198.18.128.7', '198.18.128.7', '198.18.128.0/24'],
    ['::ffff:198.18.128.7', '198.18.128.7', '198.18.128.0/24'],
    ['2001:2:0:1::1', '2001:2:0:1::/64', '2001:2:0::/48'],
    ['2001:2:0:1:ffff::9', '2001:2:0:1::/64', '2001:2:0::/48'],
    ['2001:0002:0000:0001:0002:0003:0004:0005', '2001:2:0:1::/64', '2001:2:0::/48'],
    ['2001:2::1', '2001:2:0:0::/64', '2001:2:0::/48'],
    ['2001:DB8:0:1::1', '2001:db8:0:1::/64', '2001:db8:0::/48'],
    ['::1', '0:0:0:0::/64', '0:0:0::/48'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64', '1:2:3::/48'],
  ] as const) {
    assert.deepEqual([clientOf(address), netblockOf(address)], [client, network], address);
  }
});
