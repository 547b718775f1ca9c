import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phaseAt, phasesOf } from '../../../src/analysis/phases.ts';

test('how a load is split into phases', () => {
  const rows: [string, Parameters<typeof phasesOf>, string][] = [
    ['plain', [60, 0, []], 'baseline 0-60'],
    ['warm-up', [60, 10, []], 'warmup 0-10, baseline 10-60'],
    ['all of it warm-up', [60, 60, []], 'warmup 0-60'],
    [
      'incident',
      [60, 10, [{ start: 20, end: 30 }]],
      'warmup 0-10, baseline 10-20, incident 20-30, recovery 30-60',
    ],
    [
      'two incidents',
      [
        60,
        0,
        [
          { start: 10, end: 20 },
          { start: 30, end: 40 },
        ],
      ],
      'baseline 0-10, incident 10-20, recovery 20-30, incident 30-40, recovery 40-60',
    ],
    [
      'incidents that overlap',
      [
        60,
        0,
        [
          { start: 10, end: 30 },
          { start: 20, end: 40 },
        ],
      ],
      'baseline 0-10, incident 10-40, recovery 40-60',
    ],
    [
      'an incident that outlasts the load',
      [60, 0, [{ start: 50, end: 90 }]],
      'baseline 0-50, incident 50-60',
    ],
    ['an incident within the warm-up', [60, 30, [{ start: 10, end: 20 }]], 'warmup 0-30, recovery 30-60'],
  ];
  for (const [name, args, expected] of rows) {
    assert.equal(
      phasesOf(...args)
        .map((s) => `${s.name} ${s.from}-${s.to}`)
        .join(', '),
      expected,
      name,
    );
  }
});

test('the phase of a moment', () => {
  const spans = phasesOf(60, 10, [{ start: 20, end: 30 }]);
  assert.deepEqual(
    [-1, 0, 10, 20, 29, 30, 59, 60].map((t) => phaseAt(spans, t)),
    [undefined, 'warmup', 'baseline', 'incident', 'incident', 'recovery', 'recovery', undefined],
  );
});
