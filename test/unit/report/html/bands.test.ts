import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bandsOf } from '../../../../src/report/html/bands.ts';
import type { Phase } from '../../../../src/report/summary.ts';

const phases: readonly Phase[] = [
  { name: 'warmup', from: 0, to: 10 },
  { name: 'baseline', from: 10, to: 20 },
  { name: 'incident', from: 20, to: 50, isp: 'gmail', label: 'ip-rate 20/min' },
  { name: 'incident', from: 40, to: 60, isp: 'yahoo' },
  { name: 'recovery', from: 60, to: 90 },
];

test('own incidents stand out, those of others are named, overlapping ones get a row of their own', () => {
  const shown = bandsOf(phases, { isp: 'gmail', loadSeconds: 90, end: 100 });
  assert.deepEqual(
    shown.map(({ kind, label, lane }) => [kind, label, lane]),
    [
      ['warmup', 'warm-up', 0],
      ['baseline', 'baseline', 0],
      ['incident', 'ip-rate 20/min', 0],
      ['elsewhere', 'yahoo: incident', 1],
      ['recovery', 'recovery', 0],
      ['drain', 'drain', 0],
    ],
  );
});

test('a chart of all ISPs names the ISP of every incident', () => {
  const shown = bandsOf(phases, { isp: undefined, loadSeconds: 90, end: 90 });
  assert.deepEqual(shown.map(({ kind, label }) => [kind, label]).slice(2), [
    ['incident', 'gmail: ip-rate 20/min'],
    ['incident', 'yahoo: incident'],
    ['recovery', 'recovery'],
  ]);
});

test('a run without load has no drain', () => {
  assert.deepEqual(bandsOf([], { isp: undefined, loadSeconds: 0, end: 1 }), []);
});
