import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import type { HttpEndpoint } from '../../../src/core/http-injection.ts';
import { driverProcessesOf, k6PlanOf, k6ProcessesOf } from '../../../src/lab/wiring.ts';
import { parseScenario } from '../../../src/scenario/load.ts';
import { describeLoad } from '../../../src/scenario/load-plan.ts';
import { planRun } from '../../../src/scenario/plan.ts';

const plan = planRun(
  parseScenario(
    `mta: { adapter: haraka }
loads:
  smtp: { rate: 5/s, duration: 1s }
  kumo: { engine: k6, api: kumomta, rate: 5/s, duration: 1s }
  spark: { engine: k6, api: sparkpost, rate: 5/s, duration: 1s }
  more: { engine: k6, api: kumomta, rate: 5/s, duration: 1s }
workers: { drivers: 2 }
thresholds:
  lost: ['count==0']
  http_req_duration: ['p(95)<200']
  'http_req_duration{status:200}': ['p(95)<200']
`,
    'scenario.yaml',
  ),
);

const request = { plan, k6: { path: '/bin/k6', version: '2.3.0' }, startedAt: '2026-11-28T12:00:00.000Z' };
const network = { signingKeys: [] };
const endpoint = (api: HttpEndpoint['api'], port: number): HttpEndpoint => ({
  address: '127.0.0.1',
  port,
  api,
});
const mta = { http: [endpoint('kumomta', 8000), endpoint('sparkpost', 8001)] };

test('each process with a k6 is told of the loads of its form, and where they go', () => {
  const processes = k6ProcessesOf(plan);
  assert.equal(driverProcessesOf(plan), 2);
  const told = processes.map((process) => {
    const { loads, endpoint, share, watched, program } = k6PlanOf(
      request,
      network,
      mta,
      '/run/k6/1',
      process,
    );
    assert.equal(program, '/bin/k6');
    assert.ok(watched.includes('http_req_duration{status:200}'));
    assert.ok(!watched.includes('lost'));
    const names = loads.map(({ name }) => name).join(', ');
    return `${names} to ${endpoint.port}, ${share.worker} of ${share.of}`;
  });
  assert.deepEqual(told, [
    'kumo, more to 8000, 0 of 2',
    'kumo, more to 8000, 1 of 2',
    'spark to 8001, 0 of 2',
    'spark to 8001, 1 of 2',
  ]);
});

test('what k6 can not do here is said', () => {
  const [process] = k6ProcessesOf(plan);
  assert.ok(process);
  const { k6: _, ...withoutK6 } = request;
  const rows: [string, () => unknown, RegExp][] = [
    [
      'an MTA without the form',
      () => k6PlanOf(request, network, { http: [endpoint('sparkpost', 1)] }, '/f', process),
      /^haraka takes no mail in over HTTP as kumomta$/,
    ],
    ['no MTA', () => k6PlanOf(request, network, undefined, '/f', process), /takes no mail in over HTTP/],
    [
      'no k6',
      () => k6PlanOf(withoutK6, network, mta, '/f', process),
      /^a load is for k6, and there is none$/,
    ],
  ];
  for (const [name, act, message] of rows)
    assert.throws(act, (error) => {
      assert.ok(error instanceof HarnessError && error.kind === 'lab', name);
      assert.match(error.message, message, name);
      return true;
    });
});

test('reports name the k6 that carried a load out', () => {
  const [, load] = plan.loads;
  assert.ok(load);
  assert.equal(
    describeLoad(load, '2.3.0'),
    'constant-arrival-rate, 1 s, 20 virtual users of k6 2.3.0, over HTTP (kumomta)',
  );
  assert.match(describeLoad(load), / 20 virtual users of k6, over HTTP \(kumomta\)$/);
});
