import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrng } from '../../src/core/prng.ts';
import { type Compared, judgeChanges } from '../../src/gate/change.ts';

/** Families that are judged for each row. 1500: a rate of 5 % is known to within 1.7 points (three standard errors). */
const FAMILIES = 1500;
const ERROR = 3 * Math.sqrt((0.05 * 0.95) / FAMILIES);

const uniform = createPrng(2026).stream('false alarms');

/** Standard normal, by Box and Muller. */
function gauss(): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** A count with this mean, by Knuth. */
function poisson(mean: number): number {
  let count = -1;
  for (let product = 1; product > Math.exp(-mean); count++) product *= uniform();
  return count;
}

/** What runs of one build measure. Latencies are log-normal; `steps` is a time that is told in buckets. */
const BUILDS = {
  'normal, 5 % noise': { draw: () => 100 * (1 + 0.05 * gauss()), step: 0 },
  'log-normal, 50 % noise': { draw: () => 100 * Math.exp(0.5 * gauss()), step: 0 },
  'rare events': { draw: () => poisson(2), step: 1 },
  'a time in whole seconds': { draw: () => 1000 * Math.round(6 + gauss()), step: 1000 },
} as const;

function sample(runs: number, draw: () => number): number[] {
  return Array.from({ length: runs }, draw);
}

/** The share of families in which any quantity is said to have changed. */
function alarms(quantities: number, make: () => Compared): number {
  let count = 0;
  for (let i = 0; i < FAMILIES; i++) {
    const family = Array.from({ length: quantities }, make);
    if (judgeChanges(family).some(({ verdict }) => verdict !== 'no change')) count++;
  }
  return count / FAMILIES;
}

for (const [name, { draw, step }] of Object.entries(BUILDS)) {
  test(`two times the same build (${name}): a false alarm at most once in twenty, however many quantities gate`, () => {
    for (const runs of [3, 5, 10])
      for (const quantities of [1, 2, 4, 8]) {
        const rate = alarms(quantities, () => ({
          better: 'higher',
          step,
          baseline: sample(runs, draw),
          runs: sample(runs, draw),
        }));
        assert.ok(rate <= 0.05 + ERROR, `${runs} runs a side, ${quantities} quantities: ${rate}`);
      }
  });
}

test('a build that is slower by 20 %, with 5 % noise, is found', () => {
  const slowed = (runs: number): Compared => ({
    better: 'higher',
    step: 0,
    baseline: sample(runs, () => 100 * (1 + 0.05 * gauss())),
    runs: sample(runs, () => 80 * (1 + 0.05 * gauss())),
  });
  // Runs a side, quantities that gate, and how often the first of them is found at least. Three runs know so little of
  // their own noise that they find this one in nine times of ten, and beside others, which did not change, less often.
  const rows: [number, number, number][] = [
    [3, 1, 0.9],
    [4, 1, 0.95],
    [5, 1, 0.95],
    [5, 8, 0.95],
    [10, 8, 0.99],
  ];
  for (const [runs, quantities, atLeast] of rows) {
    let found = 0;
    for (let i = 0; i < FAMILIES; i++) {
      const others = Array.from({ length: quantities - 1 }, () => ({
        better: undefined,
        step: 0,
        baseline: sample(runs, () => 100 * (1 + 0.05 * gauss())),
        runs: sample(runs, () => 100 * (1 + 0.05 * gauss())),
      }));
      if (judgeChanges([slowed(runs), ...others])[0]?.verdict === 'worse') found++;
    }
    assert.ok(
      found / FAMILIES >= atLeast,
      `${runs} runs a side, ${quantities} quantities: ${found / FAMILIES}`,
    );
  }
});
