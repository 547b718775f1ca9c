/** The programs of others that windtunnel works with, where they are installed. */
import { join } from 'node:path';
import { environment, runCommand } from '../../core/process.ts';
import { installation } from '../../mta/haraka/install.ts';
import { locate } from '../../mta/packages/locate.ts';
import { type PackagedMta, unpacked } from '../../mta/packages/unpacked.ts';

/** A program as it was found; `version` is undefined where it doesn't tell. */
export interface FoundProgram {
  readonly name: string;
  readonly path: string;
  readonly version: string | undefined;
}

interface KnownProgram {
  readonly name: string;
  readonly files: readonly string[];
  /** The command that tells the version; the file as it was found comes first, unless `teller` names another. */
  readonly args: readonly string[];
  readonly teller?: string;
  /** Where it is looked for if it is not installed: among what `windtunnel mta install` has unpacked. */
  readonly cached?: PackagedMta;
  /** A variable of the environment that may name it. */
  readonly variable?: string;
}

// Postfix's tools have no option for it; postconf belongs to the same package. -d: it needs no main.cf.
const POSTFIX = { args: ['-d', '-h', 'mail_version'], teller: 'postconf' };

const PROGRAMS: readonly KnownProgram[] = [
  { name: 'postfix', files: ['postfix'], cached: 'postfix', ...POSTFIX },
  { name: 'smtp-source', files: ['smtp-source'], ...POSTFIX },
  { name: 'smtp-sink', files: ['smtp-sink'], ...POSTFIX },
  { name: 'exim', files: ['exim', 'exim4'], cached: 'exim', args: ['-bV'] },
  { name: 'kumod', files: ['kumod'], args: ['--version'] },
  { name: 'pmta', files: ['pmtad'], args: ['--version'] },
  { name: 'k6', files: ['k6'], args: ['version'], variable: 'K6_BIN' },
  { name: 'chromium', files: ['chromium', 'chromium-browser', 'google-chrome'], args: ['--version'] },
];

/** A program that takes longer to tell its version is listed without it. */
const DEADLINE_MS = 5000;

/** What was looked for: the programs that are here, and the names of those that are not. */
export async function findPrograms(path?: string): Promise<{ found: FoundProgram[]; missing: string[] }> {
  const looked = await Promise.all(PROGRAMS.map((program) => look(program, path)));
  const all = [haraka(), ...looked];
  const names = ['haraka', ...PROGRAMS.map(({ name }) => name)];
  return {
    found: all.filter((program) => program !== undefined),
    missing: names.filter((_, i) => all[i] === undefined),
  };
}

function haraka(): FoundProgram | undefined {
  try {
    const { program, version } = installation();
    return { name: 'haraka', path: program, version };
  } catch {
    return undefined;
  }
}

async function look(
  { name, files, args, teller, cached, variable }: KnownProgram,
  searched: string | undefined,
): Promise<FoundProgram | undefined> {
  const path = (variable && environment()[variable]) || locate(files, searched);
  if (path === undefined) return cached && fromCache(name, files, cached);
  const asked = teller === undefined ? path : locate([teller], searched);
  const told =
    asked === undefined
      ? undefined
      : await runCommand([asked, ...args], { timeout: DEADLINE_MS, killSignal: 'SIGKILL' });
  return { name, path, version: told?.code === 0 ? versionIn(told.stdout) : undefined };
}

/** A program of the cache, whose package tells its version: it may not run outside of a seal. */
function fromCache(name: string, files: readonly string[], mta: PackagedMta): FoundProgram | undefined {
  const there = unpacked(mta);
  const path = there && locate(files, join(there.prefix, 'usr', 'sbin'));
  return there && path !== undefined ? { name, path, version: there.version } : undefined;
}

/** The first thing in a text that looks like a version: 3.7.11, v0.57.0, 4.96. */
export function versionIn(text: string): string | undefined {
  return /\d+(?:\.\d+)+[\w.-]*/.exec(text)?.[0];
}
