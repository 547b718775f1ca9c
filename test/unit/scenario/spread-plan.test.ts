import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpreadPlan } from '../../../src/analysis/spread.ts';
import { parseScenario } from '../../../src/scenario/load.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';
import { spreadNotes, spreadPlan } from '../../../src/scenario/spread-plan.ts';

/** Gmail has mail hosts of both families, Yahoo of IPv4 alone. */
function planned(loads: string, adapter = 'haraka'): Plan {
  return planRun(
    parseScenario(
      `isps: { gmail: {}, yahoo: {} }
mta:
  adapter: ${adapter}
  sources: [{ ip: 198.18.128.1, vmta: four }, { ip: "2001:2:0:1::1", vmta: six }, { ip: 198.18.128.2, vmta: both }, { ip: "2001:2:0:1::2", vmta: both }]
  pools: { bulk: { four: 3, six: 1 }, dark: [six] }
loads: { ${loads} }
`,
      's.yaml',
    ),
  );
}

const load = (name: string, header = '', more = ''): string =>
  `${name}: { rate: 1/s, duration: 1s, ${more} message: { headers: { ${header} } } }`;

/** What the messages of the first load ask for in turn, by name; `?` for what nobody can know. */
function asked(plan: SpreadPlan): string[] {
  return (plan.loads[0] ?? []).map((ask) => (ask === null ? '?' : (plan.asks[ask]?.name ?? '')));
}

const ASKS: readonly [header: string, ...asked: string[]][] = [
  ['', 'everybody'],
  ['x-virtual-mta: six', 'six'],
  ['X-Virtual-MTA: bulk', 'bulk'],
  ['X-Virtual-MTA: "{{vmta}}"', 'four', 'six', 'both'],
  ['X-Virtual-MTA: "{{ load }}"', 'bulk'],
  ['X-Virtual-MTA: "{{vmta}}-1"', '?', '?', '?'],
  ['X-Virtual-MTA: fuor', '?'],
  ['X-Virtual-MTA: "{{domain}}"', '?'],
  ['X-Job: six', 'everybody'],
];
for (const [header, ...names] of ASKS) {
  test(`messages with ${header || 'no header'} ask for ${names.join(', ')}`, () => {
    assert.deepEqual(asked(spreadPlan(planned(load('bulk', header)), true)), names);
  });
}

test('virtual MTAs have their sources, pools their weights, and ISPs the families of their mail hosts', () => {
  const plan = planned(
    `${load('one', 'x-virtual-mta: bulk')}, ${load('two', 'x-virtual-mta: bulk')}, ${load('three')}`,
  );
  assert.deepEqual(spreadPlan(plan, true), {
    vmtas: [
      { name: 'four', sources: [0] },
      { name: 'six', sources: [1] },
      { name: 'both', sources: [2, 3] },
    ],
    asks: [
      {
        name: 'bulk',
        members: [
          { vmta: 0, weight: 3 },
          { vmta: 1, weight: 1 },
        ],
      },
      {
        name: 'everybody',
        members: [
          { vmta: 0, weight: 1 },
          { vmta: 1, weight: 1 },
          { vmta: 2, weight: 1 },
        ],
      },
    ],
    loads: [[0], [0], [1]],
    reach: [
      [true, true, true, true],
      [true, false, true, false],
    ],
  });
});

test("an MTA with a configuration of its user's own spreads what names nobody as that says", () => {
  const plan = { ...planned(load('one')), adapter: 'external' };
  assert.deepEqual(asked(spreadPlan(plan, true)), ['?']);
  assert.deepEqual(spreadNotes(plan), []);
  const named = { ...planned(load('one', 'x-virtual-mta: four')), adapter: 'external' };
  assert.deepEqual(asked(spreadPlan(named, true)), ['four']);
  const [bulk] = named.mta.pools;
  const pooled = {
    ...planned(load('one')),
    adapter: 'external',
    mta: { ...named.mta, defaultPool: bulk ?? assert.fail() },
  };
  assert.deepEqual(asked(spreadPlan(pooled, true)), ['bulk']);
});

test('without a seal every source reaches every ISP', () => {
  assert.deepEqual(spreadPlan(planned(load('one')), false).reach, [
    [true, true, true, true],
    [true, true, true, true],
  ]);
});

const NOTES: readonly [name: string, loads: string, notes: readonly string[], adapter?: string][] = [
  ['a virtual MTA that reaches all', load('one', 'x-virtual-mta: both'), []],
  [
    'one that reaches Gmail alone',
    load('one', 'x-virtual-mta: six'),
    [
      "yahoo: no mail host has an address that can be reached from six (load one), so mail that asks for it can't be delivered",
    ],
  ],
  [
    'one that reaches Gmail alone, and mail for Gmail alone',
    load('one', 'x-virtual-mta: six', 'mix: { gmail: 1 },'),
    [],
  ],
  [
    'a pool of such',
    load('one', 'x-virtual-mta: dark'),
    [
      "yahoo: no mail host has an address that can be reached from dark (load one), so mail that asks for it can't be delivered",
    ],
  ],
  [
    'a pool with others',
    load('one', 'x-virtual-mta: bulk'),
    [
      "yahoo: no mail host has an address that can be reached from six; what pools give them falls to the others there, or can't be delivered, as the MTA will have it",
    ],
  ],
  [
    'a name that is none',
    load('one', 'x-virtual-mta: fuor'),
    [
      "load one: X-Virtual-MTA says what is neither a virtual MTA nor a pool of this scenario, or what only the message knows; whether mail left from there can't be told",
    ],
  ],
  ['no MTA', load('one', 'x-virtual-mta: six'), [], 'none'],
];
for (const [name, loads, notes, adapter] of NOTES) {
  test(`what check says of ${name}`, () => assert.deepEqual(planned(loads, adapter).notes, notes));
}
