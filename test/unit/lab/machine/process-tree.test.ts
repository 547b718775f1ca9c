import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageOf } from '../../../../src/lab/machine/process-tree.ts';

test('what a process has used is read from the kernel', () => {
  const stat = (name: string): string =>
    `42 (${name}) S 1 42 42 0 -1 4194304 900 0 0 0 250 50 7 8 20 0 9 0 100 1000000 2500`;
  const status = 'Name:\tk6\nVmHWM:\t  20480 kB\nVmRSS:\t   10240 kB\n';
  const rows: [string, Record<string, string>, ReturnType<typeof usageOf>][] = [
    ['a process', { stat: stat('k6'), status }, { cpu: 3e6, residentBytes: 10_485_760 }],
    ['a name with brackets', { stat: stat('k6) (x'), status }, { cpu: 3e6, residentBytes: 10_485_760 }],
    ['without memory, as of one that has ended', { stat: stat('k6') }, { cpu: 3e6, residentBytes: 0 }],
    ['nobody', {}, undefined],
  ];
  for (const [name, files, expected] of rows) {
    const read = (path: string): string | undefined => files[path.replace('/proc/42/', '')];
    assert.deepEqual(usageOf(42, read), expected, name);
  }
});
