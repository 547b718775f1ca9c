import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NamedRecipients } from '../../../../fakes/isp/named-recipients.ts';

const answer = { code: 250, lines: ['250 OK'], close: false };

test('recipients are found by their key and told in the order in which they were named', () => {
  const named = new NamedRecipients();
  assert.deepEqual([named.size, named.get('a@x.test'), named.addresses()], [0, undefined, []]);
  // An empty key is no recipient before one was named.
  assert.equal(named.get(''), undefined);
  for (const [index, address] of ['A@x.test', 'b@x.test', 'C@x.test'].entries()) {
    const one = { address, answer };
    named.add(address.toLowerCase(), one);
    assert.equal(named.size, index + 1);
    assert.equal(named.get(address.toLowerCase()), one);
    assert.equal(named.get('d@x.test'), undefined);
  }
  assert.equal(named.get('a@x.test')?.address, 'A@x.test');
  assert.deepEqual(named.addresses(), ['A@x.test', 'b@x.test', 'C@x.test']);
});
