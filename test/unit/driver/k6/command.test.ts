import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { test } from 'node:test';
import { k6Arguments, k6Environment, segmentArguments } from '../../../../src/driver/k6/command.ts';

test('k6 gets the environment without what would change the run', () => {
  const given = {
    PATH: '/bin',
    HOME: '/home/me',
    API_TOKEN: 'mine',
    MK6_OK: 'kept',
    K6_VUS: '9',
    K6_CLOUD_TOKEN: 'secret',
    K6_AUTO_EXTENSION_RESOLUTION: 'true',
    HTTP_PROXY: 'http://proxy',
    https_proxy: 'http://proxy',
    ALL_PROXY: 'socks5://proxy',
    no_proxy: '*',
    SSLKEYLOGFILE: '/tmp/keys',
  };
  assert.deepEqual(k6Environment(given), {
    PATH: '/bin',
    HOME: '/home/me',
    API_TOKEN: 'mine',
    MK6_OK: 'kept',
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    K6_NO_USAGE_REPORT: 'true',
  });
});

test('k6 is called with a stream on stdout and nothing of the user around it', () => {
  const run = { plan: '/p.json', config: '/c.json', share: { worker: 0, of: 1 } };
  const args = [
    'run',
    '--quiet',
    '--no-color',
    '--no-usage-report',
    '--no-thresholds',
    ...['--config', '/c.json'],
    ...['--address', ''],
    ...['--out', 'json=-'],
    ...['--env', 'WINDTUNNEL_PLAN=/p.json'],
  ];
  assert.deepEqual(k6Arguments({ ...run, fenced: false }), args);
});

test('without a seal a script of the user reaches loopback alone', () => {
  const share = { worker: 0, of: 1 };
  const args = k6Arguments({ plan: '/p.json', config: '/c.json', share, fenced: true });
  const text = args[args.indexOf('--blacklist-ip') + 1] ?? '';
  const beyond = new BlockList();
  for (const range of text.split(',')) {
    const [address = '', bits] = range.split('/');
    beyond.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  const rows: [string, boolean][] = [
    ['127.0.0.1', false],
    ['127.255.255.255', false],
    ['126.255.255.255', true],
    ['128.0.0.0', true],
    ['0.0.0.0', true],
    ['63.1.1.1', true],
    ['64.1.1.1', true],
    ['96.1.1.1', true],
    ['112.1.1.1', true],
    ['120.1.1.1', true],
    ['124.1.1.1', true],
    ['198.18.0.1', true],
    ['255.255.255.255', true],
    ['64:ff9b::c612:1', true],
    ['2001:db8::1', true],
    ['fd00::1', true],
    ['fe80::1', true],
    ['::1', false],
  ];
  for (const [address, blocked] of rows)
    assert.equal(beyond.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'), blocked, address);
});

test('processes get segments that add up to the whole', () => {
  const rows: [worker: number, of: number, segment: string, sequence: string][] = [
    [0, 2, '0:1/2', '0,1/2,1'],
    [1, 2, '1/2:1', '0,1/2,1'],
    [0, 3, '0:1/3', '0,1/3,2/3,1'],
    [1, 3, '1/3:2/3', '0,1/3,2/3,1'],
    [2, 3, '2/3:1', '0,1/3,2/3,1'],
  ];
  for (const [worker, of, segment, sequence] of rows)
    assert.deepEqual(segmentArguments({ worker, of }), [
      ...['--execution-segment', segment],
      ...['--execution-segment-sequence', sequence],
    ]);
  assert.deepEqual(segmentArguments({ worker: 0, of: 1 }), []);
});
