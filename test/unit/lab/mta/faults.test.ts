import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { FaultSchedule, type FaultSwitches } from '../../../../src/lab/mta/faults.ts';
import type { PlannedFault } from '../../../../src/scenario/faults.ts';

const at = (start: number, end: number | undefined, what: PlannedFault['what']): PlannedFault => ({
  start,
  ...(end !== undefined && { end }),
  what,
  label: '',
});
const kill = { kind: 'kill', signal: 'SIGKILL' } as const;

/** Lets every promise that can settle do so. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

interface Stage {
  readonly clock: VirtualClock;
  readonly schedule: FaultSchedule;
  /** What was done, with its moment. */
  readonly seen: string[];
  readonly failures: string[];
  pass(time: number): Promise<void>;
}

function stage(faults: readonly PlannedFault[], other: Partial<FaultSwitches> = {}): Stage {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const failures: string[] = [];
  const note = (what: string): void => void seen.push(`${clock.now()} ${what}`);
  const switches: FaultSwitches = {
    kill: async () => note('kill'),
    terminate: () => note('terminate'),
    restart: async () => note('restart'),
    pause: (paused) => note(paused ? 'pause' : 'go on'),
    disk: { fill: async () => note('fill'), free: async () => note('free') },
    dns: (trouble) => note(`dns ${trouble}`),
    mark: (name, fault) => note(`${name} ${fault}`),
    ...other,
  };
  const failed = (error: unknown): void => void failures.push((error as Error).message);
  const schedule = new FaultSchedule(faults, 0, switches, failed, clock);
  const pass = async (time: number): Promise<void> => {
    for (let i = 0; i < time; i++) {
      clock.advance(1);
      await settle();
    }
  };
  return { clock, schedule, seen, failures, pass };
}

test('each fault comes and goes at its moment', async () => {
  const rows: [string, PlannedFault[], string[]][] = [
    [
      'killed and started again',
      [at(2, 5, kill)],
      ['2 fault_began 0', '2 kill', '5 kill', '5 mta_starting 0', '5 restart', '5 fault_ended 0'],
    ],
    ['killed for good', [at(2, undefined, kill)], ['2 fault_began 0', '2 kill']],
    [
      'asked to end; who has not ended by then is killed',
      [at(2, 5, { kind: 'kill', signal: 'SIGTERM' })],
      ['2 fault_began 0', '2 terminate', '5 kill', '5 mta_starting 0', '5 restart', '5 fault_ended 0'],
    ],
    ['paused', [at(1, 3, { kind: 'pause' })], ['1 fault_began 0', '1 pause', '3 go on', '3 fault_ended 0']],
    [
      'without room',
      [at(1, 3, { kind: 'disk' })],
      ['1 fault_began 0', '1 fill', '3 free', '3 fault_ended 0'],
    ],
    [
      'without DNS',
      [at(1, 3, { kind: 'dns', how: 'servfail' })],
      ['1 fault_began 0', '1 dns servfail', '3 dns undefined', '3 fault_ended 0'],
    ],
    [
      'several, whatever their order in the scenario',
      [at(6, 7, { kind: 'pause' }), at(1, 4, { kind: 'disk' }), at(2, 3, { kind: 'pause' })],
      [
        '1 fault_began 1',
        '1 fill',
        '2 fault_began 2',
        '2 pause',
        '3 go on',
        '3 fault_ended 2',
        '4 free',
        '4 fault_ended 1',
        '6 fault_began 0',
        '6 pause',
        '7 go on',
        '7 fault_ended 0',
      ],
    ],
  ];
  for (const [name, faults, expected] of rows) {
    const { pass, seen, failures } = stage(faults);
    await pass(10);
    assert.deepEqual(seen, expected, name);
    assert.deepEqual(failures, [], name);
  }
});

test('whether the MTA is there', async () => {
  const { schedule, pass } = stage([at(1, 3, { kind: 'pause' }), at(4, 6, kill), at(8, undefined, kill)]);
  const presences: string[] = [];
  for (let i = 0; i < 10; i++) {
    presences.push(schedule.presence);
    await pass(1);
  }
  assert.deepEqual(presences, [
    ...['here', 'away', 'away', 'here', 'away', 'away', 'here', 'here', 'gone', 'gone'],
  ]);
});

test('an MTA that takes long to come back is away until then, and what is to come waits', async () => {
  let back = (): void => {};
  const { schedule, seen, pass } = stage([at(1, 2, kill), at(4, 5, { kind: 'pause' })], {
    restart: () =>
      new Promise((resolve) => {
        back = resolve;
      }),
  });
  await pass(6);
  assert.equal(schedule.presence, 'away');
  assert.deepEqual(seen.slice(2), ['2 kill', '2 mta_starting 0']);
  back();
  await settle();
  assert.deepEqual(seen.slice(4), [
    '6 fault_ended 0',
    '6 fault_began 1',
    '6 pause',
    '6 go on',
    '6 fault_ended 1',
  ]);
  assert.equal(schedule.presence, 'here');
});

test('after the load no fault begins, and those that have begun come to their end', async () => {
  const { schedule, seen, pass } = stage([at(1, 5, { kind: 'pause' }), at(4, 6, { kind: 'disk' })]);
  await pass(3);
  schedule.close();
  await pass(7);
  assert.deepEqual(seen, ['1 fault_began 0', '1 pause', '5 go on', '5 fault_ended 0']);
});

test('at the end of the run a paused MTA goes on, and a killed one stays down', async () => {
  const paused = stage([at(1, 5, { kind: 'pause' }), at(1, 5, { kind: 'dns', how: 'timeout' })]);
  await paused.pass(2);
  await paused.schedule.stop();
  await paused.pass(8);
  assert.deepEqual(paused.seen.slice(4), ['2 go on', '2 dns undefined']);
  const killed = stage([at(1, 5, kill)]);
  await killed.pass(2);
  await killed.schedule.stop();
  await killed.pass(8);
  assert.deepEqual(killed.seen, ['1 fault_began 0', '1 kill']);
});

test('a start that the run does not wait for is given up', async () => {
  let giveUp = (): void => {};
  let kills = 0;
  const { schedule, failures, pass } = stage([at(1, 2, kill)], {
    restart: () =>
      new Promise((_, reject) => {
        giveUp = () => reject(new Error('ended before it listened'));
      }),
    kill: async () => {
      if (++kills === 3) giveUp();
    },
  });
  await pass(3);
  await schedule.stop();
  assert.deepEqual(failures, []);
});

test('an MTA that does not come back is reported', async () => {
  const { schedule, seen, failures, pass } = stage([at(1, 2, kill), at(4, 5, { kind: 'pause' })], {
    restart: () => Promise.reject(new Error('port 25 is taken')),
  });
  await pass(8);
  assert.deepEqual(failures, ['port 25 is taken']);
  assert.equal(seen.at(-1), '2 mta_starting 0');
  assert.equal(schedule.presence, 'away');
});
