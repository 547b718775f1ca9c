/**
 * What windtunnel needs of k6, as its documentation has it: asked of the stand-in that the other tests use, and of k6 itself
 * where it is, so that the stand-in is held to what it stands for.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { postBox, runK6 } from '../support/k6/run-k6.ts';
import { withEachK6 } from '../support/k6/stand-in.ts';

/** A script of one scenario. */
const scriptOf = (scenario: object, iteration: string, more = '') => `
import http from 'k6/http';
import exec from 'k6/execution';
import { sleep, check, group } from 'k6';
import { Counter, Trend } from 'k6/metrics';
const seen = new Counter('seen');
const took = new Trend('took', true);
export const options = { scenarios: { a: ${JSON.stringify(scenario)} } };
export default function (data) { ${iteration} }
${more}`;
const once = { executor: 'per-vu-iterations', vus: 1, iterations: 1 };

interface Refused {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const REFUSED: readonly Refused[] = [
  {
    name: 'a flag that it has not',
    files: { 'main.js': scriptOf(once, '') },
    args: ['--no-such-flag'],
    code: 255,
    says: /unknown flag: --no-such-flag/,
  },
  {
    name: 'a module of npm',
    files: { 'main.js': "import x from 'lodash';\nexport default function () {}" },
    code: 107,
    says: /lodash/,
  },
  {
    name: 'a module of Node',
    files: { 'main.js': "import { readFileSync } from 'node:fs';\nexport default function () {}" },
    code: 107,
    says: /node:fs/,
  },
  {
    name: 'a file that is not there',
    files: { 'main.js': "import { x } from './other.js';\nexport default function () {}" },
    code: 107,
    says: /other\.js.*couldn't be found on local disk/,
  },
  {
    name: "what is only Node's",
    files: { 'main.js': 'process.exit(0);\nexport default function () {}' },
    code: 107,
    says: /process is not defined/,
  },
  {
    name: 'init code that throws',
    files: { 'main.js': "throw new Error('no luck');\nexport default function () {}" },
    code: 107,
    says: /no luck/,
  },
  {
    name: 'a request in the init code',
    files: {
      'main.js':
        "import http from 'k6/http';\nhttp.get('http://127.0.0.1:1/');\nexport default function () {}",
    },
    code: 107,
    says: /init context/,
  },
  {
    name: 'a key that an executor has not',
    files: { 'main.js': scriptOf({ ...once, rate: 5 }, '') },
    code: 104,
    says: /unknown field \\"rate\\"/,
  },
  {
    name: 'an executor that there is not',
    files: { 'main.js': scriptOf({ executor: 'steady' }, '') },
    code: 104,
    says: /steady/,
  },
  {
    name: 'a rate that is not whole',
    files: {
      'main.js': scriptOf(
        { executor: 'constant-arrival-rate', rate: 0.5, duration: '1s', preAllocatedVUs: 1 },
        '',
      ),
    },
    code: 104,
    says: /0\.5/,
  },
  {
    name: 'a duration below one second',
    files: { 'main.js': scriptOf({ executor: 'constant-vus', vus: 1, duration: '900ms' }, '') },
    code: 104,
    says: /should be at least 1s, but is 900ms/,
  },
  {
    name: 'fewer iterations than users',
    files: { 'main.js': scriptOf({ executor: 'shared-iterations', vus: 3, iterations: 2 }, '') },
    code: 104,
    says: /number of iterations \(2\)/,
  },
  {
    name: 'a function that is not exported',
    files: { 'main.js': scriptOf({ ...once, exec: 'flood' }, '') },
    code: 104,
    says: /function 'flood' not found in exports/,
  },
  {
    name: "a scenario's name with a space",
    files: {
      'main.js':
        "export const options = { scenarios: { 'a b': { executor: 'per-vu-iterations' } } };\nexport default () => {};",
    },
    code: 104,
    says: /name should contain only numbers, latin letters, underscores, and dashes/,
  },
  {
    name: 'scenarios beside a shortcut for them',
    files: {
      'main.js': scriptOf(once, '').replace('{ scenarios', '{ iterations: 2, scenarios'),
    },
    code: 104,
    says: /using multiple execution config shortcuts/,
  },
  {
    name: 'a setup() that throws',
    files: { 'main.js': scriptOf(once, '', "export function setup() { throw new Error('not ready'); }") },
    code: 107,
    says: /not ready/,
  },
  {
    name: 'a setup() that takes too long',
    files: {
      'main.js': `${scriptOf(once, '', 'export function setup() { sleep(60); }').replace('{ scenarios', "{ setupTimeout: '100ms', scenarios")}`,
    },
    code: 100,
    says: /setup\(\) execution timed out/,
  },
];

test('k6 refuses with its exit codes', { timeout: 120_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    await Promise.all(
      REFUSED.map(({ name, files, args = [], code, says }) =>
        t.test(name, async (t) => {
          const { code: found, stderr } = await runK6(t, path, { files, args });
          assert.match(stderr, says);
          assert.equal(found, code);
        }),
      ),
    );
  }),
);

test(
  'k6 streams samples as they come, with the tags and metadata of their moment',
  { timeout: 60_000 },
  (t) =>
    withEachK6(t, async (t, { path }) => {
      const { url, bodies } = await postBox(t, (body) => (body === '1' ? 500 : 200));
      const { code, lines, points, sum, folder, stderr } = await runK6(t, path, {
        files: {
          'main.js': scriptOf(
            { executor: 'per-vu-iterations', vus: 1, iterations: 2, tags: { kind: 'trial' } },
            `exec.vu.metrics.metadata.note = 'n' + exec.scenario.iterationInTest;
           took.add(12.5, { mine: true });
           delete exec.vu.metrics.metadata.note;
           group('outer', () => {
             const answer = http.post('${url}', String(exec.scenario.iterationInTest), { tags: { name: 'hand over' } });
             check(answer, { taken: (r) => r.status === 200 && r.json().fine });
           });
           seen.add(data.ready, { env: __ENV.WHO });`,
            `export function setup() { http.post('${url}', 'setup'); return { ready: 7 }; }
           export function teardown(data) { console.warn('torn down ' + data.ready); }
           export function handleSummary(data) {
             return { 'summary.json': JSON.stringify({ metrics: data.metrics, data: data.setup_data }) };
           }`,
          ).replace('{ scenarios', "{ thresholds: { http_reqs: ['count>0'] }, scenarios"),
        },
        args: ['--no-thresholds', '-e', 'WHO=me', '--tag', 'run=first'],
      });

      assert.equal(code, 0, stderr);
      assert.deepEqual(bodies, ['setup', '0', '1']);
      assert.match(stderr, /torn down 7/);
      const tags = { group: '', kind: 'trial', mine: 'true', run: 'first', scenario: 'a' };
      assert.deepEqual(
        points('took').map(({ data }) => [data.value, data.tags, data.metadata]),
        [
          [12.5, tags, { note: 'n0' }],
          [12.5, tags, { note: 'n1' }],
        ],
      );
      const text = lines.find((line) => line.startsWith('{"metric":"took"')) ?? '';
      assert.match(
        text,
        /^\{"metric":"took","type":"Point","data":\{"time":"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)","value":12\.5,"tags":\{.*\},"metadata":\{"note":"n0"\}\}\}$/,
      );
      const { data } = JSON.parse(
        lines.find((line) => line.includes('"type":"Metric"') && line.endsWith('"metric":"http_reqs"}')) ??
          '',
      ) as { data: Record<string, unknown> };
      assert.deepEqual([data.name, data.type, data.contains], ['http_reqs', 'counter', 'default']);
      assert.deepEqual(
        points('http_reqs').map(({ data: { tags } }) => [
          tags.group,
          tags.scenario,
          tags.name,
          tags.status,
          tags.expected_response,
        ]),
        [
          ['::setup', undefined, url, '200', 'true'],
          ['::outer', 'a', 'hand over', '200', 'true'],
          ['::outer', 'a', 'hand over', '500', 'false'],
        ],
      );
      assert.deepEqual(
        points('http_req_failed').map(({ data }) => data.value),
        [0, 0, 1],
      );
      assert.deepEqual(
        points('checks').map(({ data }) => [data.value, data.tags.check]),
        [
          [1, 'taken'],
          [0, 'taken'],
        ],
      );
      assert.deepEqual(
        points('seen').map(({ data }) => [data.value, data.tags.env]),
        [
          [7, 'me'],
          [7, 'me'],
        ],
      );
      assert.equal(sum('iterations'), 2);
      assert.deepEqual(
        points('iteration_duration').map(({ data }) => data.tags.group),
        ['::setup', '', '', '::teardown'],
      );
      const summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
      assert.deepEqual(summary.data, { ready: 7 });
      assert.deepEqual(summary.metrics.http_reqs.values.count, 3);
      assert.deepEqual(summary.metrics.took.values.med, 12.5);
    }),
);

/** One scenario of each executor. All users together are few. */
const EXECUTORS = {
  constant: { executor: 'constant-arrival-rate', rate: 10, duration: '1s', preAllocatedVUs: 3, maxVUs: 3 },
  slow: {
    executor: 'constant-arrival-rate',
    rate: 10,
    duration: '1s',
    preAllocatedVUs: 1,
    maxVUs: 1,
    exec: 'nap',
  },
  ramping: {
    executor: 'ramping-arrival-rate',
    startRate: 0,
    timeUnit: '1s',
    stages: [{ duration: '1s', target: 12 }],
    preAllocatedVUs: 3,
    maxVUs: 3,
  },
  shared: { executor: 'shared-iterations', vus: 4, iterations: 10 },
  // Segments number their own iterations: were users parted unevenly, one would run ahead and leave gaps.
  each: { executor: 'per-vu-iterations', vus: 3, iterations: 3 },
  late: { executor: 'per-vu-iterations', vus: 1, iterations: 3, maxDuration: '1s', exec: 'nap' },
};
const EXECUTORS_SCRIPT = `
import exec from 'k6/execution';
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
const seen = new Counter('seen');
export const options = { scenarios: ${JSON.stringify(EXECUTORS)} };
export default function () { seen.add(1, { n: exec.scenario.iterationInTest, vu: exec.vu.idInTest }); }
export function nap() { sleep(1.3); seen.add(1, { n: exec.scenario.iterationInTest }); }
export function handleSummary() { return {}; }`;
/** What each begins and drops in all. The first iteration of a ramp is due when the area under it is 1. */
const BEGUN: Record<keyof typeof EXECUTORS, readonly [begun: number, dropped: number]> = {
  constant: [10, 0],
  slow: [1, 9],
  ramping: [6, 0],
  shared: [10, 0],
  each: [9, 0],
  late: [1, 2],
};

for (const segments of [1, 3])
  test(
    `the executors begin what they are to in ${segments} of ${segments} segments, each number once`,
    { timeout: 60_000 },
    (t) =>
      withEachK6(t, async (t, { path, real }) => {
        const sequence = Array.from({ length: segments + 1 }, (_, n) =>
          n === 0 ? '0' : n === segments ? '1' : `${n}/${segments}`,
        );
        const results = await Promise.all(
          sequence.slice(1).map((to, n) =>
            runK6(t, path, {
              files: { 'main.js': EXECUTORS_SCRIPT },
              args:
                segments === 1
                  ? []
                  : [
                      '--execution-segment',
                      `${sequence[n]}:${to}`,
                      '--execution-segment-sequence',
                      sequence.join(','),
                    ],
            }),
          ),
        );
        for (const { code, stderr } of results) assert.equal(code, 0, stderr);
        const all = results.flatMap((result) => result.points('seen'));
        const users = new Map<string | undefined, number>();
        for (const [n, result] of results.entries()) {
          for (const { data } of result.points('seen')) {
            if (data.tags.vu === undefined) continue;
            assert.equal(users.get(data.tags.vu) ?? n, n, 'a user of two processes');
            users.set(data.tags.vu, n);
          }
        }
        for (const [name, [begun, dropped]] of Object.entries(BEGUN)) {
          const numbers = all
            .filter(({ data }) => data.tags.scenario === name)
            .map(({ data }) => Number(data.tags.n));
          assert.equal(new Set(numbers).size, numbers.length, `${name}: a number twice`);
          const lost = results
            .flatMap((result) => result.points('dropped_iterations'))
            .filter(({ data }) => data.tags.scenario === name)
            .reduce((sum, { data }) => sum + data.value, 0);
          // Real k6 may begin one more or less at the very end of a rate; an iteration that finds no user is dropped.
          const slack = real && name !== 'shared' && name !== 'each' ? 1 : 0;
          const off = Math.abs(numbers.length + lost - begun - dropped);
          assert.ok(off <= slack, `${name}: ${numbers.length} begun and ${lost} dropped`);
          if (dropped > 0) assert.equal(numbers.length, begun, name);
          if (lost === 0)
            assert.deepEqual(
              numbers.sort((a, b) => a - b),
              numbers.map((_, n) => n),
              `${name}: a gap`,
            );
        }
      }),
  );

test(
  'a second k6 user joins when the first ones are busy, and the iteration is dropped',
  { timeout: 60_000 },
  (t) =>
    withEachK6(t, async (t, { path }) => {
      const scenario = {
        executor: 'constant-arrival-rate',
        rate: 5,
        duration: '1s',
        preAllocatedVUs: 1,
        maxVUs: 2,
      };
      const { sum } = await runK6(t, path, { files: { 'main.js': scriptOf(scenario, 'sleep(1.2);') } });
      assert.equal(sum('iterations'), 2);
      assert.equal(sum('dropped_iterations'), 3);
    }),
);

test('ramping-vus has as many users at work as its stages want', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const scenario = {
      executor: 'ramping-vus',
      startVUs: 1,
      stages: [
        { duration: '500ms', target: 1 },
        { duration: '0s', target: 3 },
        { duration: '500ms', target: 3 },
      ],
    };
    const { points } = await runK6(t, path, {
      files: { 'main.js': scriptOf(scenario, 'seen.add(1, { vu: exec.vu.idInInstance }); sleep(0.05);') },
    });
    const users = points('seen').map(({ data }) => data.tags.vu);
    assert.deepEqual([...new Set(users)].sort(), ['1', '2', '3']);
    const first = points('seen').filter(({ data }) => data.tags.vu === '1').length;
    assert.ok(
      first > users.length / 3 && first < users.length,
      `the first user began ${first} of ${users.length}`,
    );
  }),
);

test(
  'an iteration that is under way when its time is over is cut off, and not counted',
  { timeout: 60_000 },
  (t) =>
    withEachK6(t, async (t, { path }) => {
      const scenario = { executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s' };
      const { code, points, sum } = await runK6(t, path, {
        files: { 'main.js': scriptOf(scenario, 'seen.add(1); try { sleep(60); } finally { seen.add(10); }') },
      });
      assert.equal(code, 0);
      assert.equal(sum('seen'), 1);
      assert.deepEqual(points('iterations'), []);
    }),
);

test('an exception ends an iteration, not the run', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const { code, stderr, sum } = await runK6(t, path, {
      files: { 'main.js': scriptOf({ ...once, iterations: 2 }, "throw new Error('bad luck');") },
    });
    assert.equal(code, 0);
    assert.match(stderr, /level=error msg=.*bad luck/);
    assert.equal(sum('iterations'), 2);
  }),
);

test(
  'SIGINT cuts off what is under way; teardown and summary still come, and exit code 105',
  { timeout: 60_000 },
  (t) =>
    withEachK6(t, async (t, { path }) => {
      const { url, bodies } = await postBox(t, (body) => (body === 'gone' ? 200 : undefined));
      const { code, points, sum, folder, stderr } = await runK6(t, path, {
        files: {
          'main.js': scriptOf(
            { executor: 'constant-vus', vus: 1, duration: '1m' },
            `seen.add(1); http.post('${url}', 'held');`,
            `export function teardown() { http.post('${url}', 'gone'); }
           export function handleSummary(data) { return { 'summary.json': String(data.metrics.seen.values.count) }; }`,
          ),
        },
        onLine: (line, child) => {
          if (line.startsWith('{"metric":"seen"')) child.interrupt();
        },
      });
      assert.equal(code, 105);
      assert.match(stderr, /aborted because k6 received a 'interrupt' signal/);
      assert.deepEqual(bodies, ['held', 'gone']);
      assert.equal(sum('seen'), 1);
      assert.deepEqual(points('iterations'), []);
      assert.equal(readFileSync(join(folder, 'summary.json'), 'utf8'), '1');
    }),
);

test('SIGINT in setup() ends it, and nothing begins', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const { url, bodies } = await postBox(t, () => undefined);
    const { code, points, stderr } = await runK6(t, path, {
      files: {
        'main.js': scriptOf(
          once,
          `http.post('${url}', 'begun');`,
          `export function setup() { seen.add(1); http.post('${url}', 'held'); }
           export function handleSummary() { return {}; }`,
        ),
      },
      onLine: (line, child) => {
        if (line.startsWith('{"metric":"seen"')) child.interrupt();
      },
    });
    assert.equal(code, 105, stderr);
    assert.deepEqual(bodies, ['held']);
    assert.deepEqual(points('iterations'), []);
  }),
);

interface Ending {
  readonly name: string;
  readonly thresholds: object;
  readonly iteration?: string;
  readonly code: number;
}

const ENDINGS: readonly Ending[] = [
  { name: 'a threshold that nobody judges', thresholds: { took: ['avg<5'] }, code: 0 },
  { name: 'test.abort()', thresholds: {}, iteration: "exec.test.abort('enough');", code: 108 },
  { name: 'test.fail()', thresholds: {}, iteration: "exec.test.fail('so bad');", code: 110 },
];

test('exit codes of a whole run', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    await Promise.all(
      ENDINGS.map(({ name, thresholds, iteration = 'took.add(10);', code }) =>
        t.test(name, async (t) => {
          const options = `{ thresholds: ${JSON.stringify(thresholds)}, scenarios`;
          const script = scriptOf(once, iteration).replace('{ scenarios', options);
          const result = await runK6(t, path, { files: { 'main.js': script }, args: ['--no-thresholds'] });
          assert.equal(result.code, code, result.stderr);
        }),
      ),
    );
  }),
);

test(
  'each user, setup() and teardown() run the init code for themselves, and types are stripped',
  { timeout: 60_000 },
  (t) =>
    withEachK6(t, async (t, { path }) => {
      const { code, points, stderr } = await runK6(t, path, {
        files: {
          'main.ts': `import { tell, type Told } from './tell.ts';
          export const options = { scenarios: { a: { executor: 'per-vu-iterations', vus: 2, iterations: 2 } } };
          const file: string = open('./words.txt');
          export function setup(): Told { return tell(file, 0); }
          export default function (data: Told): void { tell(file, data.calls); }
          export function teardown(): void { tell(file, 0); }`,
          'tell.ts': `import { Counter } from 'k6/metrics';
          export interface Told { readonly calls: number }
          const told = new Counter('told');
          let calls = 0;
          export function tell(text: string, before: number): Told {
            calls++;
            told.add(1, { text: text.trim(), calls, before });
            return { calls };
          }`,
          'words.txt': 'hello\n',
        },
      });
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        points('told')
          .map(({ data: { tags } }) => [tags.group, tags.text, tags.calls, tags.before].join(' '))
          .sort(),
        [
          '::setup hello 1 0',
          '::teardown hello 1 0',
          ' hello 1 1',
          ' hello 1 1',
          ' hello 2 1',
          ' hello 2 1',
        ].sort(),
      );
    }),
);

test('what is under the wrong phase is refused', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const { stderr, code } = await runK6(t, path, {
      files: {
        'main.js': scriptOf(
          once,
          `for (const act of [() => open('./main.js'), () => new Trend('other')]) {
             try { act(); console.log('was let'); } catch (e) { console.log('refused: ' + (e instanceof Error)); }
           }`,
          "export function setup() { try { exec.scenario.name; console.log('was let'); } catch (e) { console.log('refused: scenario'); } }",
        ),
      },
    });
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /was let/);
    assert.equal(stderr.match(/refused: /g)?.length, 3);
  }),
);

test('no answer, a refused connection and a barred address are status 0', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const { url } = await postBox(t, () => undefined);
    const { points, stderr } = await runK6(t, path, {
      files: {
        'main.js': scriptOf(
          once,
          `const statuses = [http.post('${url}', 'x', { timeout: '200ms' }), http.get(http.url\`http://127.0.0.1:\${1}/\`), http.get('http://127.0.0.2:1/')];
           for (const { status, body, error_code } of statuses) seen.add(status, { body: String(body), error_code });`,
        ),
      },
      args: ['--blacklist-ip', '127.0.0.2/32'],
    });
    assert.deepEqual(
      points('seen').map(({ data }) => [data.value, data.tags.body, data.tags.error_code]),
      [
        [0, 'null', '1050'],
        [0, 'null', '1212'],
        [0, 'null', '1110'],
      ],
      stderr,
    );
    assert.deepEqual(
      points('http_req_failed').map(({ data }) => [data.value, data.tags.name]),
      [
        [1, url],
        [1, `http://127.0.0.1:${'$'}{}/`],
        [1, 'http://127.0.0.2:1/'],
      ],
    );
  }),
);
