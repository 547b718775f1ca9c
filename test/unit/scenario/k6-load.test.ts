import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { describeLoad } from '../../../src/scenario/load-plan.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';

/** Plans one load by k6 with KumoMTA, from a scenario in a folder. */
function plan(load: string, folder = '.', mta = 'kumomta'): Plan {
  const text = `mta: { adapter: ${mta} }\nworkers: { drivers: 3 }\nloads:\n  news: { ${load} }\n`;
  return planRun(parseScenario(text, join(folder, 's.yaml')));
}

/** What is wrong with the load, by its places in the scenario. */
function problems(load: string, folder?: string, mta?: string): string[] {
  try {
    plan(load, folder, mta);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidScenario)) throw error;
    return error.problems.map(({ at, message }) => `${at}: ${message}`);
  }
}

const K6 = 'engine: k6, api: kumomta, rate: 5/s, duration: 2s';

test('a load by k6 names its API, and a script by its place beside the scenario', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-k6-load-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'my.ts'), '');
  assert.deepEqual(plan(K6).loads[0]?.k6, { api: 'kumomta', script: undefined, exec: undefined });
  const { loads } = plan(`${K6}, script: ./my.ts, exec: receipts`, folder);
  assert.deepEqual(loads[0]?.k6, { api: 'kumomta', script: join(folder, 'my.ts'), exec: 'receipts' });
  assert.equal(
    describeLoad(loads[0] as Plan['loads'][number]),
    'constant-arrival-rate, 2 s, 20 virtual users of k6, over HTTP (kumomta)',
  );
});

test('what k6 can not do is said in its place', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-k6-load-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'a.eml'), 'Subject: a\r\n\r\nGr\xfc\xdfe\r\n', 'latin1');
  const rows: [load: string, problems: string[], mta?: string][] = [
    ['engine: k6, rate: 5/s, duration: 2s', ['loads.news: engine: k6 needs "api", one of kumomta']],
    [
      `${K6}, api: sparkpost`.replace('api: kumomta, ', ''),
      ['loads.news.api: found sparkpost; kumomta can do kumomta'],
    ],
    [K6, ['loads.news.api: postfix takes no mail in over HTTP'], 'postfix'],
    [
      K6,
      ['loads.news.engine: the simulated ISPs speak SMTP alone; expected an MTA between k6 and them'],
      'none',
    ],
    ['rate: 5/s, duration: 2s, api: kumomta', ['loads.news.api: expected engine: k6 beside it']],
    [`${K6}, retry: { times: 3 }`, ['loads.news.retry: this is of SMTP; a load of engine: k6 has none']],
    [`${K6}, sources: [127.0.0.2]`, ['loads.news.sources: k6 connects from loopback; expected none']],
    [`${K6}, message: { dkim: on }`, ["loads.news.message.dkim: k6 can't sign mail; expected none"]],
    [`${K6}, exec: x`, ['loads.news.exec: expected script beside it']],
    [`${K6}, script: no.js`, [`loads.news.script: there is no file ${join(folder, 'no.js')}`]],
    [K6.replace('2s', '900ms'), ['loads.news: k6 runs no load for 900 ms; expected at least 1s']],
    ['engine: k6, api: kumomta, executor: per-vu-iterations, vus: 6, iterations: 4', []],
    [
      'engine: k6, api: kumomta, executor: per-vu-iterations, vus: 5, iterations: 4',
      ['loads.news.vus: found 5; expected a multiple of the 3 k6 processes (workers.drivers)'],
    ],
    [
      `${K6}, message: { content: { eml: a.eml } }`,
      [
        "loads.news: a.eml has bytes above 127, which HTTP APIs can't take; expected quoted-printable or base64",
      ],
    ],
  ];
  for (const [load, expected, mta] of rows) assert.deepEqual(problems(load, folder, mta), expected, load);
  const each = 'engine: k6, api: kumomta, executor: per-vu-iterations, iterations: 4';
  for (const name of ['one.js', 'two.js']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'my.js'), '');
  }
  const several: [loads: string, problems: string[]][] = [
    // Two virtual users are enough for two processes only.
    [`{ ${each}, vus: 2 }`, []],
    [`{ ${each}, vus: 4 }\n  old: { ${K6}, connections: 2 }`, []],
    [
      `{ ${each}, vus: 3 }\n  old: { ${K6}, connections: 2 }`,
      ['loads.news.vus: found 3; expected a multiple of the 2 k6 processes (workers.drivers)'],
    ],
    [
      `{ ${K6}, script: one.js/my.js }\n  old: { ${K6}, script: two.js/my.js }`,
      [`loads.old.script: expected it in ${join(folder, 'one.js')}, beside the other scripts of kumomta`],
    ],
  ];
  for (const [loads, expected] of several)
    assert.deepEqual(problems(`${loads.slice(2, -2)}`, folder), expected, loads);
});
