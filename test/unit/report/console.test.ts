import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProgressState, progressLine, renderConsole } from '../../../src/report/console.ts';
import type { Evidence } from '../../../src/report/summary.ts';
import { evidenceOf } from '../../support/evidence-fixture.ts';
import { withAdaptation } from '../../support/scores-fixture.ts';
import { oddSources, trueLog } from '../../support/sources-fixture.ts';
import { emptyFixture, sessionsFixture, summaryFixture } from '../../support/summary-fixture.ts';

const GOLDEN = `
  ✗ FAILED  gmail rate limit on one source
    2 of 6 thresholds failed; first: wasted_attempts{isp:gmail}: rate is 10.7 %, 5.7 % above what
    rate<0.05 asks (limit 5 %)
    1 min 44 s · sealed · clock x60 · seed 42 · exit 99

  ! The queue was not empty when the drain timed out; what was left in it is pending.

  thresholds
  ✓ injection_duration                    p(99)<250     35.9 ms
  ✓ delivered{isp:yahoo,phase:incident}   rate>80        89.1/s
  ✗ wasted_attempts{isp:gmail}            rate<0.05      10.7 %
  ✓ lost                                  count==0            0
  ✓ duplicated                            count==0            0
  ✗ messages_per_connection{isp:outlook}  avg>20     no samples

  totals
    injected   25,630  285/s  messages
    delivered  24,907  239/s  of 25,630 recipients, over 2,230 connections
    throttled   1,485   5.6%  of the attempts
    deferred       21  <0.1%  of the attempts
    rejected      332   1.2%  of the attempts

  injection
    connections: 42 opened, at most 40 at once, 1 refused, 2 lost
    messages put off and kept for another try: 3
    refused with 451 × 3, 421 × 2, 554 × 1

  ISPs       recipients  delivered  throttled  share  deferred  rejected  attempts  connections
    gmail        12,815     12,259      1,485  10.7%        21       165    13,930        1,161
    yahoo         7,690      7,604          0     0%         0        86     7,690          641
    outlook       5,125      5,044          0     0%         0        81     5,125          428

  incidents  utilisation  wasted  reaction  recovery
    gmail          99.6%   54.6%      28 s      18 s

  recipients
    delivered    24,907
    bounced         332  3 without a DSN
    expired           0
    pending         391
    lost              0
    unaccounted       0
    injected     25,630  the outcomes add up to it

  came back  complaints  of accepted  due  sent  received  failed  waiting
    gmail            10      0.0816%   12    12        12       –        –
    yahoo            30       0.395%   73    69        69       2        2
    outlook           8       0.159%   17    17        16       –        –
    unknown           –            –    –     –         5       –        –
    ! yahoo: 2 × complaint was refused or given up.
    ! yahoo: 2 × auto-reply still waited at the end.
    ! outlook: 1 × unsubscribe was taken by the MTA and never came to the mailroom.

  latency                       p50      p90      p99    p99.9      max   count
    injection                6.2 ms  18.4 ms  35.9 ms  53.4 ms  77.9 ms  25,630
    injection service time   5.1 ms  11.4 ms  20.4 ms  29.4 ms    42 ms  25,630
    delivery                61.3 ms   6.63 s     16 s   25.4 s   38.6 s  24,907
    delivery to gmail        940 ms   9.89 s   22.7 s   35.5 s   53.4 s  12,259
    delivery to yahoo         44 ms   108 ms   200 ms   292 ms   421 ms   7,604
    delivery to outlook       39 ms  88.6 ms   160 ms   231 ms   330 ms   5,044

`;

const NOTHING = `
  ✗ INTERRUPTED  gmail rate limit on one source
    Interrupted; this is what was recorded until then.
    400 ms · sealed · clock x60 · seed 42 · exit 105

  totals
    injected   0  0/s  messages
    delivered  0  0/s  of 0 recipients, over 0 connections
    throttled  0    –  of the attempts
    deferred   0    –  of the attempts
    rejected   0    –  of the attempts

  recipients
    delivered    0
    bounced      0
    expired      0
    pending      0
    lost         0
    unaccounted  0
    injected     0  the outcomes add up to it

`;

test('the result of a run in plain text', () => {
  assert.equal(renderConsole(summaryFixture().summary, { color: false }), GOLDEN);
});

test('the result of an interrupted run in which nothing happened', () => {
  assert.equal(renderConsole(emptyFixture().summary, { color: false }), NOTHING);
});

const SESSIONS = `
  ✓ PASSED  gmail rate limit on one source
    The threshold holds.
    1 min 44 s · sealed · clock x60 · seed 42 · exit 0

  thresholds
  ✓ injection_connections  max>=2000  2,000

  injection
    connections: 2,000 opened, at most 2,000 at once, 7 refused
    60,000 NOOPs answered
    refused with 421 × 7

  latency     p50    p90    p99  p99.9      max   count
    connect  3 ms  17 ms  37 ms  57 ms  84.9 ms   2,000
    NOOP     4 ms  18 ms  38 ms  58 ms  85.9 ms  60,000

`;

test('the result of a run that only holds sessions says nothing of mail', () => {
  assert.equal(renderConsole(sessionsFixture().summary, { color: false }), SESSIONS);
});

test('each incident at an ISP has a line with its scores', () => {
  const text = renderConsole(withAdaptation(summaryFixture().summary), { color: false });
  const expected = `
  incidents      utilisation  wasted        reaction  recovery
    gmail #1             83%     12%           8.5 s     never
    gmail #3  not applicable     12%           8.5 s       4 s
    yahoo                83%     12%  not applicable     never

  recipients
`;
  assert.ok(text.includes(expected), text);
});

test('several loads are told one by one, also where all went well', () => {
  const { summary } = summaryFixture();
  const [load] = summary.injector.loads;
  assert.ok(load);
  const loads = ['newsletter', 'transactional'].map((name) => ({ ...load, name }));
  const text = renderConsole({ ...summary, injector: { ...summary.injector, loads } }, { color: false });
  assert.ok(
    text.includes(
      '    newsletter: constant-arrival-rate, 90 s, 40 connections; 25,630 injected\n    transactional: constant',
    ),
  );
});

test('colours change nothing but the colour', () => {
  const { summary } = summaryFixture();
  const colored = renderConsole(summary, { color: true });
  assert.ok(colored.includes('\u001b[31m✗\u001b[0m'));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
  assert.equal(colored.replaceAll(/\u001b\[\d+m/g, ''), renderConsole(summary, { color: false }));
});

test('a narrow terminal gets fewer columns, never longer lines', () => {
  const { summary } = summaryFixture();
  const lines = renderConsole(summary, { color: false, width: 78 }).split('\n');
  assert.deepEqual(
    lines.filter((line) => line.length > 78),
    [],
  );
  assert.equal(
    lines.find((line) => line.startsWith('  ISPs')),
    '  ISPs       recipients  delivered  throttled  share  deferred  rejected',
  );
});

test('recipients that do not add up, and lost ones, are said', () => {
  const { summary } = summaryFixture();
  const conservation = summary.conservation.map((o) => (o.outcome === 'lost' ? { ...o, count: 7 } : o));
  const text = renderConsole({ ...summary, conservation }, { color: false });
  assert.ok(text.includes('    lost              7\n'));
  assert.ok(text.includes('    injected     25,630  7 too many\n'));
});

test('where the histories are is said if something was lost or doubled', () => {
  const { summary } = summaryFixture();
  const rows: [Evidence | null, string | undefined][] = [
    [null, undefined],
    [evidenceOf([], {}), undefined],
    [evidenceOf([], { pending: 3, missing_dsn: 1, duplicated_unconfirmed: 2 }), undefined],
    [evidenceOf([], { lost: 1 }), "    histories in evidence.ndjson in the run's folder: 1 lost"],
    [
      evidenceOf([], { duplicated: 1200, pending: 3 }),
      "    histories in evidence.ndjson in the run's folder: 1,200 duplicated, 3 pending",
    ],
  ];
  for (const [evidence, line] of rows) {
    const lines = renderConsole({ ...summary, evidence }, { color: false }).split('\n');
    assert.equal(
      lines.find((text) => text.includes('histories')),
      line,
    );
  }
});

test('the progress line leaves out from the right what does not fit', () => {
  const state: ProgressState = {
    phase: 'incident',
    elapsedSeconds: 34,
    totalSeconds: 90,
    share: 34 / 90,
    sessions: undefined,
    injected: 9150,
    injectedPerSecond: 299.7,
    delivered: 7000,
    throttled: 1500,
    noops: 0,
    queue: 1203,
  };
  const bar = '████████░░░░░░░░░░░░';
  const whole = `incident 0:34/1:30  ${bar}  9,150 injected 300/s  7,000 delivered  1,500 throttled  queue 1,203`;
  const cases: readonly (readonly [ProgressState, width: number, string])[] = [
    [state, 120, whole],
    [{ ...state, queue: undefined }, 120, whole.slice(0, whole.indexOf('  queue'))],
    [state, 80, `incident 0:34/1:30  ${bar}  9,150 injected 300/s  7,000 delivered`],
    [state, 45, `incident 0:34/1:30  ${bar}`],
    [state, 8, 'incident'],
    [state, 0, ''],
    [{ ...state, noops: 8994, sessions: 400 }, 60, `incident 0:34/1:30  ${bar}  400 sessions`],
    [
      { ...state, noops: 8994, injected: 0, queue: undefined, sessions: 4000 },
      120,
      `incident 0:34/1:30  ${bar}  4,000 sessions  8,994 NOOPs`,
    ],
    [{ ...state, totalSeconds: 0, share: 0 }, 45, 'incident 0:34/0:00  ░░░░░░░░░░░░░░░░░░░░'],
    [{ ...state, elapsedSeconds: 200, share: 1 }, 45, 'incident 3:20/1:30  ████████████████████'],
  ];
  for (const [shown, width, expected] of cases) assert.equal(progressLine(shown, width), expected);
});

test('the thresholds say words, and what a limit relative to a baseline came to', () => {
  const { summary } = summaryFixture();
  const [first] = summary.thresholds;
  assert.ok(first);
  const thresholds = [
    {
      ...first,
      metric: 'delivered',
      expression: 'rate>=0.95*baseline',
      limitText: '0.95 × 1,234/s = 1,172/s',
      actualText: '1,180/s',
    },
    {
      ...first,
      metric: 'recovery_time{isp:gmail}',
      expression: 'value<20s',
      passed: false,
      actual: null,
      actualText: 'never',
    },
  ];
  const text = renderConsole({ ...summary, thresholds }, { color: false });
  const from = text.indexOf('  thresholds\n');
  assert.equal(
    text.slice(from, text.indexOf('\n\n', from)),
    `  thresholds
  ✓ delivered                 rate>=0.95*baseline (0.95 × 1,234/s = 1,172/s)  1,180/s
  ✗ recovery_time{isp:gmail}  value<20s                                         never`,
  );
});

test('where mail left as asked for and the log is right nothing is said; else it is, a line each', () => {
  const { summary } = summaryFixture();
  const sources = [...summary.mta.sources];
  assert.doesNotMatch(renderConsole(summary, { color: false }), /^ {2}(sources|the MTA's own log)$/m);
  const odd = {
    ...summary,
    sources: oddSources(summary.isps, sources),
    ownLog: { ...trueLog(summary.isps), findings: ['gmail: 3 recipients were never accepted.'] },
  };
  const said = renderConsole(odd, { color: false });
  assert.match(
    said,
    /\n {2}sources\n {4}! gmail: 132 recipients asked for dark, from which the ISP can't be reached: 132 expired\.\n {4}! gmail: vmta1 sent 40% of the first attempts, and 33\.3% were asked for \(chance explains 30% to\n {6}36\.7%\)\.\n/,
  );
  assert.match(said, /\n {2}the MTA's own log\n {4}! gmail: 3 recipients were never accepted\.\n/);
});
