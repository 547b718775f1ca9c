import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostCommands, internetCommands, raiseWires } from '../../../../src/lab/ground/wire.ts';

test('the side of the ISPs: everything is local but the sources, over the wire, and the black holes', () => {
  assert.deepEqual(internetCommands(['203.0.113.5', '2001:2:0:1::1'], ['198.18.16.66'], true, 42), [
    'link set lo up',
    'link add wire0 address 02:77:69:6e:64:01 type veth peer name eth0 address 02:77:69:6e:64:02 netns 42',
    'link set wire0 addrgenmode none up',
    'address replace 198.18.0.1/32 dev wire0',
    'address replace 2001:2::1/128 dev wire0 nodad',
    'route replace local 0.0.0.0/0 dev lo table local',
    'route replace local ::/0 dev lo table local',
    'route replace 203.0.113.5 dev wire0 table local',
    'route replace 2001:2:0:1::1 dev wire0 table local',
    'neighbour replace 203.0.113.5 lladdr 02:77:69:6e:64:02 dev wire0 nud permanent',
    'neighbour replace 2001:2:0:1::1 lladdr 02:77:69:6e:64:02 dev wire0 nud permanent',
    'route replace blackhole 198.18.16.66 table local',
  ]);
});

test('the side of the ISPs on a kernel without IPv6 has no IPv6 command', () => {
  assert.doesNotMatch(internetCommands(['198.18.128.1'], [], false, 42).join('\n'), /::/);
});

test('the side of the mail server: it owns its sources and has one way out per family', () => {
  assert.deepEqual(hostCommands(['203.0.113.5', '2001:2:0:1::1']), [
    'link set lo up',
    'link set eth0 addrgenmode none up',
    'address replace 203.0.113.5/32 dev eth0',
    'address replace 2001:2:0:1::1/128 nodad dev eth0',
    'neighbour replace 198.18.0.1 lladdr 02:77:69:6e:64:01 dev eth0 nud permanent',
    'route replace 0.0.0.0/0 via 198.18.0.1 dev eth0 onlink src 203.0.113.5',
    'neighbour replace fe80::1 lladdr 02:77:69:6e:64:01 dev eth0 nud permanent',
    'route replace ::/0 via fe80::1 dev eth0 src 2001:2:0:1::1',
  ]);
});

test('a mail server without IPv6 sources has no way to IPv6', () => {
  assert.doesNotMatch(hostCommands(['198.18.128.1']).join('\n'), /::/);
});

const impossible = [
  '0.0.0.0',
  '127.0.0.9',
  '198.18.0.1',
  '224.0.0.5',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::7',
  'ff02::1',
  '2001:2::1',
];
for (const source of impossible) {
  test(`${source} is refused as a source, before anything is changed`, async () => {
    await assert.rejects(raiseWires({ sources: [source] }), {
      kind: 'invalid-scenario',
      message: `${source} can't be a source in the sealed internet`,
    });
  });
}
