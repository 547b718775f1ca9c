import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExitCode, worstOf } from '../../../src/cli/exit-codes.ts';

test('the worst of several exit codes', () => {
  const rows: [number[], number][] = [
    [[], 0],
    [[0, 0], 0],
    [[0, 99, 0], 99],
    [[99, 105], 105],
    [[105, 106, 99], 106],
    [[0, 1, 106], 1],
  ];
  for (const [codes, worst] of rows) assert.equal(worstOf(codes), worst, codes.join(' '));
  for (const code of Object.values(ExitCode)) assert.equal(worstOf([0, code]), code);
});
