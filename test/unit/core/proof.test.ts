import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import { type LabProof, loopbackOnly, namedByUser, requireTarget } from '../../../src/core/proof.ts';

test('which addresses a proof allows', () => {
  const loopback = loopbackOnly();
  const named = namedByUser(['203.0.113.9', '2001:db8::9']);
  const rows: readonly (readonly [LabProof, string, boolean])[] = [
    [loopback, '127.0.0.1', true],
    [loopback, '127.255.255.254', true],
    [loopback, '::1', true],
    [loopback, '0.0.0.0', false],
    [loopback, '10.0.0.1', false],
    [loopback, '192.168.1.1', false],
    [loopback, '198.18.0.10', false],
    [loopback, '203.0.113.9', false],
    [loopback, '::', false],
    [loopback, '::ffff:10.0.0.1', false],
    [loopback, 'fe80::1', false],
    [loopback, '2001:db8::9', false],
    // A name is no address, whatever it would resolve to.
    [loopback, 'localhost', false],
    [loopback, '', false],
    [named, '203.0.113.9', true],
    [named, '2001:db8::9', true],
    [named, '127.0.0.1', true],
    [named, '203.0.113.8', false],
    [named, '10.0.0.1', false],
  ];
  for (const [proof, address, allowed] of rows) {
    if (allowed) requireTarget(proof, address);
    else
      assert.throws(
        () => requireTarget(proof, address, 'what to do'),
        (error) => error instanceof HarnessError && error.kind === 'usage' && error.hint === 'what to do',
        address,
      );
  }
});
