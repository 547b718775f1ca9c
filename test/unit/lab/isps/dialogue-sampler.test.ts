import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IspObserver } from '../../../../fakes/isp/session.ts';
import { DialogueSampler, telling } from '../../../../src/lab/isps/dialogue-sampler.ts';
import type { AttemptOutcome } from '../../../../src/record/attempt-log.ts';
import type { Dialogue } from '../../../../src/report/dialogue.ts';

const REPLIES = ['ok', 'slow', 'slower', 'slowest', 'unknown'].map((id) => ({
  id,
  class: id === 'ok' ? 'accepted' : id === 'unknown' ? 'rejected' : 'throttled',
}));

class Bench {
  readonly seen: string[] = [];
  readonly kept: Dialogue[] = [];
  now = 0;
  readonly sampler = new DialogueSampler(
    { id: 'gmail', replies: REPLIES } as unknown as ConstructorParameters<typeof DialogueSampler>[0],
    () => this.now,
    (address) => `simulated ${address}`,
    (dialogue) => this.kept.push(dialogue),
  );
  readonly observer = this.sampler.watching({
    connectionOpened: ({ connection }) => this.seen.push(`opened ${connection}`),
    connectionClosed: ({ connection }) => this.seen.push(`closed ${connection}`),
    attempt: ({ connection, outcome }) => this.seen.push(`attempt ${connection} ${outcome}`),
    transaction: ({ connection }) => this.seen.push(`transaction ${connection}`),
    replyLost: ({ connection }) => this.seen.push(`lost ${connection}`),
  } as IspObserver);

  /** A second later a connection with these attempts. */
  connect(connection: number, attempts: readonly (readonly [AttemptOutcome, number | undefined])[]): void {
    this.now += 1e6;
    const tap = this.sampler.tap('127.0.0.1', connection);
    for (const [outcome, reply] of attempts) {
      tap?.client(Buffer.from('DATA\r\n'));
      this.observer.attempt({
        at: this.now,
        source: 0,
        connection,
        sender: '',
        recipient: 'a@b',
        headerMessage: undefined,
        stage: 'dot',
        outcome,
        reply,
      });
      tap?.server('250 something\r\n');
    }
    tap?.closed();
  }
}

test('a dialogue is kept for its first reply of a kind, and not for what was heard before', () => {
  const bench = new Bench();
  bench.connect(0, [['accepted', 0]]);
  bench.connect(1, [['accepted', 0]]);
  bench.connect(2, [
    ['accepted', 0],
    ['throttled', 1],
  ]);
  bench.connect(3, [['throttled', 1]]);
  bench.connect(4, [['throttled', 2]]);
  bench.connect(5, [['throttled', 3]]);
  bench.connect(6, [['rejected', 4]]);
  bench.connect(7, [['dropped', undefined]]);
  bench.connect(8, [['abandoned', undefined]]);
  assert.deepEqual(
    bench.kept.map(({ at, answers }) => [at, answers.map(({ outcome, reply }) => `${outcome} ${reply}`)]),
    [
      [1, ['accepted ok']],
      [3, ['accepted ok', 'throttled slow']],
      [5, ['throttled slower']],
      // Two different throttled ones are enough.
      [7, ['rejected unknown']],
      [8, ['dropped null']],
    ],
  );
  const [first] = bench.kept;
  assert.deepEqual(
    { ...first, answers: undefined },
    {
      isp: 'gmail',
      source: 'simulated 127.0.0.1',
      at: 1,
      answers: undefined,
      lines: [
        [0, 'C', 'DATA'],
        [0, 'S', '250 something'],
        [0, '-', 'closed'],
      ],
    },
  );
});

test('no more than two connections are listened to at once, nor two right after each other', () => {
  const made = new Bench();
  const { tap } = made.sampler;
  made.now = 1e6;
  const first = tap('a', 0);
  assert.ok(first);
  assert.equal(tap('b', 1), undefined, 'at the same time');
  made.now += 100_000;
  assert.ok(tap('c', 2));
  made.now += 1e6;
  assert.equal(tap('d', 3), undefined, 'a third one');
  first.closed();
  assert.ok(tap('e', 4));
});

test('a connection with nothing new to show is let go, one with news after a few lines', () => {
  const made = new Bench();
  const noop = Buffer.from('NOOP\r\n');
  made.now = 1e6;
  const dull = made.sampler.tap('a', 0);
  for (let i = 0; i < 400; i++) dull?.client(noop);
  assert.equal(made.kept.length, 0);
  made.now += 1e6;
  const telling = made.sampler.tap('b', 1);
  made.observer.connectionOpened({
    at: 0,
    source: 0,
    connection: 1,
    reply: 1,
  });
  for (let i = 0; i < 20; i++) telling?.client(noop);
  assert.deepEqual(
    made.kept.map(({ answers, lines }) => [answers[0]?.outcome, lines.length]),
    [['throttled', 8]],
  );
});

test('everything is told to the observer as before', () => {
  const bench = new Bench();
  bench.connect(0, [
    ['accepted', 0],
    ['throttled', 1],
  ]);
  assert.deepEqual(bench.seen, ['attempt 0 accepted', 'attempt 0 throttled']);
});

test('what several listeners kept of one ISP becomes what one would have kept', () => {
  const dialogue = (at: number, ...replies: string[]): Dialogue => ({
    isp: 'gmail',
    source: 'a',
    at,
    answers: replies.map((reply) => ({ outcome: reply === 'ok' ? 'accepted' : 'throttled', reply })),
    lines: [],
  });
  const kept = telling([
    dialogue(3, 'ok'),
    dialogue(4, 'slow'),
    dialogue(1, 'ok'),
    dialogue(2, 'slow', 'ok'),
    dialogue(5, 'slower'),
    dialogue(6, 'slowest'),
  ]);
  assert.deepEqual(
    kept.map(({ at }) => at),
    [1, 2, 5],
  );
});
