import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { noCounts } from '../../../../src/driver/injections.ts';
import { K6Injections, runClock } from '../../../../src/driver/k6/injections.ts';
import type { InjectionNote } from '../../../../src/driver/k6/script-plan.ts';
import { type K6Wish, type LoadPlan, plainLoad } from '../../../../src/driver/load.ts';
import type { WorkerShare } from '../../../../src/driver/running-load.ts';
import { INJECTION_STATES, Packer, RecordView } from '../../../../src/record/attempt-log.ts';

const K6: K6Wish = { api: 'kumomta', script: undefined, exec: undefined };

function load(name: string, firstMessage: number, messages: number, k6 = K6): LoadPlan {
  const plain = plainLoad({ executor: 'constant-arrival-rate', rate: messages, duration: 1e6 }, messages);
  return { ...plain, name, k6, recipients: { ...plain.recipients, firstMessage, perMessage: 2 } };
}

interface Seen {
  readonly message: number;
  readonly state: string | undefined;
  readonly due: number;
  readonly done: number;
  readonly code: number;
  readonly recipients: number;
  readonly refusedSlot: number | undefined;
}

/** What is recorded if a process takes in notes, and then ends. */
function recorded(
  loads: readonly LoadPlan[],
  share: WorkerShare,
  feed: (injections: K6Injections) => void,
): { seen: Seen[]; counters: ReturnType<typeof noCounts>; strangers: number } {
  const packer = new Packer();
  const counters = noCounts();
  const injections = new K6Injections({ loads, share, moment: (ms) => ms * 1e3, packer, counters });
  feed(injections);
  injections.end();
  const bytes = packer.take();
  const seen: Seen[] = [];
  if (bytes) {
    const view = new RecordView(bytes);
    for (view.index = 0; view.index < view.count; view.index++)
      seen.push({
        message: view.message,
        state: INJECTION_STATES[view.outcome],
        due: view.at,
        done: view.doneAfter,
        code: view.code,
        recipients: view.recipients,
        refusedSlot: view.refusedSlot,
      });
  }
  return { seen, counters, strangers: injections.strangers };
}

const note = (message: number, changes: Partial<InjectionNote> = {}): InjectionNote => ({
  message,
  sentAtMs: 5,
  state: 'confirmed',
  status: 200,
  refusedSlots: [],
  ...changes,
});

const ALL = { worker: 0, of: 1 };

test('notes become records of injections, and of the recipients that were refused', () => {
  const { seen, counters, strangers } = recorded([load('a', 100, 10)], ALL, (injections) => {
    injections.take(note(100), 12.3456);
    injections.take(note(101, { refusedSlots: [1] }), 1);
    injections.take(note(102, { state: 'refused', status: 400 }), 2);
    injections.take(note(103, { state: 'unconfirmed', status: 0, sentAtMs: 9 }), 30);
  });
  const whole = { due: 5000, code: 200, recipients: 2, refusedSlot: undefined };
  assert.deepEqual(seen, [
    { ...whole, message: 100, state: 'confirmed', done: 12_346 },
    { ...whole, message: 101, state: 'confirmed', done: 1000 },
    { ...whole, message: 101, state: 'refused', done: 1000, recipients: 1, refusedSlot: 1 },
    { ...whole, message: 102, state: 'refused', done: 2000, code: 400 },
    { ...whole, message: 103, state: 'unconfirmed', done: 30_000, code: 0, due: 9000 },
  ]);
  assert.deepEqual(counters, { ...noCounts(), due: 4, begun: 4, confirmed: 2, failed: 2 });
  assert.equal(strangers, 0);
});

test('what k6 tells nothing of is concluded from the numbers', () => {
  const mine: K6Wish = { ...K6, script: '/my-k6.js' };
  const rows: [
    string,
    LoadPlan,
    WorkerShare,
    taken: number[],
    dropped: number,
    unconfirmed: number[],
    unused: number[],
  ][] = [
    ['all came', load('a', 0, 4), ALL, [0, 1, 2, 3], 0, [], []],
    ['in any order', load('a', 0, 4), ALL, [3, 1, 0, 2], 0, [], []],
    ['two were cut off', load('a', 0, 9), ALL, [0, 2, 4], 0, [1, 3], []],
    ["a user's script may leave numbers out", load('a', 0, 9, mine), ALL, [0, 2, 4], 0, [], []],
    ['the last numbers are those that were dropped', load('a', 50, 10), ALL, [50, 51], 3, [], [57, 58, 59]],
    ['none of those that were sent', load('a', 0, 4), ALL, [0, 1, 2], 2, [], [3]],
    ['the numbers of the second of three', load('a', 10, 10), { worker: 1, of: 3 }, [11, 17], 1, [14], []],
    ['its last ones', load('a', 10, 10), { worker: 0, of: 3 }, [10], 2, [], [16, 19]],
    ['numbers parted in another way', load('a', 0, 10), { worker: 0, of: 2 }, [0, 4, 3], 2, [], []],
  ];
  for (const [name, plan, share, taken, dropped, unconfirmed, unused] of rows) {
    const { seen, counters, strangers } = recorded([plan], share, (injections) => {
      for (const message of taken) injections.take(note(message), 1);
      if (dropped > 0) injections.dropped('a', dropped, 8);
    });
    const of = (state: string): number[] =>
      seen.filter((each) => each.state === state).map(({ message }) => message);
    assert.deepEqual(of('confirmed'), taken, name);
    assert.deepEqual(of('unconfirmed'), unconfirmed, name);
    assert.deepEqual(of('dropped'), unused, name);
    assert.ok(
      seen.every(({ state, due }) => due === (state === 'dropped' ? 8000 : 5000)),
      name,
    );
    assert.equal(counters.dropped, dropped, name);
    assert.equal(counters.failed, unconfirmed.length, name);
    assert.equal(strangers, 0, name);
  }
});

test('numbers of no load, and numbers that come twice, are counted and not recorded', () => {
  const loads = [load('a', 0, 2), load('b', 2, 2)];
  const { seen, counters, strangers } = recorded(loads, ALL, (injections) => {
    for (const message of [0, 0, 3, 4, 1, 1]) injections.take(note(message), 1);
    injections.dropped('c', 5, 8);
  });
  assert.deepEqual(
    seen.filter(({ state }) => state === 'confirmed').map(({ message }) => message),
    [0, 3, 1],
  );
  assert.equal(strangers, 3);
  assert.equal(counters.dropped, 0);
});

test('iterations that are dropped belong to the load that is named, or to the only one', () => {
  const rows: [string, loads: number, name: string | undefined, dropped: number][] = [
    ['named', 2, 'b', 1],
    ['another', 2, 'c', 0],
    ['not named, of one', 1, undefined, 1],
    ['not named, of two', 2, undefined, 0],
  ];
  for (const [name, count, named, expected] of rows) {
    const loads = [load('a', 0, 9), load('b', 9, 9)].slice(0, count);
    const { counters } = recorded(loads, ALL, (injections) => injections.dropped(named, 1, 8));
    assert.equal(counters.dropped, expected, name);
  }
});

test('a message that was refused may be handed over again by a script, and then counts once', () => {
  const mine = load('a', 0, 3, { ...K6, script: '/my-k6.js' });
  const { seen, counters, strangers } = recorded([mine], ALL, (injections) => {
    injections.take(note(0, { state: 'refused', status: 429 }), 1);
    injections.take(note(0, { state: 'refused', status: 429 }), 1);
    injections.take(note(0), 1);
    injections.take(note(0), 1);
  });
  assert.deepEqual(
    seen.map(({ state }) => state),
    ['refused', 'refused', 'confirmed'],
  );
  assert.deepEqual(counters, { ...noCounts(), due: 1, begun: 1, confirmed: 1, failed: 0 });
  assert.equal(strangers, 1);
});

test("the wall clock's time becomes the run's, and is never before its begin", () => {
  const clock = new VirtualClock(-300_000);
  let wallMs = 1_764_359_000_000;
  const moment = runClock(clock, () => wallMs);
  assert.equal(moment(1_764_359_000_300), 0);
  assert.equal(moment(1_764_359_001_300.5), 1_000_500);
  assert.equal(moment(1_764_359_000_299), 0);
  clock.advance(5e6);
  wallMs += 5000;
  assert.equal(moment(1_764_359_001_300), 1e6);
  wallMs += 3_600_000;
  assert.equal(moment(1_764_362_601_300), 1e6, 'the wall clock was set forward by an hour');
});
