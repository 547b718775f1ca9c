import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meaningOfCode } from '../../../src/report/smtp-codes.ts';

const cases: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'no reply: not connected, broken off or timed out'],
  [421, 'service not available, connection closed; may be tried again'],
  [499, 'may be tried again'],
  [500, 'command not understood; for good'],
  [554, 'no service here, or transaction failed; for good'],
  [599, 'for good'],
];

test('a code has its standard meaning, and any other that of its class', () => {
  for (const [code, meaning] of cases) assert.equal(meaningOfCode(code), meaning);
});
