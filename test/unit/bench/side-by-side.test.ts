import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alternate,
  costRow,
  type Measured,
  type Row,
  ratioOf,
  speedRow,
  spreadOf,
  verdictOf,
} from '../../bench/side-by-side.ts';

const measured = (messages: number, seconds: number, cpuMicros: number): Measured => ({
  messages,
  seconds,
  cpuMicros,
});

test('sides alternate, and the first repeat of each is left out', async () => {
  const order: string[] = [];
  const side = (name: string) => {
    let repeat = 0;
    return async () => {
      order.push(name);
      return measured(repeat++, 1, 1);
    };
  };
  const result = await alternate([side('a'), side('b')], 3);
  assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  assert.deepEqual(
    result.map((repeats) => repeats.map(({ messages }) => messages)),
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
  );
});

test('a side that fails ends the measurement', async () => {
  const fails = async (): Promise<Measured> => {
    throw new Error('the sink has ended');
  };
  await assert.rejects(alternate([async () => measured(1, 1, 1), fails], 5), /the sink has ended/);
});

test('a spread', () => {
  const rows: [number[], { median: number; min: number; max: number; count: number }][] = [
    [[3], { median: 3, min: 3, max: 3, count: 1 }],
    [[9, 1], { median: 5, min: 1, max: 9, count: 2 }],
    [[10, 9, 100, 2, 1], { median: 9, min: 1, max: 100, count: 5 }],
  ];
  for (const [figures, spread] of rows) assert.deepEqual(spreadOf(figures), spread);
  assert.throws(() => spreadOf([]), /nothing was measured/);
});

test('rows of speed and cost', () => {
  const ours = [measured(1000, 1, 20_000), measured(1000, 2, 30_000), measured(1000, 0.5, 10_000)];
  const theirs = [measured(1000, 2, 40_000)];
  const speed = speedRow('driver', ours, theirs, { bar: 1.5, goal: 2 });
  assert.deepEqual(speed, {
    what: 'driver',
    unit: 'messages/s',
    better: 'more',
    ours: { median: 1000, min: 500, max: 2000, count: 3 },
    theirs: { median: 500, min: 500, max: 500, count: 1 },
    bar: 1.5,
    goal: 2,
  });
  assert.equal(ratioOf(speed), 2);
  const cost = costRow('driver', ours, theirs);
  assert.deepEqual([cost.ours.median, cost.theirs?.median, ratioOf(cost)], [20, 40, 0.5]);
  assert.equal(ratioOf(costRow('driver', ours)), undefined);
});

test('the verdict of a row', () => {
  const one = (median: number) => ({ median, min: median, max: median, count: 5 });
  const row = (better: Row['better'], ours: number, theirs?: number, bar?: number, goal?: number): Row => ({
    what: 'w',
    unit: 'u',
    better,
    ours: one(ours),
    ...(theirs === undefined ? {} : { theirs: one(theirs) }),
    ...(bar === undefined ? {} : { bar }),
    ...(goal === undefined ? {} : { goal }),
  });
  const rows: [Row, ReturnType<typeof verdictOf>][] = [
    [row('more', 200, 100, 1.5, 2), 'goal'],
    [row('more', 150, 100, 1.5, 2), 'ok'],
    [row('more', 149, 100, 1.5, 2), 'below bar'],
    [row('less', 100, 100, 1.25, 1), 'goal'],
    [row('less', 125, 100, 1.25, 1), 'ok'],
    [row('less', 126, 100, 1.25, 1), 'below bar'],
    [row('less', 48, undefined, 48, 32), 'ok'],
    [row('less', 32, undefined, 48, 32), 'goal'],
    [row('less', 49, undefined, 48, 32), 'below bar'],
    [row('less', 4.9, undefined, 5), 'ok'],
    [row('more', 1, 100), 'measured'],
    [row('none', 1, 100, 2), 'measured'],
  ];
  for (const [given, verdict] of rows) assert.equal(verdictOf(given), verdict, JSON.stringify(given));
});
