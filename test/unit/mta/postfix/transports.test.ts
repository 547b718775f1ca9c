import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MtaIsp, MtaPlan } from '../../../../src/mta/adapter.ts';
import { choiceOf, transportsOf } from '../../../../src/mta/postfix/transports.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';

function source(index: number, address: string, vmta: string) {
  return { index, address, helo: `out${index + 1}.sender.test`, vmta };
}

function isp(id: string, limits: Partial<Pick<MtaIsp, 'concurrency' | 'rate'>> = {}): MtaIsp {
  return {
    id,
    domains: [`${id}.com`],
    hosts: [],
    concurrency: undefined,
    rate: undefined,
    replies: [],
    ...limits,
  };
}

const one = source(0, '198.18.128.1', 'one');
const two = source(1, '198.18.128.2', 'two');

/** Each transport as `name processes/concurrency/delay`. */
function told(plan: Partial<MtaPlan>): string[] {
  return transportsOf(mtaPlan(plan)).map(
    ({ name, processes, concurrency = '-', delay = '-' }) => `${name} ${processes}/${concurrency}/${delay}`,
  );
}

test('what the plan allows in all is divided among the virtual MTAs', () => {
  const pool = (...weights: number[]) => ({
    name: 'pool',
    members: weights.map((weight, at) => ({ vmta: ['one', 'two'][at] as string, weight })),
  });
  const table: { name: string; plan: Partial<MtaPlan>; expected: string[] }[] = [
    { name: 'one alone', plan: { sources: [one], concurrency: 20 }, expected: ['out.one 20/-/-'] },
    {
      name: 'evenly',
      plan: { sources: [one, two], concurrency: 20 },
      expected: ['out.one 10/-/-', 'out.two 10/-/-'],
    },
    {
      name: 'by weight in the default pool',
      plan: { sources: [one, two], concurrency: 20, defaultPool: pool(3, 1) },
      expected: ['out.one 15/-/-', 'out.two 5/-/-'],
    },
    {
      name: 'evenly to one outside the default pool',
      plan: { sources: [one, two], concurrency: 20, defaultPool: pool(3) },
      expected: ['out.one 10/-/-', 'out.two 10/-/-'],
    },
    {
      name: 'at least one each',
      plan: { sources: [one, two], concurrency: 1 },
      expected: ['out.one 1/-/-', 'out.two 1/-/-'],
    },
    {
      name: 'at an ISP with a limit, a part of that',
      plan: { sources: [one, two], concurrency: 20, isps: [isp('gmail', { concurrency: 8 }), isp('yahoo')] },
      expected: ['out.one 10/-/-', 'out.one.gmail 4/4/-', 'out.two 10/-/-', 'out.two.gmail 4/4/-'],
    },
    {
      name: 'never more at an ISP than in all',
      plan: { sources: [one], concurrency: 20, isps: [isp('gmail', { concurrency: 500 })] },
      expected: ['out.one 20/-/-', 'out.one.gmail 20/20/-'],
    },
    {
      name: 'a rate as whole seconds between messages, never too short',
      plan: { sources: [one, two], concurrency: 20, isps: [isp('gmail', { rate: 1.5 })] },
      expected: ['out.one 10/-/-', 'out.one.gmail 10/-/2', 'out.two 10/-/-', 'out.two.gmail 10/-/2'],
    },
    {
      name: 'a rate of one a second each, and one above, which Postfix can’t keep to',
      plan: {
        sources: [one],
        concurrency: 20,
        isps: [isp('gmail', { rate: 1 }), isp('yahoo', { rate: 1.1 })],
      },
      expected: ['out.one 20/-/-', 'out.one.gmail 20/-/1', 'out.one.yahoo 20/-/-'],
    },
    {
      name: 'an ISP whose id is no name of a service',
      plan: { sources: [one], concurrency: 20, isps: [isp('2'), isp('my isp', { concurrency: 3 })] },
      expected: ['out.one 20/-/-', 'out.one.isp-2 3/3/-'],
    },
  ];
  for (const { name, plan, expected } of table) assert.deepEqual(told(plan), expected, name);
});

test('a transport has one source of each family at most, and every source has one', () => {
  const table: { name: string; addresses: string[]; expected: string[] }[] = [
    { name: 'IPv4', addresses: ['198.18.128.1'], expected: ['out.all 198.18.128.1 none out1.sender.test'] },
    { name: 'IPv6', addresses: ['2001:2:0:1::1'], expected: ['out.all none 2001:2:0:1::1 out1.sender.test'] },
    {
      name: 'both, with the name of the IPv4 source',
      addresses: ['2001:2:0:1::1', '198.18.128.1'],
      expected: ['out.all 198.18.128.1 2001:2:0:1::1 out2.sender.test'],
    },
    {
      name: 'three of one family and one of the other',
      addresses: ['198.18.128.1', '198.18.128.2', '198.18.128.3', '2001:2:0:1::1'],
      expected: [
        'out.all 198.18.128.1 2001:2:0:1::1 out1.sender.test',
        'out.all.2 198.18.128.2 2001:2:0:1::1 out2.sender.test',
        'out.all.3 198.18.128.3 2001:2:0:1::1 out3.sender.test',
      ],
    },
  ];
  for (const { name, addresses, expected } of table) {
    const plan = mtaPlan({ sources: addresses.map((address, at) => source(at, address, 'all')) });
    assert.deepEqual(
      transportsOf(plan).map(
        ({ name: transport, ipv4 = 'none', ipv6 = 'none', helo }) => `${transport} ${ipv4} ${ipv6} ${helo}`,
      ),
      expected,
      name,
    );
  }
});

test('a pool’s mail is shared by weight among the transports of its virtual MTAs', () => {
  const gmail = isp('gmail', { concurrency: 2 });
  const plan = mtaPlan({
    sources: [one, source(1, '198.18.128.2', 'one'), source(2, '198.18.128.3', 'two')],
    isps: [gmail],
  });
  const pool = {
    name: 'pool',
    members: [
      { vmta: 'one', weight: 3 },
      { vmta: 'two', weight: 1 },
    ],
  };
  assert.deepEqual(choiceOf(plan, pool), [
    { transport: 'out.one', weight: 1.5 },
    { transport: 'out.one.2', weight: 1.5 },
    { transport: 'out.two', weight: 1 },
  ]);
  assert.deepEqual(
    choiceOf(plan, pool, gmail).map(({ transport }) => transport),
    ['out.one.gmail', 'out.one.2.gmail', 'out.two.gmail'],
  );
});
