import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type IspProcess,
  type IspToPlace,
  placeIsps,
  servingProcesses,
} from '../../../../src/lab/isps/place-isps.ts';

const isp = (share: number, connections = 0, workers?: number): IspToPlace => ({
  share,
  connections,
  workers,
});
const three = [isp(0.2), isp(0.5), isp(0.3)];

const cases: {
  title: string;
  isps: readonly IspToPlace[];
  cores: number;
  descriptors?: number;
  expected: IspProcess[];
}[] = [
  {
    title: 'on two cores one process has all of them',
    isps: three,
    cores: 2,
    expected: [{ isps: [0, 1, 2], workers: 0 }],
  },
  {
    title: 'on four cores the largest has one of its own',
    isps: three,
    cores: 4,
    expected: [
      { isps: [0, 2], workers: 0 },
      { isps: [1], workers: 0 },
    ],
  },
  {
    title: 'there are never more processes than ISPs',
    isps: three,
    cores: 64,
    expected: [
      { isps: [0], workers: 0 },
      { isps: [1], workers: 0 },
      { isps: [2], workers: 0 },
    ],
  },
  {
    title: 'of equal shares the first comes first',
    isps: [isp(0.25), isp(0.25), isp(0.25), isp(0.25)],
    cores: 4,
    expected: [
      { isps: [0, 2], workers: 0 },
      { isps: [1, 3], workers: 0 },
    ],
  },
  {
    title: 'one that is wished to be split is, and the others share what is left',
    isps: [isp(0.5, 0, 3), isp(0.3), isp(0.2)],
    cores: 2,
    expected: [
      { isps: [0], workers: 3 },
      { isps: [1, 2], workers: 0 },
    ],
  },
  {
    title: 'one worker is the process itself',
    isps: [isp(1, 0, 1)],
    cores: 2,
    expected: [{ isps: [0], workers: 0 }],
  },
  {
    title: 'one that no process can hold is split',
    isps: [isp(1, 100_000)],
    cores: 2,
    descriptors: 20_000,
    // A process holds 90 % of the 19,500 that are not its own.
    expected: [{ isps: [0], workers: 6 }],
  },
  {
    title: 'a wish for fewer workers than it takes is not met',
    isps: [isp(1, 100_000, 2)],
    cores: 2,
    descriptors: 20_000,
    expected: [{ isps: [0], workers: 6 }],
  },
  {
    title: 'those that one process can hold, but not together, have several',
    isps: [isp(0.4, 12_000), isp(0.3, 9000), isp(0.3, 9000)],
    cores: 2,
    descriptors: 20_000,
    expected: [
      { isps: [0], workers: 0 },
      { isps: [1], workers: 0 },
      { isps: [2], workers: 0 },
    ],
  },
];

for (const { title, isps, cores, descriptors, expected } of cases) {
  test(title, () => assert.deepEqual(placeIsps(isps, cores, descriptors), expected));
}

test('an acceptor serves no connections itself', () => {
  assert.equal(
    servingProcesses([
      { isps: [0, 2], workers: 0 },
      { isps: [1], workers: 3 },
    ]),
    4,
  );
});
