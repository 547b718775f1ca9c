import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import { Kind, NONE16, Packer, RecordView } from '../../../src/record/attempt-log.ts';
import { LogFile, readLog } from '../../../src/record/log-file.ts';
import { diskOf } from '../../support/full-disk.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'windtunnel-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function records(count: number): Uint8Array {
  const packer = new Packer(2);
  for (let message = 0; message < count; message++)
    packer.pending({ at: message, message, slot: message % 3 });
  return packer.take() as Uint8Array;
}

/** All of a log at once. */
function wholeLog(path: string): { blocks: Uint8Array[]; torn: string | undefined } {
  const blocks: Uint8Array[] = [];
  const reading = readLog(path);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return { blocks, torn: value };
    blocks.push(value);
  }
}

test('what is packed comes out as it went in, for every kind', () => {
  const packer = new Packer(1);
  packer.injection({
    due: 123456.5,
    sentAfter: 7,
    doneAfter: 99,
    message: 4_000_000_000,
    connection: 5,
    code: 250,
    recipients: 3,
    state: 'unconfirmed',
  });
  packer.injection({
    due: 1,
    sentAfter: -3,
    doneAfter: 9e12,
    message: 1,
    connection: 5,
    code: 550,
    recipients: 1,
    state: 'refused',
    refusedSlot: 0,
  });
  packer.attempt({
    at: 2,
    isp: 3,
    source: 4,
    message: 5,
    slot: NONE16,
    connection: 6,
    reply: 7,
    stage: 'rcpt',
    outcome: 'deferred',
    mismatched: true,
  });
  packer.transaction({
    at: 2,
    isp: 3,
    source: 4,
    message: 5,
    connection: 6,
    reply: 7,
    stage: 'dot',
    outcome: 'partial',
    recipients: 8,
    bytes: 9,
  });
  packer.connectionOpened({ at: 2, isp: 3, source: NONE16, connection: 6, reply: NONE16 });
  packer.connectionClosed({ at: 2, isp: 3, source: 4, connection: 6, transactions: 11, reply: 12 });
  packer.dsn({ at: 2, message: 5, slot: 1, action: 'delayed' });
  packer.sample({ at: 2, name: 'allowance', value: Number.POSITIVE_INFINITY, isp: 3, source: 4 });
  packer.mark({ at: 2, name: 'drained' });
  const news = { at: 2, isp: 3, message: 5, slot: 1, news: 'withdrawal' as const };
  packer.news({ ...news, first: 3_000_000_000, count: 7 });
  assert.equal(packer.count, 10);
  const view = new RecordView(packer.take() as Uint8Array);
  assert.equal(packer.take(), undefined);
  const at = (index: number): RecordView => Object.assign(view, { index });
  const seen = [
    [
      at(0).kind,
      view.at,
      view.message,
      view.sentAfter,
      view.doneAfter,
      view.code,
      view.recipients,
      view.outcome,
      view.refusedSlot,
    ],
    // A clock that ran backwards and a value past 71 minutes are held at the ends of their field.
    [at(1).sentAfter, view.doneAfter, view.refusedSlot],
    [
      at(2).kind,
      view.at,
      view.isp,
      view.source,
      view.message,
      view.slot,
      view.connection,
      view.reply,
      view.stage,
      view.outcome,
      view.mismatched,
    ],
    [at(3).kind, view.stage, view.outcome, view.recipients, view.bytes],
    [at(4).kind, view.source, view.connection, view.reply],
    [at(5).kind, view.transactions, view.reply],
    [at(6).kind, view.message, view.slot, view.outcome],
    [at(7).kind, view.value, view.isp, view.source, view.outcome],
    [at(8).kind, view.at, view.outcome],
    [at(9).kind, view.isp, view.message, view.slot, view.outcome, view.firstFollowUp, view.followUps],
  ];
  assert.deepEqual(seen, [
    [Kind.injection, 123456.5, 4_000_000_000, 7, 99, 250, 3, 1, undefined],
    [0, 0xfffffffe, 0],
    [Kind.attempt, 2, 3, 4, 5, NONE16, 6, 7, 'rcpt', 2, true],
    [Kind.transaction, 'dot', 6, 8, 9],
    [Kind.connectionOpened, NONE16, 6, NONE16],
    [Kind.connectionClosed, 11, 12],
    [Kind.dsn, 5, 1, 1],
    [Kind.sample, Number.POSITIVE_INFINITY, 3, 4, 0],
    [Kind.mark, 2, 2],
    [Kind.news, 3, 5, 1, 3, 3_000_000_000, 7],
  ]);
});

test('a log that was closed, and logs that were damaged', (t) => {
  const dir = folder(t);
  const whole = join(dir, 'whole.bin');
  const log = new LogFile(whole);
  log.append(records(3));
  log.append(new Uint8Array(0));
  log.append(records(5));
  log.close();
  assert.equal(log.failure, undefined);
  const { blocks, torn } = wholeLog(whole);
  assert.deepEqual(
    blocks.map((b) => new RecordView(b).count),
    [3, 5],
  );
  assert.equal(torn, undefined);

  const bytes = readFileSync(whole);
  const secondBlock = 24 + 8 + 3 * 32;
  const damage: [string, (path: string) => void, number, number | undefined][] = [
    ['cut within the last block', (p) => truncateSync(p, bytes.length - 1), 1, secondBlock],
    ['cut within a block header', (p) => truncateSync(p, secondBlock + 3), 1, secondBlock],
    ['cut between blocks', (p) => truncateSync(p, secondBlock), 1, undefined],
    [
      'a length that nobody wrote',
      (p) =>
        writeFileSync(
          p,
          bytes.map((b, i) => (i >= 24 && i < 28 ? 0xe0 : b)),
        ),
      0,
      24,
    ],
    [
      'a bit flipped in the first block',
      (p) =>
        writeFileSync(
          p,
          bytes.map((b, i) => (i === 40 ? b ^ 1 : b)),
        ),
      0,
      24,
    ],
    [
      'zeros after the end, as a crash can leave them',
      (p) => appendFileSync(p, Buffer.alloc(64)),
      2,
      bytes.length,
    ],
  ];
  for (const [name, act, count, tornAt] of damage) {
    const path = join(dir, `${name}.bin`);
    writeFileSync(path, bytes);
    act(path);
    const damaged = wholeLog(path);
    assert.equal(damaged.blocks.length, count, name);
    assert.equal(
      damaged.torn?.includes(`torn at byte ${tornAt} `),
      tornAt === undefined ? undefined : true,
      name,
    );
  }
});

test('files that are not logs, and places that take none', (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'text'), 'hello');
  assert.throws(() => wholeLog(join(dir, 'text')), /is not a windtunnel record file of version 1/);
  assert.throws(
    () => wholeLog(join(dir, 'none')),
    (e) => e instanceof HarnessError && e.kind === 'usage',
  );
  assert.throws(
    () => new LogFile(join(dir, 'no', 'folder')),
    (e) => e instanceof HarnessError && e.kind === 'lab',
  );
  assert.throws(() => new LogFile(join(dir, 'text')), /EEXIST/);
});

// 24 bytes of magic, then blocks of 8 + 32 n.
const full: readonly [name: string, room: number, whole: number, torn: boolean][] = [
  ['between two blocks', 24 + 72, 1, false],
  ['within the length of a block', 24 + 72 + 3, 1, true],
  ['within the records of a block', 24 + 72 + 8 + 40, 1, true],
  ['before the first block', 24, 0, false],
];
for (const [name, room, whole, torn] of full) {
  test(`a disk that is full ${name} ends the log for good, and says so`, (t) => {
    const path = join(folder(t), 'x.bin');
    const log = new LogFile(path, diskOf(room));
    const stopped = `recording to ${path} stopped: ENOSPC: no space left on device, write`;
    for (let block = 0; block < 3; block++) log.append(records(2));
    assert.equal(log.failure, stopped);
    log.close();
    const read = wholeLog(path);
    assert.equal(read.blocks.length, whole);
    assert.equal(read.torn !== undefined, torn);
  });
}

test('a disk that is full from the begin is an error', (t) => {
  const path = join(folder(t), 'x.bin');
  assert.throws(() => new LogFile(path, diskOf(5)), { kind: 'lab', message: /can't write .*ENOSPC/ });
});
