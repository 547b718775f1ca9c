import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Packer } from '../../../src/record/attempt-log.ts';
import { Recorder, readRecords } from '../../../src/record/recorder.ts';
import type { RunModel } from '../../../src/record/run-model.ts';
import { workFolder } from '../../support/cli.ts';
import { diskOf } from '../../support/full-disk.ts';

const model: RunModel = {
  loads: [
    {
      name: 'default',
      firstMessage: 0,
      messages: 100,
      recipientsPerMessage: 1,
      firstRecipient: 0,
      ispOf: () => 0,
    },
  ],
  phaseOf: () => 'baseline',
};

/** A block of one confirmed injection. */
function injection(message: number): Uint8Array {
  const packer = new Packer(1);
  packer.injection({
    due: 0,
    sentAfter: 0,
    doneAfter: 1,
    message,
    connection: 0,
    code: 250,
    recipients: 1,
    state: 'confirmed',
  });
  return packer.take() as Uint8Array;
}

// Two files of 24 bytes, then blocks of 8 + 32 bytes: an injection, then the lab's mark, one after the other.
const disks: readonly [
  name: string,
  room: number,
  injections: number,
  marks: readonly string[],
  torn: boolean,
][] = [
  ['large enough', 1000, 3, ['load_started', 'load_ended', 'ended'], false],
  ['full within the second injection', 48 + 80 + 20, 1, ['load_started'], true],
  ['full before the second mark', 48 + 120, 2, ['load_started'], false],
];
for (const [name, room, injections, marks, torn] of disks) {
  test(`a disk that is ${name}: the ledger has all, the files end together`, (t) => {
    const folder = workFolder(t);
    const recorder = new Recorder(folder, model, diskOf(room));
    (['load_started', 'load_ended', 'ended'] as const).forEach((mark, message) => {
      recorder.take({ type: 'records', injections: injection(message), events: undefined });
      recorder.own.mark({ at: message, name: mark });
      recorder.flush();
    });
    recorder.close();
    assert.equal(recorder.aggregate.running.confirmed, 3);
    assert.equal(recorder.failures().length, room === 1000 ? 0 : 1);
    const { aggregate, notes } = readRecords(folder, model);
    assert.equal(aggregate.running.confirmed, injections);
    assert.deepEqual([...aggregate.marks.keys()], marks);
    assert.equal(notes.length, torn ? 1 : 0);
  });
}
