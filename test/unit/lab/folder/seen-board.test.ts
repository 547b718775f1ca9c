import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { StatisticsCounter } from '../../../../fakes/feedback/statistics-counter.ts';
import { readSeen } from '../../../../src/lab/folder/run-folder.ts';
import { SeenBoard } from '../../../../src/lab/folder/seen-board.ts';
import { SenderStatistics } from '../../../../src/lab/isps/sender-statistics.ts';
import type { FromIspWorker } from '../../../../src/lab/messages.ts';
import { parseScenario } from '../../../../src/scenario/load.ts';
import { planRun } from '../../../../src/scenario/plan.ts';
import { acceptedMessage } from '../../../support/accepted-mail.ts';
import { workFolder } from '../../../support/cli.ts';

const plan = planRun(
  parseScenario(
    `mta: { adapter: none }
senders: [{ domain: news.sender.test }]
isps: { gmail: { share: 50%, feedback: on }, yahoo: { share: 50% } }
load: { rate: 1/s, duration: 10s }
`,
    'test.yaml',
  ),
);

function dialogue(isp: string, at: number, reply: string): FromIspWorker {
  const answers = [{ outcome: 'throttled', reply }];
  return { type: 'dialogue', dialogue: { isp, source: '198.18.128.1', at, answers, lines: [] } };
}

class Bench {
  readonly folder: string;
  now = 0;
  /** What a look at the clock costs. */
  tick = 0;
  readonly board: SeenBoard;
  readonly #counter: StatisticsCounter;

  constructor(t: TestContext) {
    this.folder = join(workFolder(t), 'run');
    mkdirSync(this.folder);
    const clock = (): number => {
      this.now += this.tick;
      return this.now;
    };
    this.board = new SeenBoard(this.folder, plan, new SenderStatistics(plan, '2026-03-01T12:00:00Z'), clock);
    const feedback = plan.isps[0]?.resolved.feedback;
    assert.ok(feedback);
    this.#counter = new StatisticsCounter(feedback);
  }

  accept(): void {
    this.#counter.accepted(acceptedMessage({ at: 1e6, header: '' }));
    const days = structuredClone(this.#counter.changes());
    this.board.take({ type: 'statistics', isp: 0, part: 0, days });
  }

  /** Recipients in the spam rates of the folder. */
  recipients(): number {
    const [gmail] = readSeen(this.folder).spamRates;
    return gmail?.rates[0]?.days[0]?.recipients.reduce((sum, n) => sum + n, 0) ?? 0;
  }
}

test('dialogues are in the folder once they were renewed, those of several processes as if one had listened', (t) => {
  const { board, folder } = new Bench(t);
  const kept = (): string[] =>
    readSeen(folder).dialogues.map(({ isp, at, answers }) => `${isp} ${at} ${answers[0]?.reply}`);
  board.renew();
  assert.equal(existsSync(join(folder, 'transcripts.json')), false, 'nothing was heard');
  board.take(dialogue('yahoo', 3, 'busy'));
  board.take(dialogue('gmail', 2, 'slow'));
  board.take({ type: 'opened', endpoints: [] });
  assert.deepEqual(kept(), []);
  board.renew();
  assert.deepEqual(kept(), ['gmail 2 slow', 'yahoo 3 busy']);
  // Another process of Gmail's has heard the same a little before.
  board.take(dialogue('gmail', 1, 'slow'));
  board.take(dialogue('gmail', 4, 'slower'));
  board.renew();
  assert.deepEqual(kept(), ['gmail 1 slow', 'gmail 4 slower', 'yahoo 3 busy']);
  // Nothing new: the file stays as it is.
  rmSync(join(folder, 'transcripts.json'));
  board.renew();
  assert.deepEqual(kept(), []);
  board.keepDialogues();
  assert.equal(kept().length, 3);
});

test('spam rates are renewed every two seconds, or as seldom as writing them is dear', (t) => {
  const bench = new Bench(t);
  const { board } = bench;
  const at = (seconds: number): number => {
    bench.now = seconds * 1e6;
    board.renew();
    return bench.recipients();
  };
  assert.equal(at(0), 0);
  bench.accept();
  assert.equal(at(1), 1);
  assert.ok(existsSync(join(bench.folder, 'postmaster-tools.json')));
  bench.accept();
  assert.equal(at(2.9), 1);
  assert.equal(at(3), 2);
  // From here on a file takes half a second.
  bench.tick = 0.5e6;
  bench.accept();
  assert.equal(at(10), 3);
  bench.accept();
  assert.equal(at(34), 3);
  assert.equal(at(36), 4);
  bench.accept();
  board.keepReputation();
  assert.equal(bench.recipients(), 5);
});

test('a folder that takes no file ends no run, and is told of at its end', (t) => {
  const bench = new Bench(t);
  bench.board.take(dialogue('gmail', 1, 'slow'));
  bench.accept();
  rmSync(bench.folder, { recursive: true });
  bench.board.renew();
  assert.throws(() => bench.board.keepDialogues(), /can't write .*transcripts\.json/);
  assert.throws(() => bench.board.keepReputation(), /can't write .*reputation\.json/);
  mkdirSync(bench.folder);
  bench.board.renew();
  assert.match(readFileSync(join(bench.folder, 'transcripts.json'), 'utf8'), /"slow"/);
});
