import assert from 'node:assert/strict';
import { test } from 'node:test';
import { creditStretch, SourceSamples } from '../../../../src/lab/isps/samples.ts';
import { Packer, RecordView, SAMPLES } from '../../../../src/record/attempt-log.ts';

test('credit is sampled for the ten whole seconds before, and not for what was before the load', () => {
  for (const [seconds, from, to] of [
    [-0.3, 0, 0],
    [0.999999, 0, 0],
    [1, 0, 1],
    [7.3, 0, 7],
    [10.7, 0, 10],
    [11.02, 1, 11],
    [93.99, 83, 93],
  ] as const)
    assert.deepEqual(creditStretch(seconds * 1e6), { from: from * 1e6, to: to * 1e6 }, `${seconds}`);
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** What is recorded of so many sources, second by second: moments, sources and values. */
function recorded(
  count: number,
  seen: (source: number, second: number) => boolean,
  value: (source: number, second: number) => number,
  seconds: number,
): [number, number, number][] {
  const events = new Packer();
  const samples = new SourceSamples(events, 4);
  const sources = numbers(count);
  for (let second = 0; second < seconds; second++) {
    const values = sources.map((source) => value(source, second));
    samples.record(second, 'credit', sources, values, (source) => seen(source, second));
  }
  const view = new RecordView(events.take() ?? new Uint8Array());
  return numbers(view.count).map((index) => {
    view.index = index;
    assert.deepEqual([view.isp, SAMPLES[view.outcome]], [4, 'credit']);
    return [view.at, view.source, view.value];
  });
}

test('of a source only what is new is recorded', () => {
  const changing = (source: number, second: number): number => (source === 1 && second >= 2 ? 5 : 9);
  assert.deepEqual(
    recorded(2, () => true, changing, 5),
    [
      [0, 0, 9],
      [0, 1, 9],
      [2, 1, 5],
    ],
  );
  assert.deepEqual(
    recorded(
      1,
      () => true,
      () => Number.POSITIVE_INFINITY,
      3,
    ),
    [[0, 0, Number.POSITIVE_INFINITY]],
  );
});

test('of a few sources all are recorded, of many those that were seen, from then on', () => {
  const seen = (source: number, second: number): boolean => source === 7 && second >= 3;
  assert.equal(recorded(16, seen, () => 9, 5).length, 16);
  assert.deepEqual(
    recorded(17, seen, () => 9, 5),
    [[3, 7, 9]],
  );
});

test('a thousand sources with nothing new are a thousand records, however long it lasts', () => {
  assert.equal(
    recorded(
      1000,
      () => true,
      (source) => source,
      60,
    ).length,
    1000,
  );
});
