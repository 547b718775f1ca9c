import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainLoad } from '../../../src/driver/load.ts';
import type { LoadShape } from '../../../src/driver/schedule.ts';
import { type DriverNeeds, driverProcesses } from '../../../src/lab/driver-processes.ts';

const arrivals = (rate: number): LoadShape => ({ executor: 'constant-arrival-rate', rate, duration: 1e6 });

test('how many processes drive a load', () => {
  const needs = { descriptors: 20_000, cores: 8, wished: undefined, targets: 1 };
  const rows: [string, LoadShape, connections: number, Partial<DriverNeeds>, number][] = [
    ['a small load', arrivals(500), 20, {}, 1],
    ['a high rate', arrivals(45_000), 100, {}, 5],
    ['a high rate on two cores', arrivals(45_000), 100, { cores: 2 }, 2],
    [
      'a ramp counts by its top',
      { executor: 'ramping-arrival-rate', startRate: 0, stages: [{ duration: 1e6, target: 25_000 }] },
      100,
      {},
      3,
    ],
    ['as the scenario wishes', arrivals(500), 20, { wished: 4 }, 4],
    ['more connections than one process holds', arrivals(500), 100_000, {}, 6],
    ['the same, whatever is wished', arrivals(500), 100_000, { wished: 2 }, 6],
    ['descriptors unknown', arrivals(500), 100_000, { descriptors: undefined }, 1],
    ['each needs a connection', arrivals(45_000), 3, {}, 3],
    ['each needs a connection to each ISP', arrivals(45_000), 7, { targets: 3 }, 2],
    ['virtual users have no rate', { executor: 'constant-vus', vus: 50, duration: 1e6 }, 50, {}, 1],
  ];
  for (const [name, shape, connections, changes, expected] of rows) {
    const loads = [plainLoad(shape, 1, { connections })];
    assert.equal(driverProcesses({ ...needs, loads, ...changes }), expected, name);
  }
  const two = [plainLoad(arrivals(9000), 1), plainLoad(arrivals(9000), 1)];
  assert.equal(driverProcesses({ ...needs, loads: two }), 2, 'the rates of all loads count');
});
