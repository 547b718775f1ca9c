import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi } from '../../../../src/core/http-injection.ts';
import { k6Processes } from '../../../../src/driver/k6/processes.ts';
import { type LoadPlan, plainLoad } from '../../../../src/driver/load.ts';
import type { LoadShape } from '../../../../src/driver/schedule.ts';
import { type DriverNeeds, driverProcesses } from '../../../../src/lab/drivers/processes.ts';

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

test('loads for k6 have processes of their own, by the form that they speak', () => {
  const smtp = plainLoad(arrivals(500), 500);
  const k6 = (api: HttpApi, connections = 20, messages = 500) => ({
    ...plainLoad(arrivals(500), messages, { connections }),
    k6: { api, script: undefined, exec: undefined },
  });
  const needs = { descriptors: 20_000, cores: 8, targets: 1 };
  const rows: [string, LoadPlan[], wished: number | undefined, smtp: number, k6: string][] = [
    ['SMTP alone', [smtp], undefined, 1, ''],
    ['k6 alone', [k6('kumomta')], undefined, 0, 'kumomta 0/1'],
    ['both', [smtp, k6('kumomta')], undefined, 1, 'kumomta 0/1'],
    ['two loads of one form', [k6('kumomta'), k6('kumomta')], undefined, 0, 'kumomta 0/1'],
    ['two forms', [k6('kumomta'), k6('sparkpost')], undefined, 0, 'kumomta 0/1, sparkpost 0/1'],
    ['as many as are wished', [smtp, k6('kumomta')], 2, 2, 'kumomta 0/2, kumomta 1/2'],
    ['each needs a virtual user', [k6('kumomta'), k6('kumomta', 2)], 3, 0, 'kumomta 0/2, kumomta 1/2'],
    ['each needs a message', [k6('kumomta', 20, 1)], 3, 0, 'kumomta 0/1'],
  ];
  for (const [name, loads, wished, processes, expected] of rows) {
    assert.equal(driverProcesses({ ...needs, wished, loads }), processes, name);
    const shares = k6Processes(loads, wished).map(({ api, share }) => `${api} ${share.worker}/${share.of}`);
    assert.equal(shares.join(', '), expected, name);
  }
});
