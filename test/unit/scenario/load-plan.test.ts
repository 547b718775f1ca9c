import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadShape } from '../../../src/driver/schedule.ts';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { describeLoad } from '../../../src/scenario/load-plan.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';

function plan(text: string): Plan {
  return planRun(parseScenario(text, 's.yaml'));
}

/** What is wrong with a scenario, without file and position. */
function problems(text: string): string[] {
  try {
    plan(text);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidScenario)) throw error;
    return error.problems.map(({ at, message }) => `${at}: ${message}`);
  }
}

test("the executor is k6's, by name or by its keys", () => {
  const rows: [string, LoadShape, messages: number | undefined, connections: number][] = [
    ['rate: 5/s, duration: 2s', { executor: 'constant-arrival-rate', rate: 5, duration: 2e6 }, 10, 20],
    [
      'stages: [{ duration: 2s, target: 5/s }], connections: 3',
      { executor: 'ramping-arrival-rate', startRate: 0, stages: [{ duration: 2e6, target: 5 }] },
      5,
      3,
    ],
    ['vus: 7, duration: 2s', { executor: 'constant-vus', vus: 7, duration: 2e6 }, undefined, 7],
    [
      'stages: [{ duration: 2s, target: 5 }]',
      {
        executor: 'ramping-vus',
        startVUs: 1,
        stages: [{ duration: 2e6, target: 5 }],
        gracefulRampDown: 30e6,
      },
      undefined,
      5,
    ],
    ['iterations: 9', { executor: 'shared-iterations', vus: 1, iterations: 9, maxDuration: 600e6 }, 9, 1],
    [
      'executor: per-vu-iterations, vus: 3, iterations: 9, maxDuration: 1m',
      { executor: 'per-vu-iterations', vus: 3, iterations: 9, maxDuration: 60e6 },
      27,
      3,
    ],
  ];
  for (const [text, shape, messages, connections] of rows) {
    const planned = plan(`load: { ${text} }\n`);
    assert.deepEqual(planned.loads[0]?.shape, shape, text);
    assert.equal(planned.messages, messages, text);
    assert.equal(planned.loads[0]?.connections, connections, text);
  }
});

test('several loads: names, times, and numbers of their own', () => {
  const { loads, duration, messages } = plan(`
loads:
  newsletter: { rate: 10/s, duration: 10s, message: { recipients: 3 } }
  receipts: { rate: 2/s, duration: 10s, startTime: 5s, gracefulStop: 5s, mix: { yahoo: 1 }, mailboxes: 7 }
  idle: { vus: 4, duration: 3s, action: noop, pause: 1s }
`);
  assert.equal(duration, 15e6);
  assert.equal(messages, undefined);
  assert.deepEqual(
    loads.map(({ name, start, gracefulStop, recipients: r }) => [
      name,
      start / 1e6,
      gracefulStop / 1e6,
      r.firstMessage,
      r.firstMailbox,
      r.repeatAfter,
    ]),
    [
      ['newsletter', 0, 30, 0, 0, undefined],
      ['receipts', 5, 5, 100, 300, 7],
      ['idle', 0, 30, 120, 320, undefined],
    ],
  );
  assert.deepEqual(
    loads[1]?.recipients.isps.map((isp) => isp.share),
    [0, 1, 0],
  );
  assert.deepEqual(
    loads.map((load) => describeLoad(load)),
    [
      'constant-arrival-rate, 10 s, 20 connections',
      'constant-arrival-rate from 5 s, 10 s, 20 connections',
      'constant-vus, 3 s, 4 connections, NOOP only, 1 s between iterations',
    ],
  );
});

test('domains of an ISP by weight', () => {
  const { loads } = plan(
    'load: { rate: 1/s, duration: 1s }\nisps: { gmail: { share: 1, domains: { gmail.com: 90%, googlemail.com: 10% } } }\n',
  );
  assert.deepEqual(loads[0]?.recipients.isps, [
    {
      share: 1,
      domains: [
        { name: 'gmail.com', weight: 0.9 },
        { name: 'googlemail.com', weight: 0.1 },
      ],
    },
  ]);
});

test('without an MTA all recipients of a message are at one ISP, and all messages of a user', () => {
  const rows: [string, string, 'recipient' | 'message' | 'user'][] = [
    ['haraka', 'rate: 1/s, duration: 1s', 'recipient'],
    ['haraka', 'vus: 3, duration: 1s', 'recipient'],
    ['none', 'rate: 1/s, duration: 1s', 'message'],
    ['none', 'vus: 3, duration: 1s', 'user'],
    ['none', 'vus: 3, iterations: 9', 'message'],
  ];
  for (const [adapter, text, ispPer] of rows) {
    const { loads } = plan(`load: { ${text} }\nmta: { adapter: ${adapter} }\n`);
    assert.equal(loads[0]?.recipients.ispPer, ispPer, `${adapter}, ${text}`);
  }
});

test('mistakes', () => {
  const rows: [string, string[]][] = [
    ['load: { rate: 0/s, duration: 1s }', ['load: this load injects nothing; expected a rate above 0']],
    ['load: { rate: 5/s }', ['load: constant-arrival-rate needs "duration", such as 30s']],
    [
      'load: { rate: 5/s, duration: 1s, vus: 3, pause: 1s }',
      ['load.vus: constant-arrival-rate has no "vus"', 'load.pause: constant-arrival-rate has no "pause"'],
    ],
    [
      'load: { vus: 3, duration: 1s, connections: 3 }',
      ['load.connections: constant-vus has no "connections"'],
    ],
    [
      'load: { executor: ramping-vus, stages: [{ duration: 1s, target: 50/s }] }',
      ['load.stages.0.target: expected a number of virtual users such as 50'],
    ],
    [
      'load: { executor: ramping-arrival-rate, stages: [{ duration: 1s, target: 50/s }, { duration: 1s, target: 7 }] }',
      ['load.stages.1.target: expected a rate such as 50/s'],
    ],
    [
      'load: { executor: ramping-vus, startVUs: 0, stages: [{ duration: 1s, target: 0 }] }',
      ['load: this load has no virtual users; expected a stage with a target above 0'],
    ],
    [
      'load: { rate: 5/s, duration: 1s, action: noop }',
      ['load.action: constant-arrival-rate sends messages; expected an executor with virtual users'],
    ],
    [
      'load: { rate: 5/s, duration: 1s, sources: [127.0.0.5] }\nmta: { adapter: none }',
      ['load.sources: without an MTA the driver connects from mta.sources'],
    ],
    [
      'load: { rate: 5/s, duration: 1s, mailboxes: 2, message: { recipients: 3 } }',
      ["load.mailboxes: found 2; expected at least one for each of a message's 3 recipients"],
    ],
    [
      'load: { rate: 5/s, duration: 1s, mix: { gmial: 1 } }',
      ['load.mix.gmial: unknown ISP "gmial"; did you mean gmail?'],
    ],
    ['load: { rate: 5/s, duration: 1s, mix: { gmail: 0 } }', ['load.mix: expected a share above 0']],
    [
      'load: { rate: 5/s, duration: 1s }\nisps: { gmail: { domains: { gmail.de: 1 } } }',
      [
        'isps.gmail.domains.gmail.de: gmail has no domain "gmail.de"; expected one of gmail.com, googlemail.com',
      ],
    ],
    [
      'load: { iterations: 60000000 }',
      ['load: this load has 60000000 recipients; expected at most 50000000'],
    ],
    ['load: { vus: 3000000, duration: 1s }', ['load: found 3000000 connections; expected at most 2000000']],
    [
      'load: { vus: 2, iterations: 9 }\nmta: { adapter: none }',
      ['load.vus: found 2; expected at least one virtual user for each of 3 ISPs'],
    ],
    ['loads: {}', ['loads: expected at least one load']],
    [
      'load: { rate: 5/s, duration: 1s }\nloads: { a: { rate: 5/s, duration: 1s } }',
      ['loads: found {"a":{"rate":"5/s","duration":"1s"}}; expected either "load" or "loads"'],
    ],
    [
      'loads: { a: { rate: 5/s, duration: 1s }, b: { duration: 1s } }',
      ['loads.b: constant-arrival-rate needs "rate", such as 50/s'],
    ],
  ];
  for (const [text, expected] of rows) assert.deepEqual(problems(`${text}\n`), expected, text);
});
