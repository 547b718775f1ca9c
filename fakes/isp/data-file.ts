/** Reads the data files that describe an ISP: strict YAML, all errors at once, each with line and column. */
import { readFileSync } from 'node:fs';
import { type Document, isMap, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { HarnessError, messageOf } from '../../src/core/errors.ts';
import { nearest } from '../../src/core/nearest.ts';

/** A place in a data file, and what is wrong there. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A data file that was read and found valid. */
export interface DataFile<T> {
  readonly data: T;
  /** Makes one error of faults that were found after reading, such as a reference that leads nowhere. */
  error(faults: readonly Fault[]): HarnessError;
}

/** What was read last from each file, and by which schema: the ISPs that come with windtunnel are read again and again. */
const known = new Map<string, { text: string; schema: unknown; read: DataFile<unknown> }>();

/**
 * Reads a YAML file by a schema. What it holds is frozen: whoever reads the same file again is given the same.
 * @throws HarnessError of kind `invalid-scenario`, a line for each fault: file:line:column, what was found, what was
 *   expected
 */
export function readDataFile<T>(file: string, schema: z.ZodType<T>): DataFile<T> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HarnessError('invalid-scenario', `can't read ${file}: ${messageOf(cause)}`, { cause });
  }
  const before = known.get(file);
  if (before?.text === text && before.schema === schema) return before.read as DataFile<T>;
  const read = parsed(file, text, schema);
  known.set(file, { text, schema, read });
  return read;
}

function parsed<T>(file: string, text: string, schema: z.ZodType<T>): DataFile<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const where = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  if (document.errors.length > 0) {
    throw invalid(document.errors.map((e) => `${where(e.pos[0])}: ${e.message}`));
  }
  const error = (faults: readonly Fault[]): HarnessError =>
    invalid(
      faults.map(({ path, message }) => `${where(offsetOf(document, path))}: ${path.join('.')}: ${message}`),
    );
  const value: unknown = document.toJS();
  const result = schema.safeParse(value);
  if (!result.success) throw error(result.error.issues.flatMap((issue) => faultsOf(issue, value)));
  return { data: frozen(result.data), error };
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}

/** An object that allows only its own keys, and names the nearest one for a key that it does not know. */
export function strict<S extends z.core.$ZodShape>(
  shape: S,
): z.ZodObject<z.core.util.Writeable<S>, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known.join(', ') : undefined),
  });
}

function invalid(lines: readonly string[]): HarnessError {
  return new HarnessError('invalid-scenario', lines.join('\n'), {
    hint: 'fakes/README.md says how an ISP is described',
  });
}

function faultsOf(issue: z.core.$ZodIssue, root: unknown): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    // `strict` put the known keys into the message, since the issue does not carry them.
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: unknownName('key', key, issue.message.split(', ')),
    }));
  }
  if (issue.code === 'invalid_key') {
    const message = `found ${JSON.stringify(issue.path.at(-1))}; ${issue.issues.map((i) => i.message).join(', ')}`;
    return [{ path: issue.path, message }];
  }
  const found = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
    root,
  );
  return [
    { path: issue.path, message: `found ${JSON.stringify(found) ?? 'nothing'}; ${expectation(issue)}` },
  ];
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`;
  if (issue.code === 'invalid_value')
    return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
  return issue.message;
}

/** The sentence for a name that is not among the known ones. */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return `unknown ${what} "${name}"; ${near === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`}`;
}

/** Where the node at a path begins: its key in a map, else itself, else its nearest parent. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => String(item.key) === String(path[length - 1]));
      const start = (pair?.key as Node | undefined)?.range?.[0];
      if (start !== undefined) return start;
    }
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}
