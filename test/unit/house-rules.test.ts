import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/core/assets.ts';

interface Source {
  readonly path: string;
  readonly text: string;
  /** The file's text without comments. */
  readonly code: string;
  readonly imports: readonly string[];
}

const sources: Source[] = ['src', 'fakes'].flatMap((root) =>
  readdirSync(join(projectRoot, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const path = join(root, file);
      const text = readFileSync(join(projectRoot, path), 'utf8');
      const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
      const imports = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) =>
        relative(projectRoot, resolve(projectRoot, dirname(path), match[1] as string)),
      );
      return { path, text, code, imports };
    }),
);

/** The part of the program that a file belongs to. */
function part(path: string): string {
  const [root = '', folder = ''] = path.split('/');
  return root === 'fakes' ? 'fakes' : folder;
}

/** Whether a file is run by k6. */
function isScript(path: string): boolean {
  return path.startsWith('src/driver/k6/script/');
}

/** What each part may import besides itself. Arrows point one way (DESIGN "The tree"). */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  record: ['core'],
  fakes: ['core', 'record'],
  gate: ['core'],
  analysis: ['core', 'record', 'gate'],
  driver: ['core', 'record'],
  mta: ['core'],
  report: ['core', 'record', 'analysis', 'gate'],
  scenario: ['core', 'fakes', 'analysis', 'driver', 'gate', 'mta'],
  lab: ['core', 'fakes', 'analysis', 'driver', 'gate', 'mta', 'record', 'report', 'scenario'],
  live: ['core', 'gate', 'lab', 'record', 'report'],
  cli: ['core', 'lab', 'live', 'mta', 'report', 'scenario'],
};

test('imports point one way', () => {
  const wrong: string[] = [];
  for (const { path, imports } of sources) {
    const from = part(path);
    for (const target of imports) {
      const to = part(target);
      if (from !== to && !ALLOWED[from]?.includes(to)) wrong.push(`${path} imports ${target}`);
      if (!existsSync(join(projectRoot, target))) wrong.push(`${path} imports ${target}, which is not there`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('no file imports itself in a circle', () => {
  const graph = new Map(sources.map(({ path, imports }) => [path, imports]));
  // An import of types alone is gone at run time, but a circle of types is a circle in the design too.
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(' > '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  assert.deepEqual(circles, []);
});

test('time, chance and the process are touched in one place each', () => {
  const rules: [RegExp, readonly string[]][] = [
    [
      /\bDate\.now\b|\bnew Date\(\)|(?<!\.)\bset(?:Timeout|Interval)\b|\bperformance\.now\b/,
      // Within k6 there is no Node, so no core/clock.ts: the script knows Date.now() alone.
      ['src/core/clock.ts', ...sources.map(({ path }) => path).filter(isScript)],
    ],
    [/\bMath\.random\b/, []],
    [/(?<![/\w.])process\./, ['src/core/clock.ts', 'src/core/process.ts', 'src/cli/bin.ts']],
  ];
  const wrong: string[] = [];
  for (const { path, code } of sources) {
    for (const [pattern, exempt] of rules) {
      const match = exempt.includes(path) || path.endsWith('/client.ts') ? null : pattern.exec(code);
      if (match) wrong.push(`${path}: ${match[0]}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('every exported function and class says what it is', () => {
  const bare: string[] = [];
  for (const { path, text } of sources) {
    for (const match of text.matchAll(/(\*\/\n)?export (?:async )?(?:function|class) (\w+)/g)) {
      if (match[1] === undefined) bare.push(`${path}: ${match[2]}`);
    }
  }
  assert.deepEqual(bare, []);
});
