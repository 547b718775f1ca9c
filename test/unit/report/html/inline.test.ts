import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { inlineModules, inlineScript } from '../../../../src/report/html/inline.ts';

test('modules that import each other become one script, each of them once and after what it needs', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-inline-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = {
    'entry.js': `import { twice } from './twice.js';\nimport {\n  one,\n} from './one.js';\nglobalThis.result = twice(one);\n//# sourceMappingURL=entry.js.map\n`,
    'twice.js': `import { one } from './one.js';\nexport function twice(n) { return n * 2 * one; }\n`,
    'one.js': `globalThis.loads = (globalThis.loads ?? 0) + 1;\nexport const one = 1;\nexport {};\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { markup } = inlineModules(pathToFileURL(join(folder, 'entry.js')));
  const context = vm.createContext({}) as { loads?: number; result?: number };
  new vm.Script(markup).runInContext(context);
  assert.deepEqual({ loads: context.loads, result: context.result }, { loads: 1, result: 2 });
  assert.ok(!/import|export|sourceMappingURL/.test(markup), markup);
});

test('a script can not end the element that it stands in', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-inline-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'script.js');
  writeFileSync(file, `const text = '</script>';\n`);
  assert.equal(inlineScript(file).markup, `const text = '<\\/script>';\n`);
});
