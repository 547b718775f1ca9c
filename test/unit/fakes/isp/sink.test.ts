import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { IspObserver } from '../../../../fakes/isp/session.ts';
import { startSink } from '../../../../fakes/isp/sink.ts';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const NOBODY: IspObserver = {
  connectionOpened() {},
  connectionClosed() {},
  replyLost() {},
  attempt() {},
  transaction() {},
};
const incidents = [{ start: 10, end: 20, limits: { rate: '2/s' } }];
const options = {
  isp: testIsp([limitLine('rate', { rate: '4/s', burst: 4 })], [], { incidents }),
  clock: new VirtualClock(),
  prng: createPrng(1),
  observer: NOBODY,
  sourceOf: () => 0,
};

test('one ISP listens on all its addresses and tells what it would take', async () => {
  const listen = [
    { address: '127.0.0.1', port: 0 },
    { address: '127.0.0.2', port: 0 },
  ];
  const sink = await startSink({ ...options, listen });
  try {
    assert.deepEqual(
      sink.addresses.map((a) => a.address),
      ['127.0.0.1', '127.0.0.2'],
    );
    assert.deepEqual([sink.sustained(0, 5), sink.allowance([0, 1], 5)], [4, 8]);
    assert.deepEqual([sink.sustained(0, 15), sink.allowance([0, 1], 15)], [2, 4]);
    assert.equal(sink.openConnections(), 0);
  } finally {
    await sink.stop();
  }
});

test('an address that is taken is said, and the others are let go', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', () => resolve()));
  const free = createServer();
  try {
    const { port } = taken.address() as { port: number };
    const listen = [
      { address: '127.0.0.2', port },
      { address: '127.0.0.1', port },
    ];
    await assert.rejects(
      startSink({ ...options, listen }),
      (error: Error & { kind?: string; hint?: string }) => {
        assert.equal(error.kind, 'lab');
        assert.match(
          error.message,
          new RegExp(`^can't listen on 127\\.0\\.0\\.1 port ${port}: .*EADDRINUSE`),
        );
        return true;
      },
    );
    await new Promise<void>((resolve) => void free.listen(port, '127.0.0.2', () => resolve()));
  } finally {
    taken.close();
    free.close();
  }
});
