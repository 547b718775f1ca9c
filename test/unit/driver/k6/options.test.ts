import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scriptPlanOf } from '../../../../src/driver/k6/prepare.ts';
import { type ScriptOptions, scriptOptions } from '../../../../src/driver/k6/script/options.ts';
import { plainLoad } from '../../../../src/driver/load.ts';
import { k6Plan } from '../../../support/k6/plan.ts';

const load = plainLoad({ executor: 'constant-vus', vus: 2, duration: 5e6 }, 10);
const scenarios = {
  default: { executor: 'constant-vus', vus: 2, duration: '5000ms', gracefulStop: '30000ms' },
};
const OURS = { scenarios, setupTimeout: '15m' };

const cases: readonly {
  readonly what: string;
  readonly users: readonly (ScriptOptions | undefined)[];
  readonly options: ScriptOptions;
}[] = [
  { what: "windtunnel's own script", users: [], options: OURS },
  { what: 'a script without options', users: [undefined], options: OURS },
  {
    what: 'a script whose schedule gives way to the scenario',
    users: [
      {
        vus: 100,
        duration: '10m',
        iterations: 5,
        stages: [],
        scenarios: { other: {} },
        executionSegment: '0:1/2',
        executionSegmentSequence: '0,1/2,1',
        setupTimeout: '1s',
        noSetup: true,
        paused: true,
        linger: true,
      },
    ],
    options: OURS,
  },
  {
    what: 'a script with thresholds, tags and hosts of its own',
    users: [
      {
        thresholds: { http_req_failed: ['rate<0.01'] },
        tags: { job: 'spring' },
        hosts: { 'mta.test': '127.0.0.1' },
        systemTags: ['status', 'group'],
      },
    ],
    options: {
      ...OURS,
      thresholds: { http_req_failed: ['rate<0.01'] },
      tags: { job: 'spring' },
      hosts: { 'mta.test': '127.0.0.1' },
      systemTags: ['status', 'group', 'scenario'],
    },
  },
  {
    what: 'two scripts, the thresholds of both',
    users: [
      { thresholds: { checks: ['rate>0.9'], http_reqs: ['count>1'] }, userAgent: 'one' },
      {
        thresholds: { checks: [{ threshold: 'rate>0.8', abortOnFail: true }], iterations: ['count>2'] },
        userAgent: 'two',
      },
    ],
    options: {
      ...OURS,
      userAgent: 'two',
      thresholds: {
        checks: ['rate>0.9', { threshold: 'rate>0.8', abortOnFail: true }],
        http_reqs: ['count>1'],
        iterations: ['count>2'],
      },
    },
  },
];

for (const { what, users, options } of cases) {
  test(`the options of ${what}`, async () => {
    const plan = await scriptPlanOf({ ...k6Plan([load]), summary: '' });
    assert.deepEqual(scriptOptions(plan, users), options);
  });
}
