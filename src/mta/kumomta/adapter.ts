import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';
import type { MtaAdapter, MtaHost, MtaPlan, MtaProcess, RunningMta } from '../adapter.ts';
import { fetchInside } from '../fetch-inside.ts';
import { giveFolders } from '../give-folders.ts';
import { locate } from '../packages/locate.ts';
import { endpointsOf, httpEndpoints, stopProgram, untilReady } from '../ready.ts';
import { writeConfigFiles } from '../write-files.ts';
import { configFiles, POLICY } from './config.ts';
import { events } from './logs.ts';
import { queueDepth } from './metrics.ts';
import { LOGS, METRICS, SPOOL } from './policy.ts';

/** Guesses: KumoMTA was never run here. */
const CHECK_MS = 30_000;
const START_MS = 30_000;
/** It is told to let deliveries that are under way end. */
const STOP_MS = 30_000;

/** The user that it becomes when it has its ports; its package makes it. */
const USER = 'kumod';

const OUTPUT = 'kumod.log';

/** KumoMTA, where it is installed. */
export const kumomta: MtaAdapter = {
  name: 'kumomta',
  capabilities: {
    // Its scheduled queues can be looked into, but not what is ready to go.
    queue: 'count',
    dsn: 'always',
    needs: 'root',
    queueFolder: SPOOL,
    submission: { tls: ['starttls'], auth: ['plain'], authInClear: 'nobody', http: ['kumomta'] },
    noSeal: { works: false, reason: 'its mail hosts, ports and users are those of a seal' },
    timers: [
      { name: 'retry', smallest: 1e6 },
      { name: 'expire', smallest: 1e6 },
    ],
  },
  accounts: [{ name: USER, kind: 'user' }],
  untested: 'not tested against the real binary: written after its manual of August 2026',
  version: async () => {
    const { stdout } = await runCommand([kumod(), '--version'], { timeout: 5000 });
    const found = /\b(20\d\d\.\S+)/.exec(stdout)?.[1];
    return found === undefined ? 'KumoMTA' : `KumoMTA ${found}`;
  },
  program: kumod,
  config: configFiles,
  async start(plan, host) {
    if (host.proof.lab !== 'sealed') throw new HarnessError('usage', 'KumoMTA can only be tested in a seal');
    const program = kumod();
    await writeConfigFiles(plan.folder, configFiles(plan));
    await giveFolders(host, USER, plan.folder, [`${SPOOL}/data`, `${SPOOL}/meta`, LOGS]);
    const argv = [program, '--policy', join(plan.folder, POLICY), '--user', USER];
    await checkPolicy(argv, plan, host);
    let running = await launch(argv, plan, host);
    return {
      submission: endpointsOf(plan.submission),
      // It trusts loopback, and asks for no key there.
      ...httpEndpoints(plan.submission, []),
      queueDepth: async () => {
        const text = await fetchInside(host, `http://${METRICS}/metrics.json`);
        return text === undefined ? undefined : queueDepth(text);
      },
      listQueue: async () => undefined,
      async restart() {
        running = await launch(argv, plan, host);
      },
      stop: () => stopProgram(running, 'SIGTERM', STOP_MS),
    } satisfies RunningMta;
  },
  events,
  returned: ['complaint', 'withdrawal', 'remote-bounce'],
} satisfies MtaAdapter;

/** Finds KumoMTA. Throws (kind `lab`) if it is not there. */
function kumod(): string {
  const found = locate(['kumod']);
  if (found !== undefined) return found;
  throw new HarnessError('lab', 'KumoMTA is not installed', {
    hint: 'its packages are at kumomta.com; `windtunnel mta config kumomta SCENARIO` prints its configuration without it',
  });
}

/** Has KumoMTA read its policy before it starts. Throws (kind `lab`) with its words if it finds a mistake. */
async function checkPolicy(argv: readonly string[], { folder }: MtaPlan, host: MtaHost): Promise<void> {
  const { code, stdout, stderr } = await host.run([...argv, '--validate'], { timeoutMs: CHECK_MS });
  if (code === 0) return;
  throw new HarnessError('lab', `KumoMTA does not accept its policy: ${`${stdout}\n${stderr}`.trim()}`, {
    hint: `the policy is ${join(folder, POLICY)}`,
  });
}

async function launch(
  argv: readonly string[],
  { folder, submission }: MtaPlan,
  host: MtaHost,
): Promise<MtaProcess> {
  const logFile = join(folder, OUTPUT);
  const program = host.spawn(argv, { name: 'KumoMTA', cwd: folder, logFile });
  await untilReady({
    name: 'KumoMTA',
    host,
    program,
    ports: [submission.port, submission.http?.port].filter((port) => port !== undefined),
    logFile,
    deadlineMs: START_MS,
  });
  return program;
}
