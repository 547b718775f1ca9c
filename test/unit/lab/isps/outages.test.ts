import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { scheduleOutages } from '../../../../src/lab/isps/outages.ts';
import type { PlannedIncident } from '../../../../src/scenario/incidents.ts';

const incidents: PlannedIncident[] = [
  {
    isp: 'gmail',
    start: 10,
    end: 20,
    label: '',
    unreachable: { how: 'refused', addresses: ['198.18.16.10'] },
  },
  {
    isp: 'gmail',
    start: 30,
    end: 40,
    label: '',
    unreachable: { how: 'timeout', addresses: ['198.18.16.10', '2001:2:0:100::1'] },
  },
  { isp: 'yahoo', start: 30, end: 35, label: 'a limit' },
  {
    isp: 'yahoo',
    start: 12,
    end: 18,
    label: '',
    dns: { how: 'servfail', domains: ['yahoo.com', 'aol.com'] },
  },
];

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('hosts go away and come back at their moments, and not after a stop', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const stop = scheduleOutages(
    incidents,
    0,
    {
      route: async (how, address, away) => void seen.push(`${clock.now()} ${how} ${address} ${away}`),
      listen: (address, listening) => void seen.push(`${clock.now()} listen ${address} ${listening}`),
      dns: (domain, trouble) => void seen.push(`${clock.now()} dns ${domain} ${trouble}`),
    },
    (error) => assert.fail(String(error)),
    clock,
  );
  for (let i = 0; i < 7; i++) {
    clock.advance(5);
    await settle();
  }
  stop();
  clock.advance(100);
  await settle();
  assert.deepEqual(seen, [
    '10 listen 198.18.16.10 false',
    '15 dns yahoo.com servfail',
    '15 dns aol.com servfail',
    '20 dns yahoo.com undefined',
    '20 dns aol.com undefined',
    '20 listen 198.18.16.10 true',
    '30 timeout 198.18.16.10 true',
    '30 timeout 2001:2:0:100::1 true',
  ]);
});

test('a switch that fails is reported', async () => {
  const clock = new VirtualClock();
  const failures: unknown[] = [];
  scheduleOutages(
    incidents,
    0,
    { route: () => Promise.reject(new Error('no ip')), listen: () => {}, dns: () => {} },
    (error) => failures.push((error as Error).message),
    clock,
  );
  clock.advance(30);
  await settle();
  assert.deepEqual(failures, ['no ip']);
});
