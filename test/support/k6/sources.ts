/** Files of a script as their engine gets them: of TypeScript the types are stripped, nothing is checked. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { projectRoot } from '../../../src/core/assets.ts';

/** Reads files, each once. */
export class Sources {
  readonly #read = new Map<string, string>();

  /** The text of a file. Throws, in k6's words, if there is none. */
  of(path: string): string {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      throw new Error(
        `The moduleSpecifier "file://${path}" couldn't be found on local disk. Make sure that you've specified the right path to the file.`,
      );
    }
    if (path.endsWith('.ts')) text = stripped(path);
    this.#read.set(path, text);
    return text;
  }
}

function stripped(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'k6-stand-in-'));
  try {
    const tsc = join(projectRoot, 'node_modules', 'typescript', 'lib', 'tsc.js');
    const options =
      '--ignoreConfig --noCheck --noResolve --isolatedModules --target es2022 --module esnext --types'.split(
        ' ',
      );
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, '', '--outDir', folder, path], {
      encoding: 'utf8',
    });
    const mistake = stdout.split('\n').find((line) => /\(\d+,\d+\): error TS1\d\d\d/.test(line));
    if (mistake) throw new Error(mistake);
    return readFileSync(join(folder, basename(path).replace(/\.ts$/, '.js')), 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
