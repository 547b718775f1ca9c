import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesFor,
  counted,
  portCount,
  processesFor,
  sessionsIn,
  sessionsPerProcess,
} from '../../../../src/lab/machine/capacity.ts';

test('sessions and descriptors: how many one process holds, and how many processes hold them', () => {
  const rows: [descriptors: number, each: number, sessions: number, processes: number][] = [
    [20_000, 19_500, 10_000, 1],
    [20_000, 19_500, 19_500, 1],
    [20_000, 19_500, 19_501, 2],
    [20_000, 19_500, 100_000, 6],
    [20_000, 19_500, 1_000_000, 52],
    [1_048_576, 1_048_076, 1_000_000, 1],
    [1024, 524, 100_000, 191],
    [501, 1, 7, 7],
    [500, 0, 7, Number.POSITIVE_INFINITY],
    [256, 0, 7, Number.POSITIVE_INFINITY],
  ];
  for (const [descriptors, each, sessions, processes] of rows) {
    assert.equal(sessionsPerProcess(descriptors), each);
    assert.equal(processesFor(sessions, descriptors), processes, `${sessions} of ${descriptors}`);
  }
});

test('sessions and memory: 30 KB each, 70 MB a worker, two workers at least', () => {
  const rows: [sessions: number, descriptors: number, bytes: number][] = [
    [1, 20_000, 140_030_000],
    [100_000, 20_000, 3_840_000_000],
    [100_000, 1_048_576, 3_140_000_000],
    [100_000, 400, Number.POSITIVE_INFINITY],
  ];
  for (const [sessions, descriptors, bytes] of rows) assert.equal(bytesFor(sessions, descriptors), bytes);
});

test('the most sessions in some memory: so many fit, one more does not', () => {
  for (const bytes of [200e6, 1e9, 3.84e9, 24e9, 1e12]) {
    for (const descriptors of [1024, 20_000, 1_048_576]) {
      const most = sessionsIn(bytes, descriptors);
      assert.ok(most > 0);
      assert.ok(bytesFor(most, descriptors) <= bytes, `${most} in ${bytes}`);
      assert.ok(bytesFor(most + 1, descriptors) > bytes, `${most} in ${bytes}`);
    }
  }
  assert.equal(sessionsIn(100e6, 20_000), 0);
  assert.equal(sessionsIn(24e9, 400), 0);
});

test('ports and words', () => {
  assert.equal(portCount({ from: 32_768, to: 60_999 }), 28_232);
  assert.equal(portCount({ from: 2000, to: 1000 }), 0);
  assert.deepEqual(
    [counted(1, 'source'), counted(2000, 'source'), counted(2, 'process', 'processes')],
    ['1 source', '2,000 sources', '2 processes'],
  );
});
