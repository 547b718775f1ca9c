/**
 * JSON Schema (draft 2020-12) of a type, made from the TypeScript that declares it, doc comments included. It knows what
 * plain data needs (interfaces, unions, literals, arrays, tuples, Record) and refuses all else, so that what it makes is
 * what the compiler checks.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type Schema = { readonly [key: string]: unknown };

/** The schema of an exported type of a file; every type that it names is under `$defs`. Objects are closed. */
export function schemaOf(file: string, name: string): Schema {
  const defs: Record<string, Schema> = {};
  const named = (inFile: string, typeName: string): Schema => {
    if (!Object.hasOwn(defs, typeName)) {
      const found = declaration(inFile, typeName);
      defs[typeName] = {}; // stands for itself while it is made
      defs[typeName] = described(
        found.doc,
        new TypeReader(found.text, (n) => named(found.file, n), defs).declared(),
      );
    }
    return { $ref: typeName === name ? '#' : `#/$defs/${typeName}` };
  };
  named(file, name);
  const { [name]: root, ...others } = defs;
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: name, ...root, $defs: others };
}

interface Declaration {
  readonly file: string;
  readonly doc: string | undefined;
  /** From the first character of the type. */
  readonly text: string;
}

/** Finds a type in a file, or in the file that it is imported from. */
function declaration(file: string, name: string): Declaration {
  const text = readFileSync(file, 'utf8');
  const start = new RegExp(
    `(?:(/\\*\\*(?:[^*]|\\*(?!/))*\\*/)\\n)?(?:export )?(?:interface ${name} (?=\\{)|type ${name} =)`,
  ).exec(text);
  if (start) return { file, doc: start[1], text: text.slice(start.index + start[0].length) };
  const imports = [...text.matchAll(/import (?:type )?\{([^}]*)\} from '(\.[^']+)'/g)];
  const from = imports.find(([, names = '']) => names.split(/[\s,]+/).includes(name))?.[2];
  if (from === undefined) throw new Error(`${file} has no plain type ${name}`);
  return declaration(join(dirname(file), from), name);
}

const TOKEN = /\s+|\/\/.*|(\/\*\*(?:[^*]|\*(?!\/))*\*\/)|('[^'\\]*'|-?\d+(?:\.\d+)?|\w+|[{}[\]()|:;?=<>,])/y;

/** Reads one type from the begin of a text. */
class TypeReader {
  readonly #text: string;
  readonly #named: (name: string) => Schema;
  readonly #defs: Readonly<Record<string, Schema>>;
  #at = 0;
  #doc: string | undefined;
  #token = '';

  constructor(text: string, named: (name: string) => Schema, defs: Readonly<Record<string, Schema>>) {
    this.#text = text;
    this.#named = named;
    this.#defs = defs;
    this.#next();
  }

  /** The whole of it. */
  declared(): Schema {
    return this.#union();
  }

  #union(): Schema {
    if (this.#token === '|') this.#next();
    const parts = [this.#postfix()];
    while (this.#token === '|') {
      this.#next();
      parts.push(this.#postfix());
    }
    return either(parts);
  }

  #postfix(): Schema {
    if (this.#token === 'readonly') this.#next();
    let schema = this.#primary();
    while (this.#token === '[') {
      this.#expect('[');
      this.#expect(']');
      schema = { type: 'array', items: schema };
    }
    return schema;
  }

  #primary(): Schema {
    const token = this.#token;
    if (token === '{') return this.#object();
    if (token === '[') return this.#tuple();
    this.#next();
    if (token === '(') {
      const inner = this.#union();
      this.#expect(')');
      return inner;
    }
    if (token.startsWith("'")) return { const: token.slice(1, -1) };
    if (/^-?\d/.test(token)) return { const: Number(token) };
    if (token === 'true' || token === 'false') return { const: token === 'true' };
    if (token === 'string' || token === 'number' || token === 'boolean' || token === 'null')
      return { type: token };
    if (token === 'Readonly' || token === 'Record') return this.#generic(token);
    if (/^[A-Z]/.test(token) && this.#token !== '<') return this.#named(token);
    throw this.#unknown(token);
  }

  #object(): Schema {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    this.#expect('{');
    while (this.#token !== '}') {
      const doc = this.#doc;
      if (this.#token === 'readonly') this.#next();
      const key = this.#next();
      if (this.#token === '?') this.#next();
      else required.push(key);
      this.#expect(':');
      properties[key] = described(doc, this.#union());
      if (this.#token !== '}') this.#expect(';');
    }
    this.#expect('}');
    return { type: 'object', properties, required, additionalProperties: false };
  }

  #tuple(): Schema {
    const items: Schema[] = [];
    this.#expect('[');
    while (this.#token !== ']') {
      items.push(this.#union());
      if (this.#token === ',') this.#next();
    }
    this.#expect(']');
    return { type: 'array', prefixItems: items, minItems: items.length, maxItems: items.length };
  }

  #generic(name: string): Schema {
    this.#expect('<');
    const first = this.#token;
    const inner = first === 'string' && name === 'Record' ? { type: this.#next() } : this.#union();
    if (name === 'Readonly') {
      this.#expect('>');
      return inner;
    }
    this.#expect(',');
    const value = this.#union();
    this.#expect('>');
    if (first === 'string') return { type: 'object', additionalProperties: value };
    const keys = (this.#defs[first] ?? inner).enum as string[];
    return {
      type: 'object',
      properties: Object.fromEntries(keys.map((key) => [key, value])),
      required: keys,
      additionalProperties: false,
    };
  }

  /** Returns the token, and goes to the next. */
  #next(): string {
    const token = this.#token;
    this.#doc = undefined;
    for (;;) {
      TOKEN.lastIndex = this.#at;
      const match = TOKEN.exec(this.#text);
      // What follows a declaration may be anything; no type begins with nothing, so that it can't pass for one.
      if (!match) {
        this.#token = '';
        return token;
      }
      this.#at = TOKEN.lastIndex;
      if (match[1] !== undefined) this.#doc = match[1];
      if (match[2] !== undefined) {
        this.#token = match[2];
        return token;
      }
    }
  }

  #expect(token: string): void {
    if (this.#token !== token) throw this.#unknown(this.#token);
    this.#next();
  }

  #unknown(what: string): Error {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    return new Error(
      `"${what}" in line ${line} of this type has no place in plain data:\n${this.#text.slice(0, 200)}`,
    );
  }
}

/** A union: an enum of literals, a list of simple types, or any of several. */
function either(parts: readonly Schema[]): Schema {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  if (parts.every((part) => 'const' in part)) return { enum: parts.map((part) => part.const) };
  const simple = parts.every((part) => Object.keys(part).join() === 'type');
  return simple ? { type: parts.map((part) => part.type) } : { anyOf: parts };
}

function described(doc: string | undefined, schema: Schema): Schema {
  if (doc === undefined) return schema;
  const text = doc
    .slice(3, -2)
    .replace(/\s*\n\s*\*\s?/g, ' ')
    .trim();
  return { description: text, ...schema };
}
