import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HarnessError } from '../../../src/core/errors.ts';
import { k6Key } from '../../../src/core/k6-key.ts';
import { type K6Kind, K6Metrics, mergeK6 } from '../../../src/record/k6-metrics.ts';

test('samples are counted by kind, in the metric and in each watched submetric that they belong to', () => {
  const metrics = new K6Metrics([
    'http_reqs{status:200}',
    'http_reqs{ status:"200" }',
    'size{a:1,b:2}',
    'http_reqs',
    'nothing{a:1}',
  ]);
  metrics.define('http_reqs', 'counter', false);
  metrics.define('size', 'trend', true);
  metrics.define('ok', 'rate', false);
  metrics.define('level', 'gauge', false);
  metrics.define('unseen', 'counter', false);
  metrics.define('http_reqs', 'counter', false);
  const samples: readonly (readonly [string, number, Record<string, string>, number])[] = [
    ['http_reqs', 1, { status: '200' }, 1000],
    ['http_reqs', 2, { status: '500' }, 1500],
    ['http_reqs', 50, { status: '200', group: '::setup' }, 5],
    ['http_reqs', 50, { status: '200', group: '::teardown' }, 9000],
    ['size', -3, { a: '1', b: '2', c: '3' }, 2000],
    ['size', 4096.3, { a: '1' }, 2000],
    ['size', 0, {}, 2000],
    ['size', 0, {}, 2000],
    ['ok', 1, {}, 2000],
    ['ok', 0, {}, 2000],
    ['ok', 0.5, {}, 2000],
    ['level', 7, {}, 3000],
    ['level', 3, {}, 2500],
    ['level', 9, {}, 2600],
  ];
  for (const [name, value, tags, atMs] of samples) assert.equal(metrics.add(name, value, tags, atMs), true);
  assert.equal(metrics.add('stranger', 1, {}, 4000), false);
  assert.deepEqual(metrics.span(), { fromMs: 1000, toMs: 3000 });
  assert.deepEqual(JSON.parse(JSON.stringify(metrics.states())), [
    { name: 'http_reqs', kind: 'counter', time: false, tags: {}, value: { kind: 'counter', count: 3 } },
    {
      name: 'http_reqs',
      kind: 'counter',
      time: false,
      tags: { status: '200' },
      value: { kind: 'counter', count: 1 },
    },
    {
      name: 'size',
      kind: 'trend',
      time: true,
      tags: {},
      value: {
        kind: 'trend',
        count: 4,
        sum: 4093.3,
        min: -3,
        max: 4096.3,
        values: [
          [-3, 1],
          [0, 2],
          [4096, 1],
        ],
      },
    },
    {
      name: 'size',
      kind: 'trend',
      time: true,
      tags: { a: '1', b: '2' },
      value: { kind: 'trend', count: 1, sum: -3, min: -3, max: -3, values: [[-3, 1]] },
    },
    { name: 'ok', kind: 'rate', time: false, tags: {}, value: { kind: 'rate', passes: 2, total: 3 } },
    {
      name: 'level',
      kind: 'gauge',
      time: false,
      tags: {},
      value: { kind: 'gauge', value: 7, min: 3, max: 9, atMs: 3000 },
    },
  ]);
  assert.equal(new K6Metrics().span(), undefined);
});

test('a submetric that is wanted later counts what comes from then on', () => {
  const metrics = new K6Metrics();
  metrics.define('http_reqs', 'counter', false);
  metrics.add('http_reqs', 1, { status: '200' }, 0);
  metrics.watch(['http_reqs{status:200}', 'later{a:1}', 'broken{']);
  metrics.watch(['http_reqs{status:200,}']);
  metrics.define('later', 'rate', false);
  metrics.add('http_reqs', 1, { status: '200' }, 0);
  metrics.add('later', 1, { a: '1' }, 0);
  assert.deepEqual(
    metrics.states().map((state) => [k6Key(state), state.value]),
    [
      ['http_reqs', { kind: 'counter', count: 2 }],
      ['http_reqs{status:200}', { kind: 'counter', count: 1 }],
      ['later', { kind: 'rate', passes: 1, total: 1 }],
      ['later{a:1}', { kind: 'rate', passes: 1, total: 1 }],
    ],
  );
});

test('trends keep every value within 0.05 %', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
      const metrics = new K6Metrics();
      metrics.define('x', 'trend', false);
      metrics.add('x', value, {}, 0);
      const [state] = metrics.states();
      assert.ok(state?.value.kind === 'trend');
      const [[kept, count] = [Number.NaN, 0]] = state.value.values;
      assert.equal(count, 1);
      assert.ok(Math.abs(kept - value) <= Math.abs(value) * 0.0005, `${kept} for ${value}`);
    }),
  );
});

test('several processes merged say what one would, however the samples are parted and grouped', () => {
  const kinds: Readonly<Record<string, K6Kind>> = { c: 'counter', r: 'rate', g: 'gauge', t: 'trend' };
  const sample = fc.record({
    name: fc.constantFrom(...Object.keys(kinds)),
    value: fc.integer({ min: -5, max: 5000 }),
    tag: fc.constantFrom('1', '2'),
    process: fc.nat({ max: 2 }),
  });
  const measured = (): K6Metrics => {
    const metrics = new K6Metrics(Object.keys(kinds).map((name) => `${name}{tag:1}`));
    for (const [name, kind] of Object.entries(kinds)) metrics.define(name, kind, false);
    return metrics;
  };
  const byKey = (states: ReturnType<typeof mergeK6>): unknown =>
    Object.fromEntries(states.map((state) => [k6Key(state), state]));
  fc.assert(
    fc.property(fc.array(sample), (samples) => {
      const one = measured();
      const three = [measured(), measured(), measured()] as const;
      samples.forEach(({ name, value, tag, process }, index) => {
        for (const metrics of [one, three[process as 0 | 1 | 2]])
          assert.ok(metrics.add(name, value, { tag }, index));
      });
      const [a, b, c] = three.map((metrics) => metrics.states()) as [never, never, never];
      assert.deepEqual(byKey(mergeK6([a, b, c])), byKey(one.states()));
      assert.deepEqual(byKey(mergeK6([mergeK6([c, a]), b])), byKey(one.states()));
    }),
  );
});

test('virtual users are parted among processes, any other gauge is of one thing', () => {
  const gauge = (name: string, value: number, atMs: number) => {
    const metrics = new K6Metrics();
    metrics.define(name, 'gauge', false);
    metrics.add(name, value, {}, atMs);
    return metrics.states();
  };
  const cases: readonly (readonly [name: string, b: number, value: number, min: number, max: number])[] = [
    ['vus', 2000, 9, 9, 9],
    ['vus_max', 2000, 9, 9, 9],
    ['level', 2000, 5, 4, 5],
    ['level', 500, 4, 4, 5],
    ['level', 1000, 5, 4, 5],
  ];
  for (const [name, atMs, value, min, max] of cases) {
    const [merged] = mergeK6([gauge(name, 4, 1000), gauge(name, 5, atMs)]);
    assert.deepEqual(merged?.value, { kind: 'gauge', value, min, max, atMs: Math.max(1000, atMs) }, name);
  }
  assert.throws(
    () =>
      mergeK6([
        gauge('x', 1, 1),
        [{ name: 'x', kind: 'rate', time: false, tags: {}, value: { kind: 'rate', passes: 1, total: 1 } }],
      ]),
    (error) =>
      error instanceof HarnessError &&
      error.kind === 'invalid-scenario' &&
      /^k6's metric x is a gauge in one process and a rate in another; expected one kind/.test(error.message),
  );
});
