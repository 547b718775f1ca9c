import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressDisplay } from '../../../src/cli/progress.ts';
import type { Progress } from '../../../src/lab/messages.ts';

/** A stream that keeps what is written to it. */
function stream(terminal?: { columns: number; rows: number }) {
  const out = {
    color: false,
    isTTY: terminal !== undefined,
    text: '',
    columns: terminal?.columns ?? 100,
    rows: terminal?.rows ?? 24,
    write(text: string) {
      out.text += text;
    },
    /** What was written since the last time, with control codes to be read. */
    since(): string {
      const text = out.text.replaceAll('\u001b[', '^').replaceAll('\r', '<');
      out.text = '';
      return text;
    },
  };
  return out;
}

function at(elapsedSeconds: number, stage: Progress['stage'] = 'load'): Progress {
  const accepted = Math.floor(elapsedSeconds) * 10;
  return {
    stage,
    elapsedSeconds,
    totalSeconds: 20,
    share: elapsedSeconds / 20,
    injected: accepted,
    delivered: accepted,
    throttled: 0,
    noops: 0,
    queue: undefined,
    sessions: undefined,
    isps: ['gmail', 'yahoo'].map((id) => ({ id, attempts: accepted, accepted, throttled: 0, allowance: 5 })),
  };
}

test('a log gets a line at each stage and every five seconds, without control codes or ISPs', () => {
  const out = stream();
  const display = new ProgressDisplay(out);
  display.note('note: hello');
  for (let second = 0; second <= 10; second++) display.show(at(second));
  display.show(at(10.5, 'drain'));
  display.end();
  assert.equal(
    out.since(),
    `note: hello
load 0:00/0:20  ░░░░░░░░░░░░░░░░░░░░  0 injected 0/s  0 delivered  0 throttled
load 0:05/0:20  █████░░░░░░░░░░░░░░░  50 injected 10/s  50 delivered  0 throttled
load 0:10/0:20  ██████████░░░░░░░░░░  100 injected 10/s  100 delivered  0 throttled
drain 0:10/0:20  ███████████░░░░░░░░░  100 injected 0/s  100 delivered  0 throttled
`,
  );
});

test('a terminal gets lines that are redrawn in place, and only the first of them stays', () => {
  const out = stream({ columns: 50, rows: 24 });
  const display = new ProgressDisplay(out);
  display.note('note: hello');
  assert.equal(out.since(), 'note: hello\n');
  display.show(at(0, 'starting'));
  assert.equal(out.since(), 'starting 0:00/0:20  ░░░░░░░░░░░░░░░░░░░░^K^J');
  display.show(at(0.5));
  assert.equal(out.since(), '<load 0:00/0:20  █░░░░░░░░░░░░░░░░░░░^K^J');
  display.show(at(1));
  display.show(at(2));
  out.since();
  display.show(at(3));
  const isps = `  gmail           ▁██  7/s accepted  0% throttled^K
  yahoo           ▁██  7/s accepted  0% throttled^K^J`;
  assert.equal(out.since(), `<^2Aload 0:03/0:20  ███░░░░░░░░░░░░░░░░░^K\n${isps}`);
  display.note('stopping');
  assert.equal(out.since(), `<^2A^Jstopping\nload 0:03/0:20  ███░░░░░░░░░░░░░░░░░^K\n${isps}`);
  display.end();
  assert.equal(out.since(), '<^2Aload 0:03/0:20  ███░░░░░░░░░░░░░░░░░^K^J\n');
  display.end();
  assert.equal(out.since(), '');
});

test('in a terminal that has become narrower each line may have become several', () => {
  const out = stream({ columns: 50, rows: 24 });
  const display = new ProgressDisplay(out);
  display.show(at(2));
  out.since();
  out.columns = 30;
  display.show(at(2.5));
  // 37, 47 and 47 columns, in rows of 30.
  assert.equal(out.since(), '<^5Aload 0:02/0:20^K\n  gmail^K\n  yahoo^K^J');
});

test('a terminal of few rows gets the busiest ISPs, or none', () => {
  for (const [rows, lines] of [
    [5, 3],
    [4, 3],
    [3, 1],
    [1, 1],
  ] as const) {
    const out = stream({ columns: 100, rows });
    new ProgressDisplay(out).show(at(2));
    assert.equal(out.since().split('\n').length, lines, `${rows} rows`);
  }
});
