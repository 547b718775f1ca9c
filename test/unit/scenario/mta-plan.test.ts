import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { type PlannedMta, virtualMtas } from '../../../src/scenario/mta-plan.ts';
import { planRun } from '../../../src/scenario/plan.ts';

const SOURCES = `[{ ip: 198.18.128.1, vmta: a }, { ip: 198.18.128.2, vmta: b }, { ip: "2001:2:0:1::2", vmta: b }, 198.18.128.3]`;

/** A scenario whose MTA has these settings beside its sources, planned. */
function planned(mta: string, scale = 1): PlannedMta {
  const text = `load: { rate: 1/s, duration: 1s }
clock: { scale: ${scale} }
isps: { gmail: {}, yahoo: {} }
mta:
  sources: ${SOURCES}
${mta}`;
  return planRun(parseScenario(text, 's.yaml')).mta;
}

test('what a scenario says nothing of: every virtual MTA in equal shares, and the MTA as it comes', () => {
  const { listen, tls, workers, vmtas, pools, defaultPool, isps } = planned('');
  assert.deepEqual({ listen, tls, workers }, { listen: 'all', tls: 'opportunistic', workers: undefined });
  assert.deepEqual(vmtas, [
    { name: 'a', sources: [0] },
    { name: 'b', sources: [1, 2] },
    { name: 'vmta4', sources: [3] },
  ]);
  assert.deepEqual(pools, []);
  assert.deepEqual(isps, {});
  assert.deepEqual(defaultPool.members, [
    { vmta: 'a', weight: 1 },
    { vmta: 'b', weight: 1 },
    { vmta: 'vmta4', weight: 1 },
  ]);
});

test('virtual MTAs come in the order of their first source, wherever the others stand', () => {
  const of = (...names: string[]) =>
    virtualMtas(names.map((vmta, index) => ({ index, address: `198.18.128.${index}`, helo: 'h', vmta })));
  assert.deepEqual(of('x', 'y', 'x', 'z', 'y'), [
    { name: 'x', sources: [0, 2] },
    { name: 'y', sources: [1, 4] },
    { name: 'z', sources: [3] },
  ]);
  assert.deepEqual(of(), []);
});

const POOLS: readonly [mta: string, pools: Record<string, Record<string, number>>, pool: string][] = [
  ['  pools: { bulk: [a, b] }\n', { bulk: { a: 1, b: 1 } }, 'everybody'],
  ['  pools: { bulk: { a: 3, vmta4: 0.5 } }\n', { bulk: { a: 3, vmta4: 0.5 } }, 'everybody'],
  [
    '  pools: { bulk: [a], rest: [b, vmta4] }\n  pool: rest\n',
    { bulk: { a: 1 }, rest: { b: 1, vmta4: 1 } },
    'rest',
  ],
];
for (const [mta, pools, pool] of POOLS) {
  test(`pools: ${mta.trim().replaceAll('\n', ';')}`, () => {
    const found = planned(mta);
    const weights = found.pools.map(({ name, members }) => [
      name,
      Object.fromEntries(members.map(({ vmta, weight }) => [vmta, weight])),
    ]);
    assert.deepEqual(Object.fromEntries(weights), pools);
    assert.equal(found.defaultPool.name, pool);
  });
}

test("what the MTA is to keep to at an ISP: simulated rates as the ISP's own, real ones as they are", () => {
  assert.deepEqual(
    planned('  isps: { gmail: { concurrency: 5, rate: 2/s }, yahoo: { rate: 2/s@real } }\n', 60).isps,
    {
      gmail: { concurrency: 5, rate: 120 },
      yahoo: { concurrency: undefined, rate: 2 },
    },
  );
});

test('TLS, listener and processes', () => {
  const { tls, listen, workers } = planned('  tls: required\n  listen: loopback\n  workers: 4\n');
  assert.deepEqual({ tls, listen, workers }, { tls: 'required', listen: 'loopback', workers: 4 });
});

/** Mistakes, with the line and column where each is said to be (the settings begin in line 6). */
const WRONG: readonly [mta: string, ...problems: string[]][] = [
  ['  pools: { bulk: [a, zebra] }\n', 's.yaml:6:22 no virtual MTA "zebra"; expected one of a, b, vmta4'],
  ['  pools: { bulk: [vmta1] }\n', 's.yaml:6:19 no virtual MTA "vmta1"; did you mean vmta4?'],
  ['  pools:\n    bulk: { a: 1, vmta44: 2 }\n', 's.yaml:7:19 no virtual MTA "vmta44"; did you mean vmta4?'],
  ['  pools: { a: [b] }\n', 's.yaml:6:12 a is a virtual MTA already'],
  ['  pools: { bulk: [a] }\n  pool: bluk\n', 's.yaml:7:3 no pool "bluk"; expected one of bulk'],
  ['  pool: bulk\n', 's.yaml:6:3 no pool "bulk"; expected one of mta.pools'],
  [
    '  pools: { bulk: [zebra, yak-herd] }\n  pool: rest\n',
    's.yaml:6:19 no virtual MTA "zebra"; expected one of a, b, vmta4',
    's.yaml:6:26 no virtual MTA "yak-herd"; expected one of a, b, vmta4',
    's.yaml:7:3 no pool "rest"; expected one of bulk',
  ],
  [
    '  isps: { outlook: { concurrency: 1 } }\n',
    's.yaml:6:11 no ISP "outlook" in this scenario; expected one of gmail, yahoo',
  ],
  ['  pools: { bulk: { a: 0 } }\n', 's.yaml:6:20 found 0; expected a weight above 0'],
  ['  pools: { bulk: [] }\n', 's.yaml:6:12 found []; expected at least one virtual MTA'],
  [
    '  pools: { "my pool": [a] }\n',
    's.yaml:6:12 found ["a"]; expected a name of letters, digits, - and _ that begins with a letter',
  ],
  ['  isps: { gmail: { concurrency: 0 } }\n', 's.yaml:6:20 found 0; expected a whole number above 0'],
  ['  workers: 65\n', 's.yaml:6:3 found 65; expected at most 64'],
  ['  tls: always\n', 's.yaml:6:3 found "always"; expected one of none, opportunistic, required'],
];
for (const [mta, ...problems] of WRONG) {
  test(`what is wrong with ${mta.trim().replaceAll('\n', ';')}`, () => {
    assert.throws(
      () => planned(mta),
      (error) => {
        assert.ok(error instanceof InvalidScenario);
        const found = error.problems.map(
          ({ file, line, column, message }) => `${file}:${line}:${column} ${message}`,
        );
        assert.deepEqual(found, problems);
        return true;
      },
    );
  });
}

test('what an MTA can’t keep to is said before the run', () => {
  const none = (id: string): string =>
    `Exim has no limit of outgoing rate, so mta.isps.${id}.rate is not kept to`;
  const postfix =
    'Postfix counts in whole seconds, one message for each virtual MTA at most, so mta.isps.gmail.rate is not kept to';
  const rows: [adapter: string, more: string, notes: string[]][] = [
    ['haraka', 'isps: { gmail: { rate: 100/s, concurrency: 3 } }, workers: 2', []],
    ['exim', 'isps: { gmail: { concurrency: 3 } }', []],
    ['exim', 'isps: { gmail: { rate: 100/s }, yahoo: { rate: 1/h } }', [none('gmail'), none('yahoo')]],
    // Two virtual MTAs have half of it each.
    ['postfix', 'isps: { gmail: { rate: 2/s } }', []],
    ['postfix', 'isps: { gmail: { rate: 121/m }, yahoo: { rate: 1/s } }', [postfix]],
    ['postfix', 'workers: 2', ['Postfix has as many processes as it needs, so mta.workers means nothing']],
  ];
  for (const [adapter, more, notes] of rows) {
    const text = `load: { rate: 1/s, duration: 1s }
isps: { gmail: {}, yahoo: {} }
mta: { adapter: ${adapter}, sources: [198.18.128.1, 198.18.128.2], ${more} }`;
    assert.deepEqual(planRun(parseScenario(text, 's.yaml')).notes, notes, `${adapter}: ${more}`);
  }
});
