/** Which shared libraries programs lack on this machine. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';
import { libraryFolders } from './unpacked.ts';

/** The first bytes of programs and shared libraries (elf(5)). */
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** Libraries that programs of a tree need and that are neither in it nor on this machine, by their file names. */
export async function lacksLibraries(tree: string, environ: NodeJS.ProcessEnv): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await isElf(path))) files.push(path);
  }
  if (files.length === 0) return [];
  const { code, stdout, stderr } = await runCommand(['ldd', ...files], {
    env: { ...environ, LC_ALL: 'C', LD_LIBRARY_PATH: libraryFolders(tree).join(':') },
  });
  // 1: a file among them is no dynamic program, such as an archive's object.
  if (code > 1) throw new HarnessError('lab', `ldd can't tell what libraries are missing: ${stderr.trim()}`);
  const missing = [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] as string);
  return [...new Set(missing)].sort();
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ELF.length), 0, ELF.length, 0);
    return bytesRead === ELF.length && buffer.equals(ELF);
  } finally {
    await file.close();
  }
}

/** Which of these packages are installed here. */
export async function installedAmong(
  packages: readonly string[],
  environ: NodeJS.ProcessEnv,
): Promise<ReadonlySet<string>> {
  if (packages.length === 0) return new Set();
  // It complains about those that it has never heard of, and tells of the others.
  const format = `\${Package} \${db:Status-Status}\n`;
  const { stdout } = await runCommand(['dpkg-query', '-W', '-f', format, ...packages], { env: environ });
  const lines = stdout.split('\n').filter((line) => line.endsWith(' installed'));
  return new Set(lines.map((line) => line.split(' ')[0] as string));
}
