import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  INJECTION_METADATA,
  INJECTION_METRIC,
  type InjectionNote,
  noteText,
  THRESHOLDS_METADATA,
  THRESHOLDS_METRIC,
} from '../../../../src/driver/k6/script-plan.ts';
import type { K6Verdict } from '../../../../src/report/k6-verdict.ts';
import { cli, scenarioFile, workFolder } from '../../../support/cli.ts';
import { comparedRun } from '../../../support/compared-runs.ts';

/** A script that is there. */
const SCRIPT = fileURLToPath(import.meta.url);
const K6_LOAD = `load: { engine: k6, api: kumomta, rate: 10/s, duration: 3s, script: ${SCRIPT} }`;
const MTA = 'mta: { adapter: haraka }';

/** A line of k6's stream, as k6's documentation has it ("JSON"). */
function definition(metric: string, type: string, contains = 'default'): string {
  const data = { name: metric, type, contains, thresholds: [], submetrics: null };
  return JSON.stringify({ type: 'Metric', data, metric });
}

function point(
  metric: string,
  value: number,
  atMs = 0,
  tags: Record<string, string> = {},
  metadata?: Record<string, string>,
): string {
  const time = new Date(Date.UTC(2026, 0, 1) + atMs).toISOString();
  return JSON.stringify({
    metric,
    type: 'Point',
    data: { time, value, tags, ...(metadata && { metadata }) },
  });
}

function injection(message: number, state: InjectionNote['state'] = 'confirmed'): string {
  const note = noteText({ message, sentAtMs: 1, state, status: 200, refusedSlots: [] });
  return point(INJECTION_METRIC, 5, 0, { scenario: 'default' }, { [INJECTION_METADATA]: note });
}

function scriptThresholds(thresholds: unknown): string[] {
  const metadata = { [THRESHOLDS_METADATA]: JSON.stringify(thresholds) };
  return [
    definition(THRESHOLDS_METRIC, 'counter'),
    point(THRESHOLDS_METRIC, 1, 0, { group: '::setup' }, metadata),
  ];
}

const HEAD = [
  definition('http_reqs', 'counter'),
  definition('http_req_duration', 'trend', 'time'),
  definition(INJECTION_METRIC, 'trend', 'time'),
];

/** What a process tells that handed over these messages, each in 10 ms. */
function processOf(...messages: number[]): string[] {
  const samples = messages.flatMap((n) => [
    point('http_reqs', 1, n * 100, { status: '200' }),
    point('http_req_duration', 10, n * 100, { status: '200' }),
    injection(n),
  ]);
  return [...HEAD, ...samples];
}

interface Judged {
  readonly code: number;
  readonly stderr: string;
  readonly verdict: K6Verdict | undefined;
}

async function judge(
  t: TestContext,
  scenario: string,
  streams: readonly (readonly string[] | Buffer | string)[],
  args: readonly string[] = [],
): Promise<Judged> {
  const folder = workFolder(t);
  const file = scenarioFile(folder, scenario);
  const paths = streams.map((stream, index) => {
    if (typeof stream === 'string') return join(folder, stream);
    const path = join(folder, `${index}.json${Buffer.isBuffer(stream) ? '.gz' : ''}`);
    writeFileSync(path, Buffer.isBuffer(stream) ? stream : `${stream.join('\n')}\n`);
    return path;
  });
  const { code, stdout, stderr } = await cli(['k6', 'gate', file, ...paths, '--json', ...args]);
  return { code, stderr, verdict: stdout === '' ? undefined : (JSON.parse(stdout) as K6Verdict) };
}

const all = Array.from({ length: 30 }, (_, n) => n);
const third = (i: number): number[] => all.filter((n) => n % 3 === i);

test('one verdict over all streams, with the exit code that says it', async (t) => {
  const thresholds =
    "thresholds: { 'http_reqs{status:200}': count==30, http_req_duration: p(95)<50, lost: count==0 }";
  const scenario = `${MTA}\n${K6_LOAD}\n${thresholds}`;
  const zipped = gzipSync(`${processOf(...third(1)).join('\n')}\n`);
  const bad = scriptThresholds({ http_reqs: ['p(9)<1'] });
  const rows: readonly (readonly [
    name: string,
    scenario: string,
    streams: Parameters<typeof judge>[2],
    code: number,
    said: RegExp,
  ])[] = [
    ['one process', scenario, [processOf(...all)], 0, /^All 2 thresholds hold\.$/],
    [
      'three',
      scenario,
      [processOf(...third(0)), zipped, processOf(...third(2))],
      0,
      /^All 2 thresholds hold\.$/,
    ],
    [
      'none on what k6 measures',
      `${MTA}\n${K6_LOAD}\nthresholds: { lost: count==0 }`,
      [processOf(...all)],
      0,
      /^No thresholds on k6's metrics, so nothing to fail\.$/,
    ],
    ['a stream too few', scenario, [processOf(...third(0)), zipped], 99, /count is 20, 10 \(33\.3 %\) below/],
    [
      'each of them did all',
      scenario,
      [processOf(...all), processOf(...all)],
      99,
      /^30 messages were handed over more than once: the processes did not share the load/,
    ],
    [
      'a threshold of the script',
      scenario,
      [[...scriptThresholds({ 'http_reqs{status:200}': ['count<30'] }), ...processOf(...all)]],
      99,
      /^http_reqs\{status:200\}: count is 30, not what count<30 asks/,
    ],
    [
      'a wrong threshold of the script',
      scenario,
      [[...bad, ...processOf(...all)]],
      104,
      /thresholds of the k6 script: http_reqs/,
    ],
    [
      'no load of k6',
      `${MTA}\nload: { rate: 10/s, duration: 3s }`,
      [processOf(...all)],
      104,
      /no load has engine: k6/,
    ],
    ['no scenario', 'load: 5', [processOf(...all)], 104, /load/],
    ['no file', scenario, ['gone.json'], 2, /can't read .*gone\.json: ENOENT/],
    ['the scenario itself', scenario, ['scenario.yaml'], 2, /scenario\.yaml: no samples of k6 in it/],
    ['nothing but metrics', scenario, [HEAD], 2, /no samples of k6 in it/],
    ['no begin', scenario, [processOf(...all).slice(1)], 2, /samples of http_reqs come before it is defined/],
    [
      'a stream that is cut off',
      scenario,
      [zipped.subarray(0, -10)],
      2,
      /can't read .*0\.json\.gz: unexpected end of file/,
    ],
    [
      'a stream that is cut off within a line',
      scenario,
      [[...processOf(...all), '{"metric":"http_reqs","type":"Po']],
      2,
      /0\.json is cut off or damaged: a line of it is \{"metric":"http_reqs","type":"Po$/m,
    ],
    [
      'lines of a later k6',
      scenario,
      [[...processOf(...all), '{"type":"Trace","metric":"x","data":{}}']],
      0,
      /^All 2 thresholds hold\.$/,
    ],
    [
      'what is not compressed',
      scenario,
      [Buffer.from('{}')],
      2,
      /can't read .*0\.json\.gz: incorrect header check/,
    ],
    [
      'thresholds that are no JSON',
      scenario,
      [[definition(THRESHOLDS_METRIC, 'counter'), point(THRESHOLDS_METRIC, 1, 0, {}, { thresholds: '{' })]],
      2,
      /the script's thresholds can't be read/,
    ],
  ];
  for (const [name, scenario, streams, code, said] of rows) {
    const judged = await judge(t, scenario, streams);
    assert.equal(judged.code, code, `${name}: ${judged.stderr}`);
    assert.match(judged.verdict?.verdict.sentence ?? judged.stderr, said, name);
    assert.equal(judged.verdict?.verdict.passed, judged.verdict && code === 0);
  }
  const twice = await cli(['k6', 'gate', scenarioFile(workFolder(t), scenario), 'a.json', 'a.json']);
  assert.deepEqual([twice.code, twice.stderr], [2, 'a.json is named twice; expected each stream once\n']);
  assert.equal((await cli(['k6', 'gate', scenarioFile(workFolder(t), scenario)])).code, 2);
});

test('limits that are relative to a baseline need one, or the word that there is none', async (t) => {
  const thresholds = 'thresholds: { http_req_duration: p(95)<1.1*baseline, http_reqs: count==30 }';
  const scenario = `${MTA}\n${K6_LOAD}\n${thresholds}`;
  const trend = { kind: 'trend', count: 30, avg: 5, min: 5, med: 5, max: 9, p90: 5, p95: 9, p99: 9 } as const;
  const earlier = (p95: number): string => {
    const metrics = { http_req_duration: { contains: 'time', value: { ...trend, p95 } } } as const;
    const path = join(workFolder(t), 'summary.json');
    writeFileSync(path, JSON.stringify(comparedRun({ summary: { k6: { metrics } } }).summary));
    return path;
  };
  const rows: readonly (readonly [args: string[], code: number, said: RegExp, warned?: RegExp])[] = [
    [
      [],
      2,
      /the limit of "http_req_duration: p\(95\)<1\.1\*baseline" is relative to a baseline, and none is/,
    ],
    [
      ['--baseline', 'none'],
      0,
      /^The threshold holds\.$/,
      /^Left out, since the run has no baseline: http_req_/,
    ],
    [['--baseline', earlier(10)], 0, /^All 2 thresholds hold\.$/],
    [
      ['--baseline', earlier(9)],
      99,
      /^http_req_duration: p\(95\) is 10 ms, .* above what p\(95\)<1\.1\*baseline asks \(limit 1\.1 × 9 ms = /,
    ],
    [['--baseline', 'gone.json'], 2, /gone\.json/],
  ];
  for (const [args, code, said, warned] of rows) {
    const judged = await judge(t, scenario, [processOf(...all)], args);
    assert.equal(judged.code, code, `${args.join(' ')}: ${judged.stderr}`);
    assert.match(judged.verdict?.verdict.sentence ?? judged.stderr, said);
    assert.match(judged.verdict?.warnings.join() ?? '', warned ?? /^$/);
  }
});

test('messages are told by what became of them, over all streams', async (t) => {
  const scenario = `${MTA}\n${K6_LOAD}`;
  const rows: readonly (readonly [
    name: string,
    streams: string[][],
    counts: Partial<K6Verdict['messages']>,
    warning?: RegExp,
    scenario?: string,
  ])[] = [
    [
      'all',
      [processOf(...all)],
      { planned: 30, confirmed: 30, refused: 0, unconfirmed: 0, twice: 0, missing: 0 },
    ],
    ['the load ended early', [processOf(0, 1, 2)], { confirmed: 3, missing: 0 }],
    [
      'a stream is missing',
      [processOf(...third(0)), processOf(...third(2))],
      { confirmed: 20, missing: 9 },
      /nobody tells/,
    ],
    [
      'a process that was slower than the others',
      [processOf(...third(0)), processOf(1, 4, 7), processOf(...third(2))],
      { confirmed: 23, missing: 0 },
    ],
    [
      'a load that goes by time',
      [processOf(0, 2, 4, 6, 3000), processOf(1, 3)],
      { planned: null, confirmed: 7, missing: 1496 },
      /nobody tells/,
      scenario.replace('rate: 10/s', 'vus: 2'),
    ],
    [
      'each fate',
      [[...HEAD, injection(0, 'refused'), injection(1, 'unconfirmed'), injection(2)]],
      { confirmed: 1, refused: 1, unconfirmed: 1 },
    ],
    [
      'a try again',
      [[...HEAD, injection(0, 'refused'), injection(0, 'refused'), injection(0)]],
      { confirmed: 1, refused: 0, twice: 0 },
    ],
    [
      'one after it was taken',
      [[...HEAD, injection(0), injection(0, 'refused')]],
      { confirmed: 1, twice: 1 },
    ],
    [
      'one by another process',
      [
        [...HEAD, injection(0, 'refused')],
        [...HEAD, injection(0)],
      ],
      { refused: 1, twice: 1 },
    ],
    [
      'a number of another scenario',
      [[...HEAD, injection(30)]],
      { confirmed: 0 },
      /1 injections name a message that this scenario has not/,
    ],
    [
      'a note that is none',
      [[...HEAD, point(INJECTION_METRIC, 1, 0, {}, { injection: 'x' })]],
      { confirmed: 0 },
    ],
  ];
  for (const [name, streams, counts, warning, other = scenario] of rows) {
    const { verdict } = await judge(t, other, streams);
    assert.ok(verdict, name);
    const found = Object.fromEntries(
      Object.keys(counts).map((key) => [key, verdict.messages[key as keyof K6Verdict['messages']]]),
    );
    assert.deepEqual(found, counts, name);
    if (warning) assert.match(verdict.warnings.join(), warning);
    else assert.deepEqual(verdict.warnings, [], name);
  }
});

test('what several processes measured is judged as what one would have, however they shared it', async (t) => {
  const thresholds =
    "thresholds: { 'http_reqs{status:200}': count>3, http_req_duration: p(95)<60, http_req_failed: rate<0.5, vus: value>1, dropped_iterations: count<2, lost: count==0 }";
  const scenario = `${MTA}\n${K6_LOAD}\n${thresholds}`;
  const sample = fc.record({
    process: fc.nat({ max: 2 }),
    status: fc.constantFrom('200', '500'),
    duration: fc.integer({ min: 1, max: 100 }),
    failed: fc.nat({ max: 1 }),
    dropped: fc.nat({ max: 3 }),
  });
  const head = [...HEAD, definition('http_req_failed', 'rate'), definition('dropped_iterations', 'counter')];
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { minLength: 3, maxLength: 12 }), async (samples) => {
      const lines = samples.map(({ status, duration, failed, dropped }, n) => [
        point('http_reqs', 1, n * 100, { status }),
        point('http_req_duration', duration, n * 100, { status }),
        point('http_req_failed', failed, n * 100, { status }),
        ...(dropped === 3 ? [point('dropped_iterations', 1, n * 100)] : []),
        injection(n),
      ]);
      // Each process has at least one sample, or its stream would be none.
      const shares = [0, 1, 2].map((process) =>
        lines.filter((_, n) => (n < 3 ? n : samples[n]?.process) === process).flat(),
      );
      const one = await judge(t, scenario, [[...head, ...lines.flat()]]);
      const three = await judge(
        t,
        scenario,
        shares.map((share) => [...head, ...share]),
      );
      assert.deepEqual({ ...three.verdict, streams: 1 }, one.verdict);
      assert.equal(three.code, one.code);
    }),
    { numRuns: 25 },
  );
});

test('the verdict is told with what was judged, what was not, and what k6 measured', async (t) => {
  const scenario = `${MTA}\n${K6_LOAD}\nthresholds: { http_reqs: count>30, dropped_iterations: count<1, delivered: rate>1 }`;
  const folder = workFolder(t);
  const file = scenarioFile(folder, scenario);
  const stream = join(folder, 'a.json');
  writeFileSync(stream, ['some words of k6', ...processOf(...all), ''].join('\n'));
  const { code, stdout } = await cli(['k6', 'gate', file, stream]);
  assert.equal(code, 99);
  assert.equal(
    stdout,
    `
  ✗ FAILED  scenario
    http_reqs: count is 30, not what count>30 asks (limit 30)
    1 stream · 30 of 30 messages injected · exit 99

  thresholds
  ✗ http_reqs                count>30  30
  ✓ k6's dropped_iterations  count<1    0

  not judged here: what only the lab sees
    delivered rate>1

  k6
    http_reqs          count 30  rate 10.3/s
    http_req_duration  avg 10 ms  min 10 ms  med 10 ms  p90 10 ms  p95 10 ms  p99 10 ms  max 10 ms

`,
  );
});
