import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANGE_RULES, type Compared, judgeChanges, type RunValue } from '../../../src/gate/change.ts';

function compared(
  baseline: readonly RunValue[],
  runs: readonly RunValue[],
  better?: Compared['better'],
  step = 0,
): Compared {
  return { better, step, baseline, runs };
}

const word = 'never';

test('one quantity: what is a change, what is not, and by what it was judged', () => {
  const rows: [string, Compared, string, string][] = [
    ['noise', compared([100, 104, 96], [102, 99, 97], 'higher'), 'no change', 'noise'],
    ['slower', compared([100, 101, 99], [80, 81, 79], 'higher'), 'worse', 'noise'],
    ['faster', compared([100, 101, 99], [120, 121, 119], 'higher'), 'better', 'noise'],
    ['less latency', compared([100, 101, 99], [80, 81, 79], 'lower'), 'better', 'noise'],
    ['more latency', compared([100, 101, 99], [120, 121, 119], 'lower'), 'worse', 'noise'],
    ['neither way is better', compared([100, 101, 99], [120, 121, 119]), 'changed', 'noise'],
    ['sure, but under 2 %', compared([1000, 1001, 999], [985, 986, 984], 'higher'), 'no change', 'noise'],
    ['sure, and over 2 %', compared([1000, 1001, 999], [975, 976, 974], 'higher'), 'worse', 'noise'],
    ['no variance, equal', compared([0, 0, 0], [0, 0, 0], 'lower', 1), 'no change', 'noise'],
    [
      'no variance, different',
      compared([1500, 1500, 1500], [1400, 1400, 1400], 'higher', 1),
      'worse',
      'noise',
    ],
    [
      'one message of many',
      compared([1500, 1500, 1500], [1499, 1499, 1499], 'higher', 1),
      'no change',
      'noise',
    ],
    ['one message of none', compared([0, 0, 0], [1, 1, 1], 'lower', 1), 'no change', 'noise'],
    ['two messages of none', compared([0, 0, 0], [2, 2, 2], 'lower', 1), 'worse', 'noise'],
    ['one message, few of them', compared([10, 10, 10], [9, 9, 9], 'higher', 1), 'no change', 'noise'],
    ['below zero', compared([-10, -10.1, -9.9], [-20, -20.1, -19.9], 'lower'), 'better', 'noise'],
    ['two runs, 9 %', compared([100, 102], [91.9, 91.9, 91.9], 'higher'), 'no change', 'tolerance'],
    ['two runs, 11 %', compared([100, 100], [89, 89, 89], 'higher'), 'worse', 'tolerance'],
    ['one run a side', compared([100], [111], 'lower'), 'worse', 'tolerance'],
    ['one run, from nothing', compared([0], [2], 'lower', 1), 'worse', 'tolerance'],
    ['one run, one message', compared([5], [6], 'lower', 1), 'no change', 'tolerance'],
    [
      'a run that does not know it',
      compared([100, 100, undefined], [85, 85, 85], 'higher'),
      'worse',
      'tolerance',
    ],
    ['always never', compared([word, word, word], [word, word, word], 'lower'), 'no change', 'words'],
    ['a number no more', compared([10, 11, 12], [word, word, word], 'lower'), 'worse', 'words'],
    ['a number at last', compared([word, word, word], [10, 11, 12], 'lower'), 'better', 'words'],
    ['no number any more', compared([1, 1, 1], ['not reached', word, word], 'lower'), 'worse', 'words'],
    [
      'sooner or later',
      compared([word, word, word], ['not reached', 'not reached', 'not reached'], 'lower'),
      'better',
      'words',
    ],
    [
      'now it applies',
      compared(['not applicable', 'not applicable', 'not applicable'], [1, 2, 3], 'lower'),
      'changed',
      'words',
    ],
    [
      'no samples',
      compared([1, 2, 3], ['no samples', 'no samples', 'no samples'], 'lower'),
      'changed',
      'words',
    ],
    ['words of no order', compared([10, 11, 12], [word, word, word]), 'changed', 'words'],
    ['now and then', compared([10, 11, word], [word, word, word], 'lower'), 'not comparable', 'words'],
    ['one run each, a word', compared([10], [word], 'lower'), 'worse', 'words'],
    [
      'nothing on a side',
      compared([undefined, undefined, undefined], [1, 2, 3], 'lower'),
      'not comparable',
      'nothing',
    ],
  ];
  for (const [name, quantity, verdict, judgedBy] of rows) {
    const [change] = judgeChanges([quantity]);
    assert.deepEqual([change?.verdict, change?.judgedBy], [verdict, judgedBy], name);
  }
});

test('the rules move the limits', () => {
  const drift = compared([1000, 1001, 999], [985, 986, 984], 'higher');
  assert.equal(judgeChanges([drift], { ...CHANGE_RULES, smallest: 0.01 })[0]?.verdict, 'worse');
  const single = compared([100], [80], 'higher');
  assert.equal(judgeChanges([single], { ...CHANGE_RULES, tolerance: 0.25 })[0]?.verdict, 'no change');
});

test('in a family the same evidence has to be stronger, and what never varies is not counted', () => {
  // p = 0.021: enough for one quantity, and for the last of a family.
  const slower = compared([9, 10, 11], [12, 13, 14], 'lower');
  const noise = compared([100, 104, 96], [102, 99, 97], 'higher');
  const nothingLost = compared([0, 0, 0], [0, 0, 0], 'lower', 1);
  const verdicts = (family: Compared[]): (string | undefined)[] => judgeChanges(family).map((c) => c.verdict);
  assert.deepEqual(verdicts([slower]), ['worse']);
  assert.deepEqual(verdicts([slower, nothingLost, nothingLost]), ['worse', 'no change', 'no change']);
  assert.deepEqual(verdicts([slower, noise, noise]), ['no change', 'no change', 'no change']);
});

test('the interval is that of the level which the test was held to, and leaves out 0 only for a change', () => {
  const [alone] = judgeChanges([compared([9, 10, 11], [12, 13, 14], 'lower')]);
  assert.equal(alone?.interval?.significance, 0.05);
  assert.ok((alone?.interval?.from ?? 0) > 0);
  const [first, second] = judgeChanges([
    compared([9, 10, 11], [12, 13, 14], 'lower'),
    compared([9, 10, 11], [12, 13, 14], 'lower'),
    compared([100, 104, 96], [102, 99, 97], 'higher'),
  ]);
  assert.equal(first?.interval?.significance, 0.05 / 3);
  assert.ok((first?.interval?.from ?? 1) < 0 && (second?.interval?.to ?? 0) > 0);
});

test('means are told where all runs of a side have numbers', () => {
  const [change] = judgeChanges([compared([10, 11, 12], [9, word, 9], 'lower')]);
  assert.deepEqual([change?.baseline, change?.runs, change?.interval], [11, undefined, undefined]);
});
