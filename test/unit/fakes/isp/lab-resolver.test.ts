import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLabResolver } from '../../../../fakes/isp/lab-resolver.ts';
import { buildZones } from '../../../../fakes/zones.ts';

const zones = buildZones({
  isps: [
    {
      domains: ['isp.test'],
      mx: [{ host: 'mx.isp.test', preference: 5, addresses: ['198.18.16.10', '2001:2:0:100::1'] }],
    },
  ],
  senders: [{ domain: 'news.sender.test', spf: 'v=spf1 -all', dkim: [], dmarc: null, mx: [] }],
  sources: [{ address: '2001:2:0:1::1', helo: 'out1.sender.test' }],
});

test('answers have the form of node:dns', async () => {
  const { resolve } = createLabResolver(zones);
  const table: [name: string, type: string, expected: unknown][] = [
    ['mx.isp.test', 'A', ['198.18.16.10']],
    ['MX.isp.test.', 'AAAA', ['2001:2:0:100::1']],
    ['isp.test', 'MX', [{ exchange: 'mx.isp.test', priority: 5 }]],
    ['10.16.18.198.in-addr.arpa', 'PTR', ['mx.isp.test']],
    ['news.sender.test', 'TXT', [['v=spf1 -all']]],
  ];
  for (const [name, type, expected] of table) assert.deepEqual(await resolve(name, type), expected, name);
});

test('what is not there, and what can not be told', async () => {
  const failures = (name: string): 'ESERVFAIL' | 'ETIMEOUT' | undefined =>
    name === 'isp.test' ? 'ESERVFAIL' : name === 'news.sender.test' ? 'ETIMEOUT' : undefined;
  const { resolve, isConstant } = createLabResolver(zones, failures);
  const table: [name: string, type: string, code: string][] = [
    ['nowhere.test', 'A', 'ENOTFOUND'],
    ['example.com', 'A', 'ENOTFOUND'],
    ['mx.isp.test', 'TXT', 'ENODATA'],
    ['sender.test', 'TXT', 'ENODATA'],
    ['isp.test', 'MX', 'ESERVFAIL'],
    ['News.Sender.Test', 'TXT', 'ETIMEOUT'],
  ];
  for (const [name, type, code] of table) await assert.rejects(resolve(name, type), { code }, name);
  assert.deepEqual([isConstant, createLabResolver(zones).isConstant], [false, true]);
});
