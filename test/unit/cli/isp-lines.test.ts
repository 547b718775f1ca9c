import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IspLines, sparkline } from '../../../src/cli/isp-lines.ts';
import type { IspProgress, Progress } from '../../../src/lab/messages.ts';

const progress: Progress = {
  stage: 'load',
  elapsedSeconds: 0,
  totalSeconds: 60,
  share: 0,
  injected: 0,
  delivered: 0,
  throttled: 0,
  noops: 0,
  queue: undefined,
  sessions: undefined,
  isps: [],
};

function isp(id: string, attempts: number, accepted = attempts, allowance?: number): IspProgress {
  return { id, attempts, accepted, throttled: attempts - accepted, allowance };
}

test('a sparkline is as high as the most of what it shows, and blank where nothing is known', () => {
  const cases: [values: number[], cells: number, drawn: string][] = [
    [[], 3, '   '],
    [[0, 0], 3, ' ▁▁'],
    [[0, 1, 2, 3, 4, 5, 6, 7], 8, '▁▂▃▄▅▆▇█'],
    [[0, 100, 1], 4, ' ▁█▂'],
    // What lies further back does not count.
    [[1000, 1, 2], 2, '▅█'],
    [[-1, 5], 2, '▁█'],
  ];
  for (const [values, cells, drawn] of cases) assert.equal(sparkline(values, cells), drawn);
});

test('the lines of ten seconds, in terminals of several sizes', () => {
  const lines = new IspLines();
  for (let second = 0; second <= 10; second++) {
    // Within a second the last word counts: at its end 10, 20, 30 … are accepted.
    for (const part of [0.2, 0.9]) {
      const done = second + (part > 0.5 ? 1 : 0.5);
      lines.add({
        ...progress,
        elapsedSeconds: second + part,
        isps: [
          isp('gmail', 40 * done, Math.min(40 * done, 160 + 10 * done), 10),
          isp('yahoo', 10 * done, 10 * done, Number.POSITIVE_INFINITY),
          isp('a-very-long-name-of-an-isp', done === 11 ? 5000 : 0),
        ],
      });
    }
  }
  const bars = (drawn: string, width: number): string => drawn.padStart(width);
  const room = { width: 100, lines: 10, color: false };
  assert.deepEqual(lines.render(room), [
    `  gmail             ${bars('█████▅▃▃▃▃', 30)}  12/s accepted  70% throttled  allowance 10/s`,
    `  yahoo             ${bars('██████████', 30)}  10/s accepted   0% throttled  allowance no limit`,
    `  a-very-long-nam…  ${bars('▁▁▁▁▁▁▁▁▁▁', 30)}   0/s accepted    – throttled`,
  ]);
  assert.deepEqual(lines.render({ ...room, width: 72 }), [
    `  gmail             ${bars('█████▅▃▃▃▃', 22)}  12/s accepted  70% throttled`,
    `  yahoo             ${bars('██████████', 22)}  10/s accepted   0% throttled`,
    `  a-very-long-nam…  ${bars('▁▁▁▁▁▁▁▁▁▁', 22)}   0/s accepted    – throttled`,
  ]);
  assert.deepEqual(lines.render({ ...room, width: 28 }), [
    '  gmail             ███▅▃▃▃▃',
    '  yahoo             ████████',
    '  a-very-long-nam…  ▁▁▁▁▁▁▁▁',
  ]);
  assert.deepEqual(lines.render({ ...room, width: 12 }), ['  gmail     ', '  yahoo     ', '  a-very-lon']);
  // The busiest, in their order; one line says how many are left out.
  assert.deepEqual(lines.render({ ...room, width: 28, lines: 2 }), [
    '  a-very-long-nam…  ▁▁▁▁▁▁▁▁',
    '  and 2 others',
  ]);
  assert.deepEqual(lines.render({ ...room, lines: 0 }), []);
  assert.deepEqual(
    lines.render({ ...room, width: 72, lines: 3, color: true })[0],
    [
      `  gmail             \u001b[32m${bars('█████▅▃▃▃▃', 22)}\u001b[0m  12/s accepted  \u001b[33m70% throttled\u001b[0m`,
    ][0],
  );
});

test('no lines while the lab starts, and for a run that tries nothing', () => {
  const lines = new IspLines();
  const room = { width: 100, lines: 10, color: false };
  assert.deepEqual(lines.render(room), []);
  lines.add({ ...progress, stage: 'starting', isps: [isp('gmail', 5)] });
  assert.deepEqual(lines.render(room), []);
  lines.add({ ...progress, elapsedSeconds: 3, isps: [isp('gmail', 0)] });
  assert.deepEqual(lines.render(room), []);
});

test('seconds without news are made up of their neighbours, and the last minute is kept', () => {
  const lines = new IspLines();
  lines.add({ ...progress, elapsedSeconds: 0.5, isps: [isp('gmail', 10)] });
  lines.add({ ...progress, elapsedSeconds: 4.5, isps: [isp('gmail', 90)] });
  lines.add({ ...progress, elapsedSeconds: 5.5, isps: [isp('gmail', 90)] });
  const room = { width: 200, lines: 10, color: false };
  assert.deepEqual(lines.render(room), [`  gmail  ${'▅████'.padStart(60)}  18/s accepted  0% throttled`]);
  for (let second = 6; second < 200; second++)
    lines.add({ ...progress, elapsedSeconds: second, isps: [isp('gmail', second * 100)] });
  assert.deepEqual(lines.render(room), [`  gmail  ${'█'.repeat(60)}  100/s accepted  0% throttled`]);
});
