/** Reads a scenario file: YAML with positions, schema, overrides from the command line, all errors at once. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Document, isMap, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { HarnessError, messageOf } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { type Scenario, scenarioSchema } from './schema.ts';

/** One thing that is wrong with a scenario. Line and column count from 1; 0 for what --set has set. */
export interface Problem {
  /** The file, or the option that set the value. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the file: `isps.gmail.share`. */
  readonly at: string;
  /** What was found and what was expected. */
  readonly message: string;
}

/** A scenario with what is needed to report problems found later, in planning. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly file: string;
  /** The file's text with the overrides of the command line applied. */
  readonly text: string;
  /** The question that the opening comment asks, or ''. */
  readonly question: string;
  /** Says where in the file a path is, for problems found in planning. */
  problem(path: readonly PropertyKey[], message: string): Problem;
}

/** A scenario that can't be used, with every problem in it. */
export class InvalidScenario extends HarnessError {
  readonly problems: readonly Problem[];

  constructor(unsorted: readonly Problem[]) {
    const problems = [...unsorted].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = problems.map(
      (p) =>
        `${p.file}${p.line === 0 ? '' : `:${p.line}:${p.column}`}: ${p.at === '' ? '' : `${p.at}: `}${p.message}`,
    );
    super('invalid-scenario', lines.join('\n'));
    this.problems = problems;
  }
}

/**
 * Loads and validates a scenario file.
 * @param overrides `path=value` pairs, applied before validation, such as `load.rate=100/s`
 * @throws InvalidScenario with every problem; HarnessError of kind `usage` if the file can't be read
 */
export function loadScenario(file: string, overrides: readonly string[] = []): LoadedScenario {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new HarnessError('usage', `can't read the scenario ${file}: ${messageOf(error)}`, { cause: error });
  }
  return parseScenario(text, file, overrides);
}

/** As `loadScenario`, from text. */
export function parseScenario(text: string, file: string, overrides: readonly string[] = []): LoadedScenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new InvalidScenario(
      document.errors.map((error) => ({
        file,
        ...position(lines, error.pos[0]),
        at: '',
        message: error.message,
      })),
    );
  }
  for (const override of overrides) applyOverride(document, override);

  const problem = (path: readonly PropertyKey[], message: string): Problem => {
    const at = path.map(String).join('.');
    const override = overrides.find((o) => `${at}.`.startsWith(`${o.slice(0, o.indexOf('='))}.`));
    if (override !== undefined) return { file: `--set ${override}`, line: 0, column: 0, at, message };
    return { file, ...position(lines, offsetOf(document, path)), at, message };
  };
  const value: unknown = document.toJS() ?? {};
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success) {
    throw new InvalidScenario(
      parsed.error.issues
        .flatMap((issue) => describe(issue, value))
        .map(([path, message]) => problem(path, message)),
    );
  }
  const named =
    parsed.data.name ??
    basename(file)
      .replace(/\.ya?ml$/, '')
      .replaceAll('-', ' ');
  return {
    scenario: { ...parsed.data, name: named },
    file,
    text: overrides.length === 0 ? text : document.toString(),
    question: questionOf(text),
    problem,
  };
}

/** The question of a scenario: the first paragraph of its opening comment. */
function questionOf(text: string): string {
  const comment: string[] = [];
  for (const line of text.split('\n')) {
    if (!/^#\s*\S/.test(line)) break;
    comment.push(line.slice(1).trim());
  }
  return comment.join(' ').trim();
}

function applyOverride(document: Document, override: string): void {
  const equals = override.indexOf('=');
  if (equals < 1) {
    throw new HarnessError('usage', `--set ${override}: expected path=value, such as load.rate=100/s`);
  }
  const path = override.slice(0, equals).split('.');
  const value: unknown = parseDocument(override.slice(equals + 1)).toJS();
  document.setIn(
    path.map((key) => (/^\d+$/.test(key) ? Number(key) : key)),
    value,
  );
}

/** Turns one zod issue into (path, sentence) pairs that say what was found and what was expected. */
function describe(issue: z.core.$ZodIssue, root: unknown): [readonly PropertyKey[], string][] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near ? `; did you mean ${near}?` : `; expected one of ${known.join(', ')}`;
      return [[...issue.path, key], `unknown key "${key}"${hint}`];
    });
  }
  if (issue.code === 'invalid_union') {
    // The branch that got furthest is the one that was meant.
    const branches = [...issue.errors].sort((a, b) => depth(b) - depth(a));
    const own = issue.message.startsWith('expected') ? [] : (branches[0] ?? []);
    if (own.length > 0) {
      return own.flatMap((inner) => describe({ ...inner, path: [...issue.path, ...inner.path] }, root));
    }
  }
  const expected = issue.message.startsWith('expected') ? issue.message : plainExpectation(issue);
  return [[issue.path, `found ${show(valueAt(root, issue.path))}; ${expected}`]];
}

function plainExpectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${article(issue.expected)}`;
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`;
  return issue.message;
}

function article(type: string): string {
  const names: Record<string, string> = {
    string: 'text',
    object: 'a map of settings',
    record: 'a map of settings',
    array: 'a list',
    number: 'a number',
  };
  return names[type] ?? type;
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

/** The keys that the schema knows at a path; found by walking the schema, since an issue does not carry them. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let keys: string[] = [];
  const visit = (schema: unknown, rest: readonly PropertyKey[]): void => {
    const def = (schema as { def?: SchemaDefinition } | undefined)?.def;
    if (!def) return;
    const inner = [def.innerType, def.in, ...(def.options ?? [])].filter((s) => s !== undefined);
    for (const s of inner) visit(s, rest);
    if (def.shape) {
      if (rest.length === 0) keys = Object.keys(def.shape);
      else visit(def.shape[String(rest[0])], rest.slice(1));
    } else if (rest.length > 0) {
      visit(def.element ?? def.valueType, rest.slice(1));
    }
  };
  visit(scenarioSchema, path);
  return keys;
}

interface SchemaDefinition {
  readonly innerType?: unknown;
  readonly in?: unknown;
  readonly options?: readonly unknown[];
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** Where the node at a path begins; for a key that has no node, where its nearest parent does. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => String(item.key) === String(key));
      const start = (pair?.key as Node | undefined)?.range?.[0];
      if (start !== undefined) return start;
    }
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
