import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import {
  attainableDescriptors,
  type DescriptorLimits,
  linuxDescriptors,
  wholeNumber,
  withDescriptors,
} from '../../../../src/lab/machine/descriptors.ts';

const INFINITE = Number.POSITIVE_INFINITY;
const FULL = '000001ffffffffff';
const WITHOUT_RESOURCE = '000001fffeffffff';
const FIRST = '         0          0 4294967295\n';
const SECOND = '         0       1000          1\n';

function read(files: Record<string, string>): (path: string) => string | undefined {
  return (path) => files[path];
}

test('the limits of a process on Linux, and who may raise them', () => {
  const limits =
    'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n';
  const rows: [capabilities: string, map: string, raisable: boolean][] = [
    [FULL, FIRST, true],
    [WITHOUT_RESOURCE, FIRST, false],
    [FULL, SECOND, false],
    ['0000000000000000', FIRST, false],
  ];
  for (const [capabilities, map, raisable] of rows) {
    const files = {
      '/proc/self/limits': limits,
      '/proc/self/status': `Name:\tnode\nCapEff:\t${capabilities}\nCapBnd:\t${FULL}\n`,
      '/proc/self/uid_map': map,
      '/proc/sys/fs/nr_open': '1048576\n',
    };
    assert.deepEqual(linuxDescriptors(read(files)), {
      soft: 1024,
      hard: 524_288,
      ceiling: 1_048_576,
      raisable,
    });
  }
  assert.deepEqual(linuxDescriptors(read({})), {
    soft: undefined,
    hard: undefined,
    ceiling: undefined,
    raisable: false,
  });
});

test('numbers of the kernel and of shells', () => {
  const rows: [string | undefined, number | undefined][] = [
    ['20000\n', 20_000],
    ['unlimited', INFINITE],
    ['max', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [text, value] of rows) assert.equal(wholeNumber(text), value, text);
});

const ENV_SH = ['sh', '-c'];
const attainable: [limits: Omit<DescriptorLimits, 'soft'>, most: number | undefined, raised: boolean][] = [
  [{ hard: 20_000, ceiling: 1_048_576, raisable: false }, 20_000, false],
  [{ hard: 20_000, ceiling: 1_048_576, raisable: true }, 1_048_576, true],
  [{ hard: 20_000, ceiling: 65_536, raisable: true }, 65_536, true],
  [{ hard: 20_000, ceiling: 1_073_741_816, raisable: true }, 1_048_576, true],
  [{ hard: 2_000_000, ceiling: 1_073_741_816, raisable: true }, 2_000_000, false],
  [{ hard: 524_288, ceiling: 65_536, raisable: false }, 65_536, false],
  [{ hard: INFINITE, ceiling: 92_160, raisable: false }, 92_160, false],
  [{ hard: 4096, ceiling: undefined, raisable: false }, 4096, false],
  [{ hard: undefined, ceiling: undefined, raisable: false }, undefined, false],
];

test('what a worker can have, and whether its command raises the limit', () => {
  for (const [limits, most, raised] of attainable) {
    const all = { soft: 1024, ...limits };
    assert.equal(attainableDescriptors(all), most, JSON.stringify(limits));
    const command = withDescriptors(['node', 'worker.js'], all);
    const expected = raised
      ? [...ENV_SH, `ulimit -n ${most} 2> /dev/null; exec "$@"`, 'sh', 'node', 'worker.js']
      : ['node', 'worker.js'];
    assert.deepEqual(command, expected, JSON.stringify(limits));
  }
  assert.deepEqual(withDescriptors(['node'], undefined).at(-1), 'node');
});

test('the command sets the limit where it is allowed, and runs the program where it is not', () => {
  const show = ['sh', '-c', 'ulimit -Hn; echo "$1"', 'sh', 'a b'];
  const run = (ceiling: number): string[] => {
    const [command = '', ...args] = withDescriptors(show, { soft: 1, hard: 1, ceiling, raisable: true });
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
    return stdout.trim().split('\n');
  };
  // Anyone may lower it, so this shows that the shell does as it is told.
  assert.deepEqual(run(64), ['64', 'a b']);
  const here = linuxDescriptors();
  if (here.hard !== undefined && !here.raisable && here.hard < 1_048_576) {
    assert.deepEqual(run(1_048_576), [`${here.hard}`, 'a b']);
  }
});
