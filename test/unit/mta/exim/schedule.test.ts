import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queueInterval, retryRule } from '../../../../src/mta/exim/schedule.ts';

const s = (...seconds: number[]): number[] => seconds.map((each) => each * 1e6);

test('each wait is an interval until the middle of it, the last until the end', () => {
  const rows: [waits: number[], expire: number, rule: string][] = [
    [s(60, 300, 900, 3600), 86400, 'F,30s,60s; F,210s,300s; F,810s,900s; F,86400s,3600s'],
    [s(60), 3600, 'F,3600s,60s'],
    [s(1, 2), 8, 'F,1s,1s; F,8s,2s'],
    // What expires before its turn is left out; the last interval is one that can be reached.
    [s(60, 300, 900), 100, 'F,30s,60s; F,100s,300s'],
    [s(60, 300), 20, 'F,20s,60s'],
    [s(0.2), 0.5, 'F,1s,1s'],
    [s(1.4, 1.6), 60, 'F,1s,1s; F,60s,2s'],
  ];
  for (const [waits, expire, rule] of rows) assert.equal(retryRule(waits, expire * 1e6), rule);
});

test('queue runs begin a tenth of the shortest wait apart, within a second and a minute', () => {
  const rows: [waits: number[], seconds: number][] = [
    [s(1), 1],
    [s(5, 60), 1],
    [s(60, 300), 6],
    [s(900, 300), 30],
    [s(3600), 60],
  ];
  for (const [waits, seconds] of rows) assert.equal(queueInterval(waits), seconds, `${waits}`);
});

test('by the rule, attempts come when the waits say, however late each one is', () => {
  const waits = [60, 300, 900, 3600];
  const rules = retryRule(
    waits.map((wait) => wait * 1e6),
    86400e6,
  )
    .split('; ')
    .map((rule) =>
      rule
        .split(',')
        .slice(1)
        .map((time) => Number.parseInt(time, 10)),
    );
  // As retry.c of Exim does it: the first rule whose cutoff has not passed since the first failure.
  for (const late of [0, 1, 6]) {
    let elapsed = 0;
    const seen: number[] = [];
    for (let i = 0; i < waits.length; i++) {
      const [, interval = 0] = rules.find(([cutoff = 0]) => elapsed <= cutoff) ?? [];
      seen.push(interval);
      elapsed += interval + late;
    }
    assert.deepEqual(seen, waits, `${late} s late`);
  }
});
