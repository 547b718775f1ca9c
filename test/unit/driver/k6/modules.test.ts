import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../../../src/core/assets.ts';
import { modulePath } from '../../../../src/driver/k6/prepare.ts';

/** The modules that k6 knows and the script may need. */
const OF_K6 = ['k6', 'k6/execution', 'k6/http', 'k6/metrics'];

interface Module {
  readonly name: string;
  /** Without comments. */
  readonly code: string;
}

/** The compiled modules that k6 loads for an entry, and what they import besides. */
function reached(entry: string): { modules: Module[]; bare: string[] } {
  const modules = new Map<string, Module>();
  const bare = new Set<string>();
  const visit = (path: string): void => {
    if (modules.has(path)) return;
    const code = readFileSync(path, 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/(^|\s)\/\/.*$/gm, '');
    modules.set(path, { name: relative(projectRoot, path), code });
    for (const [, specifier] of code.matchAll(/(?:from|import|import\()\s*['"]([^'"]+)['"]/g)) {
      if (specifier?.startsWith('.')) visit(resolve(dirname(path), specifier));
      else bare.add(specifier as string);
    }
  };
  visit(entry);
  return { modules: [...modules.values()], bare: [...bare].sort() };
}

const entries = ['script.js', 'user-scripts.js'].map((file) => ({ file, ...reached(modulePath(file)) }));

for (const { file, modules, bare } of entries) {
  test(`k6 finds all that ${file} imports: relative files of ours, and modules of its own`, () => {
    assert.deepEqual(bare, OF_K6);
    assert.ok(modules.length > 10);
  });
}

/**
 * What Sobek, k6's JavaScript engine, does not do or is not tested for: the list of features that its own run of the
 * language's test suite leaves out (grafana/sobek, tc39_test.go), as far as code would show it; and what only Node has.
 */
const UNKNOWN_TO_K6: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'logical assignment', pattern: /(?:\?\?|\|\||&&)=/ },
  { what: 'a numeric separator', pattern: /\b\d+_\d/ },
  { what: 'a named group', pattern: /\(\?<[a-zA-Z]/ },
  { what: 'a Unicode property escape', pattern: /\\p\{/ },
  { what: 'the flags d or v of a regular expression', pattern: /\/[gimsuy]*[dv][gimsuy]*[.,;)\]]/ },
  { what: 'BigInt', pattern: /\b\d+n\b|\bBigInt\b/ },
  { what: 'async iteration', pattern: /\bfor await\b|async \*|asyncIterator/ },
  { what: 'top-level await', pattern: /^(?:const .* = )?await\b/m },
  { what: 'arrays by copy', pattern: /\.(?:toSorted|toReversed|toSpliced|with)\(/ },
  { what: 'grouping', pattern: /\b(?:Object|Map)\.groupBy\b/ },
  { what: 'set methods', pattern: /\.(?:union|intersection|difference|isSubsetOf|isSupersetOf)\(/ },
  {
    what: 'iterator helpers',
    pattern: /\b(?:entries|values|keys)\(\)\.(?:map|filter|some|every|find|flatMap|toArray)\(/,
  },
  { what: 'weak references', pattern: /\b(?:WeakRef|FinalizationRegistry)\b/ },
  { what: 'shared memory', pattern: /\b(?:Atomics|SharedArrayBuffer)\b/ },
  { what: 'newer promises', pattern: /Promise\.(?:withResolvers|try)\b/ },
  {
    what: 'what only Node has',
    pattern: /\b(?:Buffer|process|require|performance|structuredClone|TextEncoder|URL)\b[.(]/,
  },
];

test('what k6 loads uses no language that its engine lacks', () => {
  const wrong = entries.flatMap(({ modules }) =>
    modules.flatMap(({ name, code }) =>
      UNKNOWN_TO_K6.flatMap(({ what, pattern }) => {
        const match = pattern.exec(code);
        return match ? [`${name}: ${what}: ${match[0]}`] : [];
      }),
    ),
  );
  assert.deepEqual(wrong, []);
});

test('the source maps that k6 looks for are there', () => {
  const missing = entries.flatMap(({ modules }) =>
    modules.map(({ name }) => `${name}.map`).filter((name) => !existsSync(resolve(projectRoot, name))),
  );
  assert.deepEqual(missing, []);
});
