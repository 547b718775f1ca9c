import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import { Packer, RecordView } from '../../../src/record/attempt-log.ts';
import { LogFile } from '../../../src/record/log-file.ts';
import { blockHeader, MAGIC } from '../../../src/record/log-format.ts';
import { LogTail } from '../../../src/record/log-tail.ts';
import { RecordTail } from '../../../src/record/recorder.ts';
import type { RunModel } from '../../../src/record/run-model.ts';

function records(count: number): Uint8Array {
  const packer = new Packer();
  for (let message = 0; message < count; message++) packer.pending({ at: message, message, slot: 0 });
  return packer.take() as Uint8Array;
}

function block(count: number): Buffer {
  const packed = records(count);
  return Buffer.concat([blockHeader(packed), packed]);
}

function path(t: TestContext, name = 'log.bin'): string {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, name);
}

function tailOf(t: TestContext, file: string): LogTail {
  const tail = new LogTail(file);
  t.after(() => tail.close());
  return tail;
}

/** How many records each new block has. */
const read = (tail: LogTail): number[] => [...tail.read()].map((bytes) => new RecordView(bytes).count);

test('a growing log is read block by block, each of them once', (t) => {
  const file = path(t);
  const [three, five, one] = [block(3), block(5), block(1)];
  const broken = Buffer.from(block(2));
  broken.writeUInt8(broken.readUInt8(40) ^ 1, 40);
  const tail = tailOf(t, file);
  const steps: [name: string, written: Buffer | undefined, blocks: number[], begun: boolean][] = [
    ['no file yet', undefined, [], false],
    ['half of the first line', MAGIC.subarray(0, 10), [], false],
    ['the rest of it', MAGIC.subarray(10), [], true],
    ['a block', three, [3], true],
    ['nothing new', undefined, [], true],
    ['a part of a header', five.subarray(0, 5), [], true],
    ['a header and a part of its records', five.subarray(5, 40), [], true],
    ['the rest of them, and a whole block', Buffer.concat([five.subarray(40), one]), [5, 1], true],
    ['a block and a torn one', Buffer.concat([three, five.subarray(0, -1)]), [3], true],
    ['its last byte', five.subarray(-1), [5], true],
    ['a damaged block, and a whole one behind it', Buffer.concat([broken, one]), [], true],
    ['more behind that', three, [], true],
  ];
  for (const [name, written, blocks, begun] of steps) {
    if (written) appendFileSync(file, written);
    assert.deepEqual(read(tail), blocks, name);
    assert.equal(tail.begun, begun, name);
  }
});

test('what the records say comes out whole', (t) => {
  const file = path(t);
  const log = new LogFile(file);
  const tail = tailOf(t, file);
  log.append(records(2));
  const [first] = tail.read();
  assert.deepEqual(first && Uint8Array.from(first), records(2));
  log.append(records(1));
  const [second] = tail.read();
  assert.deepEqual(second && Uint8Array.from(second), records(1));
  log.close();
});

test('what is left at the end of a log is said', (t) => {
  const file = path(t);
  const whole = Buffer.concat([MAGIC, block(3)]);
  const cases: [name: string, bytes: Buffer, torn: number | undefined][] = [
    ['nothing', whole, undefined],
    ['a part of a header', Buffer.concat([whole, block(1).subarray(0, 7)]), whole.length],
    ['a part of the records', Buffer.concat([whole, block(1).subarray(0, 39)]), whole.length],
    ['zeros, as a crash can leave them', Buffer.concat([whole, Buffer.alloc(64)]), whole.length],
  ];
  for (const [name, bytes, torn] of cases) {
    writeFileSync(file, bytes);
    const tail = tailOf(t, file);
    assert.deepEqual(read(tail), [3], name);
    const expected =
      torn === undefined
        ? undefined
        : `${file} is torn at byte ${torn} of ${bytes.length}; what comes after is left out`;
    assert.equal(tail.torn(), expected, name);
  }
  assert.equal(new LogTail(join(file, 'none')).torn(), undefined);
});

test('a log that is cut short while it is read is read no further', (t) => {
  const file = path(t);
  writeFileSync(file, Buffer.concat([MAGIC, block(3)]));
  const tail = tailOf(t, file);
  assert.deepEqual(read(tail), [3]);
  truncateSync(file, MAGIC.length);
  assert.deepEqual(read(tail), []);
});

test('what is not a log is refused', (t) => {
  const file = path(t);
  writeFileSync(file, 'this is a text of more than 24 bytes');
  assert.throws(
    () => [...tailOf(t, file).read()],
    (error) =>
      error instanceof HarnessError &&
      error.kind === 'usage' &&
      error.message === `${file} is not a windtunnel record file of version 1`,
  );
});

test('the records of a run add up while both of its logs grow', (t) => {
  const folder = path(t, '.');
  const load = {
    name: 'default',
    firstMessage: 0,
    messages: 10,
    firstRecipient: 0,
    recipientsPerMessage: 1,
    ispOf: () => 0,
  };
  const model: RunModel = { loads: [load], phaseOf: () => 'baseline' };
  const tail = new RecordTail(folder, model);
  t.after(() => tail.close());
  assert.equal(tail.advance(), false);
  const injections = new LogFile(join(folder, 'injections.bin'));
  const events = new LogFile(join(folder, 'attempts.bin'));
  assert.equal(tail.advance(), false);

  const packer = new Packer();
  const injected = { due: 0, sentAfter: 1, doneAfter: 2, connection: 1, code: 250, recipients: 1 };
  packer.injection({ ...injected, message: 4, state: 'confirmed' });
  injections.append(packer.take() as Uint8Array);
  assert.equal(tail.advance(), true);
  assert.equal(tail.aggregate.running.confirmed, 1);

  const attempt = { isp: 0, source: 0, message: 4, slot: 0, connection: 1, reply: 0, stage: 'dot' } as const;
  packer.attempt({ ...attempt, at: 5, outcome: 'throttled' });
  packer.attempt({ ...attempt, at: 6, outcome: 'accepted' });
  packer.attempt({ ...attempt, at: 7, isp: 1, outcome: 'rejected' });
  packer.sample({ at: 8, name: 'allowance', value: 30, isp: 0 });
  packer.sample({ at: 8, name: 'allowance', value: 10, isp: 0, source: 1 });
  packer.sample({ at: 8, name: 'connections_open', value: 3, isp: 1 });
  events.append(packer.take() as Uint8Array);
  assert.equal(tail.advance(), true);
  assert.deepEqual(
    [...tail.aggregate.runningIsps],
    [
      [0, { attempts: 2, accepted: 1, throttled: 1, allowance: 30, connections: 0 }],
      [1, { attempts: 1, accepted: 0, throttled: 0, allowance: undefined, connections: 3 }],
    ],
  );
  assert.equal(tail.advance(), false);
  injections.close();
  events.close();
});
