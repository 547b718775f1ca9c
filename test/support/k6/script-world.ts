/**
 * The world of a script: a context without anything of Node's, in which the script's files are loaded as ES modules, by the
 * rules of k6 (k6 documentation, "Modules", "Test lifecycle", "JavaScript and TypeScript compatibility mode"): relative or
 * absolute paths with their endings, k6's own modules, nothing else.
 */

import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { builtinModules, ONLY_K6 } from './modules.ts';
import type { VuState } from './vu-state.ts';

/** What V8 has and k6's engine, sobek, has not: objects of ECMAScript that it leaves out, and what is newer than ES2023. */
const NOT_IN_SOBEK = `
  for (const name of ['WebAssembly', 'Intl', 'Atomics', 'SharedArrayBuffer', 'WeakRef', 'FinalizationRegistry', 'Iterator'])
    delete globalThis[name];
  for (const [of, names] of [[Object, ['groupBy']], [Map, ['groupBy']], [Array, ['fromAsync']], [Promise, ['withResolvers', 'try']]])
    for (const name of names) delete of[name];
`;

/** A script that has run its init code. */
export interface LoadedScript {
  /** Its options as JSON. */
  readonly options: string;
  /** Names of the functions that it exports. */
  readonly functions: readonly string[];
  /** Calls one of them with an argument given as JSON, and returns what it returned as JSON; undefined if nothing. */
  call(name: string, argument: string | undefined): Promise<string | undefined>;
  setEnv(env: Readonly<Record<string, string>>): void;
  setNumbers(vu: number, iteration: number): void;
}

/** Loads a script and runs its init code. Throws what that throws. */
export async function loadScript(
  path: string,
  env: Readonly<Record<string, string>>,
  state: VuState,
): Promise<LoadedScript> {
  const context = vm.createContext({});
  vm.runInContext(NOT_IN_SOBEK, context);
  const parse = vm.runInContext('JSON.parse', context) as (text: string) => unknown;
  const InsideError = vm.runInContext('Error', context) as ErrorConstructor;
  setGlobals(context, env, state, parse, InsideError, path);
  const main = await load(path, context, state, parse, InsideError);
  await main.evaluate();
  const exported = main.namespace as Record<string, unknown>;
  return {
    options: JSON.stringify(exported.options ?? {}),
    functions: Object.keys(exported).filter((name) => typeof exported[name] === 'function'),
    async call(name, argument) {
      const act = exported[name] as (argument: unknown) => unknown;
      return JSON.stringify(await act(argument === undefined ? undefined : parse(argument)));
    },
    setEnv: (values) => {
      context.__ENV = parse(JSON.stringify(values));
    },
    setNumbers: (vu, iteration) => {
      context.__VU = vu;
      context.__ITER = iteration;
    },
  };
}

function setGlobals(
  context: vm.Context,
  env: Readonly<Record<string, string>>,
  state: VuState,
  parse: (text: string) => unknown,
  InsideError: ErrorConstructor,
  path: string,
): void {
  const say =
    (level: 'info' | 'warning' | 'error') =>
    (...words: unknown[]) =>
      state.host.log(level, words.map(wordOf).join(' '), 'console');
  context.console = {
    log: say('info'),
    info: say('info'),
    debug: () => {},
    warn: say('warning'),
    error: say('error'),
  };
  context.global = vm.runInContext('globalThis', context);
  context.__ENV = parse(JSON.stringify(env));
  context.__VU = state.identity.idInInstance;
  context.crypto = {
    getRandomValues: (a: Uint8Array) => webcrypto.getRandomValues(a),
    randomUUID: () => webcrypto.randomUUID(),
  };
  Object.assign(context, { setTimeout, clearTimeout, setInterval, clearInterval });
  context.open = (file: string, mode = '') => {
    if (state.phase !== 'init')
      throw new InsideError(
        `The "open()" function is only available in the init stage (i.e. the global scope)`,
      );
    const full = resolve(dirname(path), file.replace(/^file:\/\//, ''));
    try {
      const bytes = readFileSync(full);
      return mode === 'b' ? new Uint8Array(bytes).buffer : bytes.toString('utf8');
    } catch (error) {
      throw new InsideError(`GoError: open ${full}: ${(error as Error).message}`);
    }
  };
}

/** Loads a file and all that it imports, and links them; nothing of it has run then. */
async function load(
  path: string,
  context: vm.Context,
  state: VuState,
  parse: (text: string) => unknown,
  InsideError: ErrorConstructor,
): Promise<vm.Module> {
  const builtin = builtinModules(state, { parse });
  const modules = new Map<string, vm.Module>();

  function fileModule(file: string): vm.Module {
    const identifier = pathToFileURL(file).href;
    const known = modules.get(identifier);
    if (known) return known;
    const made = new vm.SourceTextModule(state.host.source(file), {
      context,
      identifier,
      initializeImportMeta: (meta) => {
        meta.resolve = (specifier: string) => new URL(specifier, identifier).href;
      },
    });
    modules.set(identifier, made);
    return made;
  }

  function builtinModule(name: string, values: Record<string, unknown>): vm.Module {
    const known = modules.get(name);
    if (known) return known;
    const wrapped = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, insideErrors(value, InsideError)]),
    );
    const made = new vm.SyntheticModule(
      ['default', ...Object.keys(wrapped)],
      function () {
        this.setExport('default', wrapped);
        for (const [key, value] of Object.entries(wrapped)) this.setExport(key, value);
      },
      { context, identifier: name },
    );
    modules.set(name, made);
    return made;
  }

  const main = fileModule(path);
  await main.link((specifier, from) => {
    const values = builtin.get(specifier);
    if (values) return builtinModule(specifier, values);
    if (ONLY_K6.includes(specifier)) throw new Error(`the stand-in for k6 lacks the module ${specifier}`);
    if (specifier === 'k6' || specifier.startsWith('k6/')) throw new Error(`unknown module: ${specifier}`);
    if (/^https?:/.test(specifier))
      throw new Error(
        `The moduleSpecifier "${specifier}" couldn't be retrieved: the stand-in for k6 fetches nothing`,
      );
    if (!/^(\.{0,2}\/|file:\/\/)/.test(specifier))
      throw new Error(
        `The moduleSpecifier "${specifier}" couldn't be recognised: it is neither a path nor a module of k6`,
      );
    return fileModule(fileURLToPath(new URL(specifier, from.identifier)));
  });
  return main;
}

/** A function that throws errors of the script's own world, so that its `instanceof Error` holds. */
function insideErrors(value: unknown, InsideError: ErrorConstructor): unknown {
  if (typeof value !== 'function' || /^class\b/.test(Function.prototype.toString.call(value))) return value;
  return (...args: unknown[]) => {
    try {
      return value(...args);
    } catch (error) {
      throw error instanceof Error ? new InsideError(error.message) : error;
    }
  };
}

function wordOf(word: unknown): string {
  return typeof word === 'object' && word !== null ? JSON.stringify(word) : String(word);
}
