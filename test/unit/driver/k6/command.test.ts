import assert from 'node:assert/strict';
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
  const share = { worker: 0, of: 1 };
  assert.deepEqual(k6Arguments({ script: '/s.js', plan: '/p.json', config: '/c.json', share }), [
    'run',
    '--quiet',
    '--no-color',
    '--no-usage-report',
    '--no-thresholds',
    ...['--config', '/c.json'],
    ...['--address', ''],
    ...['--out', 'json=-'],
    ...['--env', 'WINDTUNNEL_PLAN=/p.json'],
    '/s.js',
  ]);
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
