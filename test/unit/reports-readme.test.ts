import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { asset } from '../../src/core/assets.ts';
import { cli } from '../support/cli.ts';

const readme = readFileSync(asset('reports', 'README.md'), 'utf8');
const workflows = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] as string);

test('the workflows for CI are YAML, with commands that a shell understands and options that exist', async () => {
  assert.equal(workflows.length, 2);
  for (const text of workflows) {
    const document = parseDocument(text);
    assert.deepEqual([...document.errors, ...document.warnings], []);
    const scripts = scriptsOf(document.toJS());
    const windtunnel = scripts.flatMap((script) => [
      ...script.matchAll(/start (?:--silent )?-- (\w+)(.*)$/gm),
    ]);
    assert.ok(windtunnel.length > 0, text);
    for (const script of scripts) {
      const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
      assert.equal(status, 0, `${script}\n${stderr}`);
    }
    for (const [, command = '', rest = ''] of windtunnel) {
      const { code, stdout } = await cli([command, '--help']);
      assert.equal(code, 0);
      for (const [option] of rest.matchAll(/--[a-z-]+/g)) {
        assert.match(stdout, new RegExp(`^ +${option} `, 'm'), `${command} has no ${option}`);
      }
    }
  }
});

test('what reports/README.md links to is there', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)/g)].map((match) => match[1] as string);
  assert.ok(links.length >= 4);
  for (const link of links) assert.ok(existsSync(join(asset('reports'), link)), link);
});

/** The shell scripts in a workflow: what is under `run`, `script` and `before_script`. */
function scriptsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (['run', 'script', 'before_script'].includes(key)) return [[inner].flat().join('\n')];
    return scriptsOf(inner);
  });
}
