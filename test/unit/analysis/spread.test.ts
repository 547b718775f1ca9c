import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMeasure } from '../../../src/analysis/measure.ts';
import { type IspSpread, type SpreadPlan, spreadOf } from '../../../src/analysis/spread.ts';
import type { Selector } from '../../../src/gate/threshold.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { type AttemptOutcome, NONE16, Packer } from '../../../src/record/attempt-log.ts';

/** Virtual MTAs a and b have an IPv4 address each, `dual` one of each family, `six` IPv6 alone. */
const VMTAS = [
  { name: 'a', sources: [0] },
  { name: 'b', sources: [1] },
  { name: 'dual', sources: [2, 3] },
  { name: 'six', sources: [4] },
];
const A = 0;
const DUAL = 2;
const SIX = 3;
const alone = (vmta: number) => ({ name: VMTAS[vmta]?.name ?? '', members: [{ vmta, weight: 1 }] });

/** ISP 0 has both families, ISP 1 has IPv4 alone. */
const REACH = [
  [true, true, true, true, true],
  [true, true, true, false, false],
];

/** What was tried from where: message (and slot), source, and how that ended. */
type Tried = readonly [message: number, source: number, outcome?: AttemptOutcome, slot?: number];

/** A run of messages for ISP 0, or with two recipients each, one for each ISP; every injection is confirmed. */
function flown(tried: readonly Tried[], { messages = 400, slots = 1, isp = 0 } = {}): Aggregate {
  const aggregate = new Aggregate({
    loads: [
      {
        name: 'default',
        firstMessage: 0,
        messages,
        recipientsPerMessage: slots,
        firstRecipient: 0,
        ispOf: (_, slot) => (slots === 1 ? isp : slot % 2),
      },
    ],
    vmtas: [0, 1, 2, 2, 3],
    phaseOf: () => 'baseline',
  });
  const packer = new Packer();
  const injected = { sentAfter: 0, doneAfter: 1, connection: 1, code: 250, state: 'confirmed' } as const;
  for (let message = 0; message < messages; message++)
    packer.injection({ ...injected, due: 0, message, recipients: slots });
  tried.forEach(([message, source, outcome = 'accepted', slot = 0], at) => {
    packer.attempt({
      at: 10 + at,
      isp: slots === 1 ? isp : slot % 2,
      source,
      message,
      slot,
      connection: 1,
      reply: 0,
      stage: 'dot',
      outcome,
    });
  });
  aggregate.add(packer.take() as Uint8Array);
  return aggregate;
}

function spread(aggregate: Aggregate, plan: Partial<SpreadPlan>): IspSpread[] {
  return spreadOf(
    aggregate.ledger,
    aggregate.model.loads,
    { vmtas: VMTAS, asks: [], loads: [[0]], reach: REACH, ...plan },
    { queueListed: true, sendsDsn: true },
  );
}

/** Asked and seen by virtual MTA, `!` where they are off: `100/98 !`. */
function shown({ vmtas }: IspSpread): string[] {
  return vmtas.map(
    ({ asked, seen, off }) => `${asked === undefined ? '?' : Math.round(asked)}/${seen}${off ? ' !' : ''}`,
  );
}

const pool = {
  name: 'bulk',
  members: [
    { vmta: A, weight: 3 },
    { vmta: DUAL, weight: 1 },
  ],
};
const mixed = { name: 'mixed', members: [...pool.members, { vmta: SIX, weight: 4 }] };

/** So many messages from each source, one after the other. */
function messagesFrom(counts: readonly (readonly [source: number, count: number])[]): Tried[] {
  let message = 0;
  return counts.flatMap(([source, count]) => Array.from({ length: count }, (): Tried => [message++, source]));
}

const SPREADS: readonly {
  readonly name: string;
  readonly tried: readonly Tried[];
  readonly plan: Partial<SpreadPlan>;
  readonly isp?: number;
  readonly shown: readonly string[];
  readonly elsewhere: number;
}[] = [
  {
    name: 'a pool, by weight',
    tried: messagesFrom([
      [0, 300],
      [2, 60],
      [3, 40],
    ]),
    plan: { asks: [pool] },
    shown: ['300/300', '0/0', '100/100', '0/0'],
    elsewhere: 0,
  },
  {
    name: 'a pool, as far from the weights as chance may bring it',
    tried: messagesFrom([
      [0, 270],
      [2, 130],
    ]),
    plan: { asks: [pool] },
    shown: ['300/270', '0/0', '100/130', '0/0'],
    elsewhere: 0,
  },
  {
    name: 'a pool, one message further',
    tried: messagesFrom([
      [0, 269],
      [2, 131],
    ]),
    plan: { asks: [pool] },
    shown: ['300/269 !', '0/0', '100/131 !', '0/0'],
    elsewhere: 0,
  },
  {
    name: 'a pool in equal shares in place of its weights',
    tried: messagesFrom([
      [0, 200],
      [2, 200],
    ]),
    plan: { asks: [pool] },
    shown: ['300/200 !', '0/0', '100/200 !', '0/0'],
    elsewhere: 0,
  },
  {
    name: 'too few messages to say that anything is off',
    tried: messagesFrom([[2, 4]]),
    plan: { asks: [pool] },
    shown: ['3/0', '0/0', '1/4', '0/0'],
    elsewhere: 0,
  },
  {
    name: 'virtual MTAs named in turn leave nothing to chance',
    tried: Array.from({ length: 40 }, (_, message): Tried => [message, message === 39 ? 0 : message % 2]),
    plan: { asks: [alone(0), alone(1)], loads: [[0, 1]] },
    shown: ['20/21', '20/19', '0/0', '0/0'],
    elsewhere: 1,
  },
  {
    name: 'more than a twentieth of them elsewhere is off',
    tried: Array.from({ length: 40 }, (_, message): Tried => [message, message > 35 ? 0 : message % 2]),
    plan: { asks: [alone(0), alone(1)], loads: [[0, 1]] },
    shown: ['20/22 !', '20/18 !', '0/0', '0/0'],
    elsewhere: 2,
  },
  {
    name: 'who is not in the pool, and an address of nobody',
    tried: messagesFrom([
      [0, 300],
      [2, 90],
      [1, 6],
      [NONE16, 4],
    ]),
    plan: { asks: [pool] },
    shown: ['300/300', '0/6 !', '100/90', '0/0'],
    elsewhere: 10,
  },
  {
    name: 'who can reach the ISP shares what others of the pool would have had',
    tried: messagesFrom([
      [0, 300],
      [2, 100],
    ]),
    plan: { asks: [mixed] },
    isp: 1,
    shown: ['300/300', '0/0', '100/100', '0/0'],
    elsewhere: 0,
  },
  {
    name: 'what messages ask for is not known',
    tried: messagesFrom([
      [0, 300],
      [1, 99],
      [NONE16, 1],
    ]),
    plan: { loads: [[null]] },
    shown: ['?/300', '?/99', '?/0', '?/0'],
    elsewhere: 1,
  },
  {
    name: 'one half of the messages says what it asks for',
    tried: Array.from({ length: 400 }, (_, message): Tried => [message, message % 2]),
    plan: { asks: [alone(0)], loads: [[0, null]] },
    shown: ['200/200', '?/200', '?/0', '?/0'],
    elsewhere: 0,
  },
  {
    name: 'nothing was tried',
    tried: [],
    plan: { asks: [pool] },
    shown: ['0/0', '0/0', '0/0', '0/0'],
    elsewhere: 0,
  },
];

for (const { name, tried, plan, isp = 0, shown: expected, elsewhere } of SPREADS) {
  test(`asked and seen: ${name}`, () => {
    const at = spread(flown(tried, { isp }), plan)[isp] ?? assert.fail();
    assert.deepEqual(shown(at), expected);
    assert.equal(at.elsewhere, elsewhere);
    assert.equal(at.firstAttempts, tried.length);
  });
}

test('recipients of one message that go the same way together are one draw', () => {
  const together = (slots: number): number => {
    const tried = Array.from({ length: 400 }, (_, message) =>
      Array.from(
        { length: slots },
        (_, slot): Tried => [message, message % 4 === 0 ? 2 : 0, 'accepted', slot],
      ),
    ).flat();
    const [at] = spread(flown(tried, { slots }), { asks: [pool] });
    return (at?.vmtas[A]?.chance[0] ?? 0) / (at?.firstAttempts ?? 1);
  };
  // With four recipients a message, two of them are for each ISP.
  assert.equal(together(4).toFixed(6), together(2).toFixed(6));
});

test('mail for an ISP that nothing it asks for can reach is told with what became of it', () => {
  const tried: Tried[] = [
    [0, 4],
    [1, 4, 'rejected'],
    // From an address that it did not ask for.
    [2, 0],
  ];
  const [here, there] = [0, 1].map(
    (isp) => spread(flown(tried, { messages: 5, isp }), { asks: [alone(SIX)] })[isp],
  );
  assert.deepEqual(here?.unreachable, []);
  assert.equal(here?.elsewhere, 1);
  assert.deepEqual(there?.unreachable, [
    {
      ask: 0,
      vmtas: [SIX],
      which: 'all',
      recipients: 5,
      outcomes: { delivered: 2, bounced: 1, expired: 0, pending: 0, lost: 2, unaccounted: 0 },
    },
  ]);
  assert.equal(there?.elsewhere, 3);
});

test('of a pool that reaches an ISP in part, those whom nobody tried are told', () => {
  const tried: Tried[] = [
    [0, 0],
    [1, 2, 'rejected'],
  ];
  const at = spread(flown(tried, { messages: 5, isp: 1 }), { asks: [mixed] })[1];
  assert.deepEqual(at?.unreachable, [
    {
      ask: 0,
      vmtas: [SIX],
      which: 'some',
      recipients: 3,
      outcomes: { delivered: 0, bounced: 0, expired: 0, pending: 0, lost: 3, unaccounted: 0 },
    },
  ]);
});

/** What a threshold reads. */
function measured(
  aggregate: Aggregate,
  metric: 'source_share' | 'source_changes' | 'vmta_changes' | 'foreign_attempts',
  selector: Selector,
): number | undefined {
  const names = {
    isps: ['gmail', 'yahoo'],
    sources: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '::3', '::4'],
    vmtas: VMTAS,
    replies: [],
    phases: [],
    loads: ['default'],
  };
  const value = createMeasure(aggregate, undefined, names, undefined)(metric, selector);
  return value?.kind === 'gauge' ? value.value : value?.kind === 'counter' ? value.count : undefined;
}

test('the share of a source, of a virtual MTA, and of neither', () => {
  const tried: Tried[] = [
    ...messagesFrom([
      [0, 50],
      [2, 30],
      [3, 15],
      [NONE16, 5],
    ]),
    // Retries don't count.
    [0, 1],
    [1, 1],
  ];
  const aggregate = flown(tried, { messages: 100 });
  const rows: [Selector, number | undefined][] = [
    [{ isp: 'gmail', source: '1.1.1.1' }, 0.5],
    [{ isp: 'gmail', source: '1.1.1.2' }, 0],
    [{ vmta: 'dual' }, 0.45],
    [{ vmta: 'dual', source: '::3' }, 0.15],
    [{ vmta: 'a', source: '::3' }, 0],
    [{ vmta: 'nobody' }, 0],
    [{ isp: 'yahoo', vmta: 'a' }, undefined],
    [{ isp: 'gmail' }, undefined],
    [{}, undefined],
  ];
  for (const [selector, share] of rows)
    assert.equal(measured(aggregate, 'source_share', selector), share, JSON.stringify(selector));
});

test('retries from another address, from another virtual MTA, and attempts from nobody', () => {
  const again: Tried[] = [
    [0, 2, 'deferred'],
    [0, 2, 'deferred'],
    [0, 3, 'deferred'],
    [0, 1],
    [1, 0, 'deferred'],
    [1, NONE16],
    [2, 0],
  ];
  const aggregate = flown(again, { messages: 3 });
  const rows: ['source_changes' | 'vmta_changes' | 'foreign_attempts', Selector, number][] = [
    ['source_changes', {}, 3],
    ['vmta_changes', {}, 2],
    ['foreign_attempts', {}, 1],
    ['source_changes', { isp: 'gmail' }, 3],
    ['source_changes', { isp: 'yahoo' }, 0],
    ['vmta_changes', { isp: 'yahoo' }, 0],
    ['foreign_attempts', { isp: 'yahoo' }, 0],
  ];
  for (const [metric, selector, count] of rows)
    assert.equal(measured(aggregate, metric, selector), count, `${metric} ${JSON.stringify(selector)}`);
});
