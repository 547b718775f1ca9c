import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gmailId } from '../../../../fakes/isp/gmail-id.ts';

test('three numbers make an id', () => {
  for (const [a, b, c, id] of [
    [0, 0, 0, '0000000000000-00000000000si100000a10.0'],
    [0x41be03b0, 0x0d2f7cc4, 0xc687ec03, '41be03b00d2f7-cc4c687ec03si896547a57.924'],
    [0xffffffff, 0xffffffff, 0xffffffff, 'fffffffffffff-fffffffffffsi267295a85.215'],
    [1, 2, 0x0300, '0000000100000-00200000300si100768a58.3'],
    [1, 2, 0x2a00, '0000000100000-00200002a00si110752a52.42'],
  ] as const)
    assert.equal(gmailId(a, b, c), id);
});
