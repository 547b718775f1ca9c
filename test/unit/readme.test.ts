import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ExitCode } from '../../src/cli/exit-codes.ts';
import { asset, projectRoot } from '../../src/core/assets.ts';
import { METRICS } from '../../src/gate/metrics.ts';
import { loadScenario, parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';

const readme = readFileSync(asset('README.md'), 'utf8');

test('the README names every metric as it is, and every exit code', () => {
  for (const [name, { kind, unit, tags, meaning }] of Object.entries(METRICS)) {
    const row = `| \`${name}\` | ${kind}${unit === '' ? '' : `, ${unit}`} | ${tags.join(', ')} | ${meaning} |`;
    assert.ok(readme.includes(row), `expected this row:\n${row}`);
  }
  for (const code of Object.values(ExitCode)) assert.match(readme, new RegExp(`^\\| ${code} \\|`, 'm'));
});

test("the README's table of a scenario has every key", () => {
  for (const key of Object.keys(scenarioSchema.shape))
    assert.match(readme, new RegExp(`^\\|.*\`${key}[\`.]`, 'm'), key);
});

test("the README's scenario is one", () => {
  const text = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  assert.equal(planRun(parseScenario(text, 'readme.yaml')).messages, 1500);
});

test('the README lists every scenario with its question', () => {
  for (const file of readdirSync(asset('scenarios')).filter((name) => name.endsWith('.yaml'))) {
    const { question } = loadScenario(asset('scenarios', file));
    assert.ok(readme.includes(`| [${file}](scenarios/${file}) | ${question} |`), file);
  }
});

test('what the README links to is there', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] as string);
  assert.ok(links.length >= 4);
  for (const link of links) assert.ok(existsSync(join(projectRoot, link)), link);
});
