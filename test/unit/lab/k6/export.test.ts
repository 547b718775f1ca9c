import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ScriptPlan } from '../../../../src/driver/k6/script-plan.ts';
import { cli, scenarioFile, workFolder } from '../../../support/cli.ts';

const MTA = 'mta: { adapter: haraka }';
const SCENARIO = `${MTA}\nload: { engine: k6, api: kumomta, rate: 10/s, duration: 3s }`;

/** The relative imports of each file of a folder. */
function importsIn(folder: string): Map<string, string[]> {
  return new Map(
    readdirSync(folder)
      .filter((name) => /\.[jt]s$/.test(name))
      .map((name) => {
        const text = readFileSync(join(folder, name), 'utf8');
        const found = [
          ...text
            .replace(/^\s*(?:\/\/|\*).*/gm, '')
            .matchAll(/(?:from|import|require)\s*\(?\s*["'](\.[^"']+)["']/g),
        ];
        return [name, found.map((match) => match[1] as string)];
      }),
  );
}

test('the folder is flat, and has all that its modules import', async (t) => {
  const folder = workFolder(t);
  const out = join(folder, 'out');
  const file = scenarioFile(folder, SCENARIO);
  const { code, stdout, stderr } = await cli([
    ...['k6', 'export', file, '-o', out, '--url', 'http://mta.test:8000/', '--key', 'secret'],
    ...['--segments', '3', '--seed', '7', '--set', 'load.message.subject=It is "X"'],
  ]);
  assert.equal(code, 0, stderr);
  const names = readdirSync(out);
  assert.ok(names.includes('script.js') && names.includes('plan.json'));
  assert.ok(
    names.every((name) => /^[A-Za-z0-9._-]+$/.test(name)),
    names.join(),
  );
  for (const [name, specifiers] of importsIn(out))
    for (const specifier of specifiers) {
      assert.match(specifier, /^\.\/[^/]+$/, name);
      assert.ok(existsSync(join(out, specifier)), `${name} imports ${specifier}`);
      assert.doesNotMatch(readFileSync(join(out, name), 'utf8'), /sourceMappingURL/);
    }
  const plan = JSON.parse(readFileSync(join(out, 'plan.json'), 'utf8')) as ScriptPlan;
  assert.deepEqual(
    [plan.url, plan.api, plan.key, plan.control, plan.base],
    ['http://mta.test:8000', 'kumomta', 'secret', undefined, undefined],
  );
  assert.equal(statSync(join(out, 'plan.json')).mode & 0o077, 0, 'it has a key in it');
  assert.equal(
    (plan.loads[0]?.scenario.maxVUs as number) % 3,
    0,
    'each of the three gets as many virtual users',
  );
  assert.deepEqual(
    stdout.split('\n').map((line) => line.replace(/ \S*script\.js$/, ' script.js').replace(file, 'scenario')),
    [
      ...['0:1/3', '1/3:2/3', '2/3:1'].map(
        (segment, i) =>
          `k6 run --quiet --no-usage-report --no-thresholds --out json=stream-${i + 1}.json.gz --execution-segment ${segment} --execution-segment-sequence 0,1/3,2/3,1 script.js`,
      ),
      `windtunnel k6 gate scenario --seed 7 --set 'load.message.subject=It is "X"' stream-1.json.gz stream-2.json.gz stream-3.json.gz`,
      '',
    ],
  );
});

test("a user's script comes with what it imports, under names that are free", async (t) => {
  const folder = workFolder(t);
  mkdirSync(join(folder, 'lib'));
  const files = {
    'my script.ts': `import http from 'k6/http';\nimport { a } from "./lib/a.js";\nexport * from './plan.json.js';\nexport default () => a(http);\n`,
    'lib/a.js': `import '../script.js';\nimport { b } from './a b.js';\n// import c from './gone.js';\n/*\n * from './gone.js'\n */\nexport const a = b;\n`,
    'lib/a b.js': `import { a } from './a.js';\nconst c = require('./c.cjs');\nexport const b = () => a + c;\n`,
    'lib/c.cjs': 'module.exports = 1;\n',
    'script.js': 'export {};\n//# sourceMappingURL=script.js.map\n',
    'plan.json.js': 'export {};\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const file = scenarioFile(folder, SCENARIO.replace('engine: k6,', 'engine: k6, script: ./my script.ts,'));
  const out = join(folder, 'out');
  const { code, stderr } = await cli(['k6', 'export', file, '-o', out, '--url', 'http://127.0.0.1:1']);
  assert.equal(code, 0, stderr);
  const imports = importsIn(out);
  assert.deepEqual(imports.get('my-script.ts'), ['./a.js', './plan.json.js']);
  assert.deepEqual(imports.get('a.js'), ['./script-2.js', './a-b.js']);
  assert.deepEqual(imports.get('a-b.js'), ['./a.js', './c.cjs']);
  assert.equal(readFileSync(join(out, 'c.cjs'), 'utf8'), 'module.exports = 1;\n');
  assert.equal(readFileSync(join(out, 'script-2.js'), 'utf8'), 'export {};\n\n');
  const entry = imports.get('script.js') ?? [];
  assert.equal(entry.at(-1), './my-script.ts');
  for (const name of entry) assert.ok(existsSync(join(out, name)), name);
});

test('what can not be exported is said, and nothing is written', async (t) => {
  const folder = workFolder(t);
  const full = join(folder, 'full');
  mkdirSync(full);
  writeFileSync(join(full, 'mine'), '');
  writeFileSync(join(folder, 'lonely.ts'), `import './gone.js';\nexport default () => {};\n`);
  const url = ['--url', 'http://mta:8000'];
  const withScript = SCENARIO.replace('engine: k6,', 'engine: k6, script: ./lonely.ts,');
  const two = `${MTA}\nloads:\n  a: { engine: k6, api: kumomta, rate: 10/s, duration: 3s }\n  b: { engine: k6, api: sparkpost, rate: 10/s, duration: 3s }`;
  const rows: readonly (readonly [scenario: string, args: readonly string[], code: number, said: RegExp])[] =
    [
      [SCENARIO, ['-o', full, ...url], 2, /can't export to .*full: there is something in it/],
      [SCENARIO, ['-o', join(full, 'mine', 'x'), ...url], 2, /can't export to .*: ENOTDIR/],
      [SCENARIO, ['-o', 'OUT'], 2, /required option '--url <url>'/],
      [SCENARIO, [...url], 2, /required option '-o, --out <folder>'/],
      ...['mta:8000', 'ftp://mta', 'http://mta?x=1', 'http://'].map(
        (wrong) =>
          [
            SCENARIO,
            ['-o', 'OUT', '--url', wrong],
            2,
            /--url \S+: expected where the MTA takes mail, such as http:\/\/mta:8000/,
          ] as const,
      ),
      ...['sch\u00fcssel', 'a\r\nX-B: c', ''].map(
        (wrong) =>
          [
            SCENARIO,
            ['-o', 'OUT', ...url, '--key', wrong],
            2,
            /--key: expected ASCII letters, digits and signs/,
          ] as const,
      ),
      ...['0', '1.5', 'x', '1001'].map(
        (wrong) =>
          [
            SCENARIO,
            ['-o', 'OUT', ...url, '--segments', wrong],
            2,
            /--segments \S+: expected a whole number from 1 to 1000/,
          ] as const,
      ),
      [
        `${MTA}\nload: { rate: 10/s, duration: 3s }`,
        ['-o', 'OUT', ...url],
        104,
        /no load has engine: k6, so there is nothing to export/,
      ],
      [two, ['-o', 'OUT', ...url], 104, /expected loads of one api; k6 gets one URL/],
      [
        SCENARIO.replace('rate: 10/s, duration: 3s', 'iterations: 5, vus: 4, executor: per-vu-iterations'),
        ['-o', 'OUT', ...url, '--segments', '3'],
        104,
        /load default: found 4 vus; expected a multiple of the 3 segments/,
      ],
      [withScript, ['-o', 'OUT', ...url], 104, /can't read the k6 script .*gone\.js: ENOENT/],
      [
        `${SCENARIO}\nthresholds: { delivred: count>1 }`,
        ['-o', 'OUT', ...url],
        104,
        /did you mean delivered\?/,
      ],
    ];
  for (const [scenario, args, code, said] of rows) {
    const out = join(folder, 'out');
    const file = scenarioFile(folder, scenario);
    const result = await cli(['k6', 'export', file, ...args.map((arg) => (arg === 'OUT' ? out : arg))]);
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, said);
    assert.equal(existsSync(out), false, args.join(' '));
  }
  const mixed = two.replace('engine: k6, api: sparkpost, ', '');
  const result = await cli(['k6', 'export', scenarioFile(folder, mixed), '-o', join(folder, 'out'), ...url]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /^note: 1 of the loads are not k6's and are left out\n.*out: \d+ files\n$/);
});
