/**
 * A folder that k6 can run by itself, on any machine: the script with all modules that it imports, and the plan. It is flat,
 * since so is a ConfigMap, from which k6's operator takes a script on Kubernetes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HarnessError, messageOf } from '../../core/errors.ts';
import type { HttpApi } from '../../core/http-injection.ts';
import type { ScriptWish } from './prepare.ts';
import { modulePath, PLAN_FILE, SUMMARY_FILE, scriptPlanOf, userScripts, wrapper } from './prepare.ts';

/** The name of the file that k6 is to run. */
export const SCRIPT_FILE = 'script.js';

/** What is exported. */
export interface ExportWish extends Pick<ScriptWish, 'seed' | 'loads' | 'stamp'> {
  /** Where mail is handed over, without a slash at the end. */
  readonly url: string;
  readonly api: HttpApi;
  readonly key?: string;
  /** How many k6 processes will share the loads. */
  readonly segments: number;
}

/**
 * Writes the folder, which must not have anything in it.
 * @returns the names of its files
 * @throws HarnessError (invalid-scenario) if a script can't be read, (usage) if the folder can't be written
 */
export async function exportScript(wish: ExportWish, folder: string): Promise<string[]> {
  const { url, api, key, segments, loads } = wish;
  const { base: _, ...plan } = await scriptPlanOf({
    ...wish,
    // The address is the URL's, below.
    endpoint: { address: 'localhost', port: 80, api, ...(key !== undefined && { key }) },
    share: { worker: 0, of: segments },
    summary: SUMMARY_FILE,
  });
  const files = new FlatFiles();
  const users = userScripts(loads);
  if (users.length === 0) files.entry(modulePath('script.js'));
  else {
    const assembly = files.add(modulePath('user-scripts.js'));
    const own = users.map((user) => files.add(user));
    files.texts.set(
      SCRIPT_FILE,
      wrapper(
        `./${assembly}`,
        own.map((name) => `./${name}`),
      ),
    );
  }
  files.texts.set(PLAN_FILE, JSON.stringify({ ...plan, url }));
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new Error('there is something in it');
    // 0600: the plan may hold an API key.
    for (const [name, text] of files.texts)
      writeFileSync(join(folder, name), text, name === PLAN_FILE ? { mode: 0o600 } : {});
  } catch (cause) {
    throw new HarnessError('usage', `can't export to ${folder}: ${messageOf(cause)}`, { cause });
  }
  return [...files.texts.keys()].sort();
}

// --- internal ---

/** The compiled program, below which windtunnel's own modules are. */
const PROGRAM = fileURLToPath(new URL('../../', import.meta.url));

/** Relative specifiers of imports and exports, as compilers write them and people do. */
const IMPORT = /(\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'])(\.{1,2}\/[^"'\n]+)\2/g;

/** Whether the line of a place in a text is a comment, in which what is named need not be there. */
function isCommented(text: string, at: number): boolean {
  return /^\s*(?:\/\/|\/?\*)/.test(text.slice(text.lastIndexOf('\n', at) + 1, at));
}

/** Modules under one name each, in one folder. */
class FlatFiles {
  readonly texts = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** Adds a module as the one that k6 is to run. */
  entry(path: string): void {
    this.#names.set(path, SCRIPT_FILE);
    this.#read(path, SCRIPT_FILE);
  }

  /** Adds a module, and what it imports by relative names. Returns its own name in the folder. */
  add(path: string): string {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const name = this.#free(nameOf(path));
    this.#names.set(path, name);
    this.#read(path, name);
    return name;
  }

  #read(path: string, name: string): void {
    // Takes the name before imports that come back to it do.
    this.texts.set(name, '');
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new HarnessError('invalid-scenario', `can't read the k6 script ${path}: ${messageOf(cause)}`, {
        cause,
      });
    }
    const flat = text
      .replace(IMPORT, (all: string, before: string, quote: string, specifier: string, at: number) => {
        if (isCommented(text, at)) return all;
        return `${before}${quote}./${this.add(resolve(dirname(path), specifier))}${quote}`;
      })
      // Where the maps are not, k6 complains.
      .replace(/^\/\/# sourceMappingURL=.*$/gm, '');
    this.texts.set(name, flat);
  }

  #free(name: string): string {
    for (let n = 1; ; n++) {
      const tried = n === 1 ? name : name.replace(/(?=\.[^.]*$)|(?<!\..*)$/, `-${n}`);
      if (!this.texts.has(tried) && tried !== SCRIPT_FILE && tried !== PLAN_FILE) return tried;
    }
  }
}

/** Ours by their place in the program, a user's by their own names, as far as a ConfigMap takes the characters. */
function nameOf(path: string): string {
  const below = relative(PROGRAM, path);
  const name = below.startsWith('..') ? basename(path) : below;
  return name.replace(/[^A-Za-z0-9._-]+/g, '-');
}
