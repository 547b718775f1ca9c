import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../bench/side-by-side.ts';
import { conclusionOf, type Findings, lineOf, markdownOf, numberText } from '../../bench/table.ts';

const fast: Row = {
  what: 'driver',
  unit: 'messages/s',
  better: 'more',
  ours: { median: 30_000, min: 29_000, max: 31_000, count: 5 },
  theirs: { median: 15_000, min: 14_000, max: 16_000, count: 5 },
  bar: 1.5,
  goal: 2,
};
const dear: Row = {
  what: 'a recipient',
  unit: 'bytes',
  better: 'less',
  ours: { median: 50, min: 50, max: 50, count: 1 },
  bar: 48,
  goal: 32,
};
const context: Row = { what: 'Haraka', unit: 'messages/s', better: 'none', ours: dear.ours };
const finding = (rows: readonly Row[]): Findings => ({
  name: 'driver',
  about: 'What.',
  rows,
  notes: ['left out'],
});

test('numbers have three digits', () => {
  const rows: [number, string][] = [
    [0.123, '0.12'],
    [1, '1.00'],
    [12.34, '12.3'],
    [123.4, '123'],
    [12_345.6, '12,346'],
  ];
  for (const [value, text] of rows) assert.equal(numberText(value), text);
});

test('lines for the terminal', () => {
  const cells = (row: Row): string[] => lineOf(row).trim().split(/ {2,}/);
  assert.deepEqual(cells(fast), [
    'driver, messages/s',
    '30,000 (29,000..31,000)',
    '15,000 (14,000..16,000)',
    '2.00x',
    '1.5x',
    '2x',
    'goal',
  ]);
  assert.deepEqual(cells(dear), ['a recipient, bytes', '50.0', '48', '32', 'below bar']);
  assert.deepEqual(cells(context), ['Haraka, messages/s', '50.0']);
});

test('the conclusion names the rows below their bar', () => {
  assert.equal(conclusionOf([finding([fast, context])]), 'Of 1 row with a bar, all reach it.');
  assert.equal(
    conclusionOf([finding([fast]), finding([dear])]),
    'Of 2 rows with a bar, 1 is below it: driver: a recipient.',
  );
  assert.equal(conclusionOf([finding([context])]), 'No row has a bar.');
});

test('the report', () => {
  const circumstances = { date: '2026-11-24T19:00:00.000Z', commit: 'abc1234', machine: '2 × CPU.' };
  assert.equal(
    markdownOf([finding([fast, dear])], circumstances, ['How.']),
    `# What the harness costs and carries

Written by \`npm run bench\` on 2026-11-24, at commit abc1234. 2 × CPU.

**Of 2 rows with a bar, 1 is below it: driver: a recipient.**

How.

## driver

What.

| what | ours (min..max) | theirs (min..max) | ratio | bar | goal | |
|---|---:|---:|---:|---:|---:|---|
| driver, messages/s | 30,000 (29,000..31,000) | 15,000 (14,000..16,000) | 2.00x | 1.5x | 2x | goal |
| a recipient, bytes | 50.0 |  |  | 48 | 32 | **below bar** |

- left out
`,
  );
});
