import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrng } from '../../../../src/core/prng.ts';
import { createSizes, largestSize, meanSize, type SizePlan } from '../../../../src/driver/message/sizes.ts';

const N = 20_000;

/** The sizes of many messages, smallest first. */
function many(plan: SizePlan): number[] {
  const size = createSizes(plan, createPrng(7));
  return Array.from({ length: N }, (_, n) => size(n)).sort((a, b) => a - b);
}

function assertNear(found: number, expected: number, share: number, what: string): void {
  assert.ok(Math.abs(found / expected - 1) < share, `${what}: found ${found}, expected about ${expected}`);
}

test('sizes have the distribution that was asked for', () => {
  const logNormal = { kind: 'log-normal', median: 20_000, p95: 200_000, max: 2_000_000 } as const;
  const rows: [SizePlan, quantiles: Record<number, number>, largest: number][] = [
    [{ kind: 'uniform', min: 2000, max: 2000 }, { 0: 2000, 0.5: 2000, 0.9999: 2000 }, 2000],
    [{ kind: 'uniform', min: 2000, max: 60_000 }, { 0.25: 16_500, 0.5: 31_000, 0.75: 45_500 }, 60_000],
    [logNormal, { 0.05: 2000, 0.5: 20_000, 0.95: 200_000 }, 2_000_000],
    [{ ...logNormal, max: 200_000 }, { 0.5: 20_000, 0.97: 200_000, 0.9999: 200_000 }, 200_000],
    [
      {
        kind: 'list',
        sizes: [
          { bytes: 2000, weight: 70 },
          { bytes: 100_000, weight: 30 },
        ],
      },
      { 0.68: 2000, 0.72: 100_000 },
      100_000,
    ],
  ];
  for (const [plan, quantiles, largest] of rows) {
    const sizes = many(plan);
    for (const [q, expected] of Object.entries(quantiles))
      assertNear(sizes[Math.floor(Number(q) * N)] as number, expected, 0.06, `${plan.kind} ${q}`);
    assert.equal(largestSize(plan), largest);
    assert.ok((sizes.at(-1) as number) <= largest);
  }
});

test('the mean is that of the sizes', () => {
  const plans: SizePlan[] = [
    { kind: 'uniform', min: 2000, max: 60_000 },
    { kind: 'log-normal', median: 20_000, p95: 60_000, max: 1e9 },
    {
      kind: 'list',
      sizes: [
        { bytes: 2000, weight: 1 },
        { bytes: 5000, weight: 3 },
      ],
    },
  ];
  for (const plan of plans)
    assertNear(many(plan).reduce((sum, size) => sum + size, 0) / N, meanSize(plan), 0.03, plan.kind);
});
