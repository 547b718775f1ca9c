import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { K6Board } from '../../../../src/lab/folder/k6-board.ts';
import { readK6Metrics, readSeen } from '../../../../src/lab/folder/run-folder.ts';
import { type K6MetricState, K6Metrics } from '../../../../src/record/k6-metrics.ts';
import { workFolder } from '../../../support/cli.ts';

function requests(count: number): K6MetricState[] {
  const metrics = new K6Metrics();
  metrics.define('http_reqs', 'counter', false);
  metrics.add('http_reqs', count, {}, 0);
  return metrics.states();
}

test('what all processes measured is kept in the folder every two seconds, and when it is asked for', (t) => {
  const folder = workFolder(t);
  const kept = (): unknown => readK6Metrics(folder).k6?.map(({ value }) => value);
  let now = 0;
  const board = new K6Board(folder, () => now);
  assert.deepEqual(board.merged(), []);
  board.keep();
  assert.equal(existsSync(join(folder, 'k6-metrics.json')), false, 'no process said anything');
  board.take(0, requests(3));
  assert.deepEqual(kept(), [{ kind: 'counter', count: 3 }]);
  now = 1.9e6;
  board.take(1, requests(4));
  board.take(0, requests(5));
  assert.deepEqual(board.merged()[0]?.value, { kind: 'counter', count: 9 });
  assert.deepEqual(kept(), [{ kind: 'counter', count: 3 }]);
  now = 2e6;
  board.take(1, requests(6));
  assert.deepEqual(kept(), [{ kind: 'counter', count: 11 }]);
  board.take(1, requests(7));
  board.keep();
  assert.deepEqual(kept(), [{ kind: 'counter', count: 12 }]);
  assert.deepEqual(
    readSeen(folder).k6,
    JSON.parse(readFileSync(join(folder, 'k6-metrics.json'), 'utf8')).metrics,
  );
});

test('a folder that takes no file ends no run, and is told of at its end', (t) => {
  const folder = join(workFolder(t), 'run');
  mkdirSync(folder);
  const board = new K6Board(folder);
  rmSync(folder, { recursive: true });
  board.take(0, requests(1));
  assert.throws(() => board.keep(), /can't write .*k6-metrics\.json/);
});
