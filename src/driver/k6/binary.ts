/** Finds the k6 program and checks that it is one that the engine knows. It is never downloaded. */
import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';
import { k6Environment } from './command.ts';

/** A k6 program, as it was found. */
export interface K6Program {
  readonly path: string;
  readonly version: string;
}

/** Where to look for it; the first place that says anything decides. */
export interface K6Places {
  /** As `--k6-bin` has it. */
  readonly wished: string | undefined;
  /** The environment, which may have K6_BIN. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where PATH has one. */
  readonly onPath: string | undefined;
}

/** What can be used: from the first on, and not the second, which may be another program altogether. */
const FROM = { major: 1, minor: 7 };
const BEFORE_MAJOR = 3;
/** The same in words. */
export const KNOWN_K6 = `${FROM.major}.${FROM.minor} or newer, below ${BEFORE_MAJOR}`;

/** How long it may take to tell its version; a busy machine's first start of a program of 100 MB takes a while. */
const VERSION_MS = 20_000;

const HINT =
  'windtunnel never downloads k6; install it, for example with: go install go.k6.io/k6/v2@v2.3.0 ' +
  '(it is under the AGPL), and name it by --k6-bin or K6_BIN where PATH has it not';

/** Finds k6. Throws a HarnessError of kind `lab` with what to do if there is none that can be used. */
export async function findK6({ wished, environment, onPath }: K6Places): Promise<K6Program> {
  const { K6_BIN } = environment;
  // An empty name is that of a variable which is not set.
  const [from, path] = wished ? ['--k6-bin', wished] : K6_BIN ? ['K6_BIN', K6_BIN] : ['PATH', onPath];
  if (path === undefined)
    throw new HarnessError('lab', 'k6 not found: neither --k6-bin nor K6_BIN is given, and PATH has none', {
      hint: HINT,
    });
  const { code, stdout, stderr } = await runCommand([path, 'version'], {
    env: k6Environment(environment),
    timeout: VERSION_MS,
    killSignal: 'SIGKILL',
  });
  if (code !== 0) {
    const why = (stderr || stdout).trim().split('\n')[0] || `it ended with code ${code}`;
    throw new HarnessError('lab', `k6 not found: ${path} (from ${from}) can't tell its version: ${why}`, {
      hint: HINT,
    });
  }
  const version = k6Version(stdout);
  if (version === undefined) {
    const said = stdout.trim().split('\n')[0] ?? '';
    throw new HarnessError('lab', `${path} (from ${from}) is not k6: to "version" it says "${said}"`, {
      hint: HINT,
    });
  }
  if (!isKnown(version))
    throw new HarnessError('lab', `${path} (from ${from}) is k6 ${version}; expected ${KNOWN_K6}`, {
      hint: HINT,
    });
  return { path, version };
}

/** The version in what `k6 version` prints, such as `k6 v2.3.0 (go1.26.0, linux/amd64)`; undefined if it is not k6. */
export function k6Version(text: string): string | undefined {
  return /^\S*k6\S* v(\d+\.\d+\.\d+(?:-[\w.]+)?)\b/.exec(text)?.[1];
}

/** Whether the engine is made for a version. */
export function isKnown(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major >= BEFORE_MAJOR) return false;
  return major > FROM.major || (major === FROM.major && minor >= FROM.minor);
}
