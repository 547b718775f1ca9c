import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { asset } from '../../src/core/assets.ts';
import { K6_METRICS } from '../../src/gate/k6-metrics.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { cli, scenarioFile, workFolder } from '../support/cli.ts';

const readme = readFileSync(asset('src', 'driver', 'k6', 'README.md'), 'utf8');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    (match) => match[1] as string,
  );
}

const [load = '', thresholds = '', manifest = ''] = blocks('yaml');
const commands = blocks('sh').join('').trimEnd().split('\n');

test("the README's thresholds are some of its load, with a script", () => {
  const scripted = load.replace('engine: k6', `engine: k6\n  script: ${fileURLToPath(import.meta.url)}`);
  const plan = planRun(parseScenario(`mta: { adapter: haraka }\n${scripted}${thresholds}`, 'readme.yaml'));
  assert.deepEqual(
    plan.thresholds.map(({ metric, k6 }) => [metric, k6 !== undefined]),
    [
      ['http_req_duration', true],
      ['http_req_duration', true],
      ['http_req_duration', true],
      ['http_req_failed', true],
      ['checks', true],
      ['RTT', true],
      ['lost', false],
    ],
  );
});

test("the README names every metric of k6's that thresholds know without a script", () => {
  const named = /^\| metrics \|(.*)\|$/m.exec(readme)?.[1] ?? '';
  for (const name of Object.keys(K6_METRICS))
    assert.ok(named.includes(name.startsWith('http_req_') ? '`http_req_*`' : `\`${name}\``), name);
});

test("the README's commands are what export prints", async (t) => {
  const folder = workFolder(t);
  const file = scenarioFile(folder, `mta: { adapter: haraka }\n${load}`);
  const [exported = '', ...printed] = commands;
  const args = exported
    .replace('scenario.yaml', file)
    .replace('-o load', `-o ${join(folder, 'load')}`)
    .split(' ');
  const { code, stdout, stderr } = await cli(args.slice(1));
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => line.replace(/\S*load\/script\.js/, 'load/script.js').replace(file, 'scenario.yaml')),
    printed,
  );
});

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

test('the manifest runs the exported folder, with names that are there', () => {
  const documents = parseAllDocuments(manifest).map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as Manifest;
  });
  const of = (kind: string): Manifest => documents.find((one) => one.kind === kind) as Manifest;
  const [exported = '', first = ''] = commands;
  const { parallelism, script, arguments: given, runner } = of('TestRun').spec;
  assert.equal(String(parallelism), /--segments (\d+)/.exec(exported)?.[1]);
  assert.equal((script as { configMap: { file: string } }).configMap.file, 'script.js');
  const flags = (text: string): string[] => text.match(/--[a-z-]+/g) ?? [];
  // The operator itself says --quiet, and which segment each process has.
  const own = new Set(['--quiet', '--execution-segment', '--execution-segment-sequence']);
  assert.deepEqual(
    flags(String(given)).sort(),
    flags(first)
      .filter((flag) => !own.has(flag))
      .sort(),
  );
  const text = JSON.stringify(runner);
  for (const name of ['POD_NAME', '/results', of('PersistentVolumeClaim').metadata.name])
    assert.ok(text.includes(name), name);
  const labels = JSON.stringify(
    (of('Deployment').spec as { selector: { matchLabels: unknown } }).selector.matchLabels,
  );
  assert.equal(JSON.stringify(of('Service').spec.selector), labels);
  assert.match(JSON.stringify(of('Deployment').spec), /"isp","gmail","--listen","0\.0\.0\.0:2525"/);
  assert.match(JSON.stringify(of('Job').spec), /k6 gate \/scenario\/scenario\.yaml \/results\/\*\.json\.gz/);
});
