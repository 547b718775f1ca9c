import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatPerSecond,
  formatShare,
  formatStopwatch,
} from '../../../src/report/numbers.ts';

test('numbers are written as people read them', () => {
  const cases: readonly (readonly [written: string, expected: string])[] = [
    [formatCount(0), '0'],
    [formatCount(12345.4), '12,345'],
    [formatPerSecond(0), '0/s'],
    [formatPerSecond(0.3333), '0.333/s'],
    [formatPerSecond(299.7), '300/s'],
    [formatPerSecond(12345.6), '12,346/s'],
    [formatMs(0.25), '250 µs'],
    [formatMs(35.9), '35.9 ms'],
    [formatMs(1234), '1.23 s'],
    [formatMs(150_000), '2 min 30 s'],
    [formatShare(0, 0), '–'],
    [formatShare(0, 10), '0%'],
    [formatShare(1, 3), '33.3%'],
    [formatShare(1, 100_000), '<0.1%'],
    [formatShare(99_999, 100_000), '>99.9%'],
    [formatShare(5, 5), '100%'],
    [formatBytes(0), '0 B'],
    [formatBytes(8 * 1024 ** 3), '8 GiB'],
    [formatBytes(1536), '1.5 KiB'],
    [formatStopwatch(-1), '0:00'],
    [formatStopwatch(94.9), '1:34'],
    [formatStopwatch(3725), '1:02:05'],
  ];
  for (const [written, expected] of cases) assert.equal(written, expected);
});
