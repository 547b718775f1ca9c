import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type K6End, k6Error, k6Failure } from '../../../../src/driver/k6/ending.ts';

test('how k6 ended says whether the run can go on', () => {
  const end: K6End = {
    code: 0,
    signal: null,
    ready: true,
    stopped: false,
    script: undefined,
    words: '',
    log: '/run/k6.log',
  };
  const own = { script: '/my-k6.ts' };
  const rows: [string, Partial<K6End>, kind: string | undefined, message: RegExp][] = [
    ['all is done', {}, undefined, /^$/],
    ['we stopped it', { code: 105, stopped: true }, undefined, /^$/],
    [
      'we stopped it before it handled signals',
      { code: null, signal: 'SIGINT', stopped: true },
      undefined,
      /^$/,
    ],
    ['we killed it', { code: null, signal: 'SIGKILL', stopped: true }, undefined, /^$/],
    ['we stopped it before it was ready', { code: 0, ready: false, stopped: true }, undefined, /^$/],
    ['it ended too early', { ready: false }, 'lab', /^k6: k6 ended before its virtual users were there$/],
    ['somebody else stopped it', { code: 105 }, 'lab', /not by windtunnel/],
    ['it was killed', { code: null, signal: 'SIGKILL' }, 'lab', /^k6: k6 was ended by SIGKILL$/],
    [
      'the script of the user is wrong',
      { ...own, code: 107, ready: false, words: 'ReferenceError: x is not defined' },
      'invalid-scenario',
      /^\/my-k6\.ts: the script failed\nReferenceError: x is not defined$/,
    ],
    [
      'its options are wrong',
      { ...own, code: 104, ready: false },
      'invalid-scenario',
      /does not accept the options/,
    ],
    ['it gave up at once', { ...own, code: 108, ready: false }, 'invalid-scenario', /exec\.test\.abort/],
    ['it gave up later', { ...own, code: 108 }, 'lab', /exec\.test\.abort/],
    ['it said that it failed', { ...own, code: 110 }, 'lab', /exec\.test\.fail/],
    ['it failed later', { ...own, code: 107 }, 'lab', /the script failed/],
    [
      'our own script is wrong',
      { code: 107, ready: false, words: 'TypeError' },
      'lab',
      /^k6: the script failed\nTypeError$/,
    ],
    ['setup() hung', { code: 100, ready: false }, 'lab', /setup\(\) took too long/],
    ['a failure while we stop it', { code: 107, stopped: true }, 'lab', /the script failed/],
    [
      'a code that nobody knows',
      { code: 255, ready: false, words: 'unknown flag: --address' },
      'lab',
      /exit code 255\nunknown flag/,
    ],
  ];
  for (const [name, changes, kind, message] of rows) {
    const failure = k6Failure({ ...end, ...changes });
    assert.equal(failure?.kind, kind, name);
    assert.match(failure?.message ?? '', message, name);
    assert.equal(failure?.hint, kind && "k6's own log is /run/k6.log", name);
  }
});

test('errors are told from other lines of the log', () => {
  const rows: [string, string | undefined][] = [
    [
      'time="2026-11-28T20:00:00Z" level=error msg="GoError: no \\"x\\"\\n\\tat file:///s.js:1:2(3)" hint="script exception"',
      'GoError: no "x"\n\tat file:///s.js:1:2(3)',
    ],
    ['time="2026-11-28T20:00:00Z" level=error msg=stopped', 'stopped'],
    ['time="2026-11-28T20:00:00Z" level=fatal msg="out of luck"', 'out of luck'],
    ['time="2026-11-28T20:00:00Z" level=warning msg="slow"', undefined],
    ['time="2026-11-28T20:00:00Z" level=info msg="level=error msg=no" source=console', undefined],
    ['panic: runtime error', undefined],
    ['', undefined],
  ];
  for (const [line, expected] of rows) assert.equal(k6Error(line), expected, line);
});
