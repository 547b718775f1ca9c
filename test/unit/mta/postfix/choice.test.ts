import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MtaIsp, MtaPlan } from '../../../../src/mta/adapter.ts';
import { recipientTables, wholeWeights } from '../../../../src/mta/postfix/choice.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';

test('weights become the smallest whole numbers that are near enough', () => {
  const table: { weights: number[]; whole: number[] }[] = [
    { weights: [1], whole: [1] },
    { weights: [5, 5, 5], whole: [1, 1, 1] },
    { weights: [3, 1], whole: [3, 1] },
    { weights: [1.5, 1], whole: [3, 2] },
    { weights: [0.2, 0.3, 0.5], whole: [2, 3, 5] },
    { weights: [1, 1 / 3], whole: [3, 1] },
    { weights: [0.001, 0.0025], whole: [2, 5] },
    // 7:5 is 1.01 % off.
    { weights: [Math.SQRT2, 1], whole: [17, 12] },
  ];
  for (const { weights, whole } of table) assert.deepEqual(wholeWeights(weights), whole, weights.join(' : '));
});

test('who can’t reach an ISP has no part in its mail, unless the pool was chosen', () => {
  const isp = (id: string, families: (4 | 6)[]): MtaIsp => ({
    id,
    domains: [`${id}.test`],
    hosts: [],
    families,
    concurrency: undefined,
    rate: undefined,
    replies: [],
  });
  const sources = [
    { index: 0, address: '198.18.128.1', helo: 'a.test', vmta: 'four' },
    { index: 1, address: '198.18.128.2', helo: 'b.test', vmta: 'dual' },
    { index: 2, address: '2001:2:0:1::2', helo: 'c.test', vmta: 'dual' },
    { index: 3, address: '2001:2:0:1::3', helo: 'd.test', vmta: 'six' },
  ];
  const isps = [isp('both', [4, 6]), isp('v4', [4]), isp('v6', [6]), isp('none', [])];
  const all = { name: 'all', members: ['four', 'dual', 'six'].map((vmta) => ({ vmta, weight: 1 })) };
  const limited = isps.map((each) => ({ ...each, concurrency: 3 }));
  const table: { name: string; plan: Partial<MtaPlan>; expected: string[] }[] = [
    {
      name: 'the pool of all',
      plan: { isps },
      expected: ['* out.four out.dual out.six', 'v4 out.four out.dual', 'v6 out.dual out.six'],
    },
    {
      name: 'a pool that was chosen',
      plan: { isps, pools: [all], defaultPool: all },
      expected: ['* out.four out.dual out.six'],
    },
    {
      name: 'the pool of all, with limits at the ISPs',
      plan: { isps: limited },
      expected: [
        '* out.four out.dual out.six',
        'both out.four.both out.dual.both out.six.both',
        'v4 out.four.v4 out.dual.v4',
        'v6 out.dual.v6 out.six.v6',
        'none out.four.none out.dual.none out.six.none',
      ],
    },
    {
      name: 'nobody reaches it',
      plan: { isps: [isp('v6', [6])], sources: sources.slice(0, 1) },
      expected: ['* out.four'],
    },
  ];
  for (const { name, plan, expected } of table) {
    const tables = recipientTables(mtaPlan({ sources, ...plan }));
    const told = tables.map((text) => {
      const domain = /\{(\w+)\.test = here\}/.exec(text)?.[1] ?? '*';
      return `${domain} ${/randmap:\{(.*?)\}/.exec(text)?.[1]?.replaceAll(', ', ' ')}`;
    });
    assert.deepEqual(told, expected, name);
  }
});
