import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { loopbackOnly, requireTarget, sealedProof } from '../../../../src/core/proof.ts';
import { allowedTarget, firstThatListens } from '../../../../src/lab/drivers/flood-target.ts';

const HOSTS: Readonly<Record<string, readonly string[]>> = {
  here: ['::1', '127.0.0.1'],
  mixed: ['127.0.0.1', '203.0.113.9'],
  'mx.test': ['203.0.113.9', '2001:db8::9'],
  private: ['10.1.2.3'],
  nowhere: [],
};

interface Row {
  readonly host: string;
  readonly named?: string;
  readonly sealed?: true;
  /** The addresses allowed, or what the refusal says. */
  readonly expected: readonly string[] | RegExp;
}

const rows: readonly Row[] = [
  { host: '127.0.0.1', expected: ['127.0.0.1'] },
  { host: '::1', expected: ['::1'] },
  { host: 'here', expected: ['::1', '127.0.0.1'] },
  { host: '10.1.2.3', expected: /refusing to send load to 10\.1\.2\.3/ },
  { host: '198.18.16.10', expected: /refusing to send load to 198\.18\.16\.10/ },
  { host: '198.18.16.10', sealed: true, expected: ['198.18.16.10'] },
  { host: '2001:db8::9', expected: /refusing to send load to 2001:db8::9/ },
  { host: 'private', expected: /refusing to send load to 10\.1\.2\.3/ },
  { host: 'mixed', expected: /refusing to send load to 203\.0\.113\.9/ },
  { host: 'mx.test', expected: /refusing to send load to 203\.0\.113\.9/ },
  { host: 'mx.test', named: 'mx.test', expected: ['203.0.113.9', '2001:db8::9'] },
  { host: '203.0.113.9', named: '203.0.113.9', expected: ['203.0.113.9'] },
  // Naming another host, if only by its address, names nothing.
  {
    host: 'mx.test',
    named: '203.0.113.9',
    expected: /--i-run-this-server 203\.0\.113\.9: the target is mx\.test/,
  },
  { host: 'mx.test', named: 'mx.tset', expected: /--i-run-this-server mx\.tset: the target is mx\.test/ },
  {
    host: '127.0.0.1',
    named: 'mx.test',
    expected: /--i-run-this-server mx\.test: the target is 127\.0\.0\.1/,
  },
  { host: 'nowhere', expected: /can't find nowhere: it has no address/ },
  { host: 'unknown', expected: /can't find unknown: no such host/ },
];

test('whom a flood may be sent to; no connection is tried to find out', async (t) => {
  const connects = t.mock.method(Socket.prototype, 'connect', () => assert.fail('a connection was begun'));
  for (const { host, named, sealed, expected } of rows) {
    const allowed = allowedTarget(
      { host, port: 25, named },
      async (name) => HOSTS[name] ?? Promise.reject(new Error('no such host')),
      () => (sealed ? sealedProof() : undefined),
    );
    if (expected instanceof RegExp)
      await assert.rejects(
        allowed,
        (error) => error instanceof HarnessError && error.kind === 'usage' && expected.test(error.message),
        `${host} ${named}`,
      );
    else assert.deepEqual((await allowed).addresses, expected);
  }
  assert.equal(connects.mock.callCount(), 0);
});

test('what the user has named is allowed, and nothing beside it', async () => {
  const { proof, ground } = await allowedTarget(
    { host: 'mx.test', port: 25, named: 'mx.test' },
    async (name) => HOSTS[name] ?? [],
    () => undefined,
  );
  assert.deepEqual(ground, { named: HOSTS['mx.test'] });
  assert.throws(() => requireTarget(proof, '203.0.113.10'), /refusing/);
});

/** A port on which something listens at one loopback address alone. */
async function listen(t: TestContext, host: string): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('of several addresses the first that takes a connection is flooded', async (t) => {
  const port = await listen(t, '127.0.0.2');
  const choose = (addresses: readonly string[]): Promise<string> =>
    firstThatListens(addresses, port, loopbackOnly());
  assert.equal(await choose(['127.0.0.1', '127.0.0.2', '127.0.0.3']), '127.0.0.2');
  assert.equal(await choose(['127.0.0.1', '127.0.0.3']), '127.0.0.1');
  assert.equal(await choose(['127.0.0.1']), '127.0.0.1');
  await assert.rejects(choose(['203.0.113.9', '127.0.0.2']), /refusing to send load to 203\.0\.113\.9/);
});
