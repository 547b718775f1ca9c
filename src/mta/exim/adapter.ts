import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import type { MtaAdapter, MtaHost, MtaPlan, MtaProcess, RunningMta } from '../adapter.ts';
import { endpointsOf, logText, stopProgram, untilReady } from '../ready.ts';
import { configFiles } from './config.ts';
import { type Installation, installation, versionOf } from './installation.ts';
import { events } from './log.ts';
import { OWNER, PLACES, SEEN } from './places.ts';
import { listQueue, queueDepth } from './queue.ts';
import { queueInterval } from './schedule.ts';

/** Exim starts at once; a machine under load takes several seconds. */
const START_MS = 20_000;

/** The daemon ends at once when told to; deliveries under way may end in this time. */
const STOP_MS = 5_000;

/** Exim, as a private instance: the machine's own, if there is one, is not touched. */
export const exim: MtaAdapter = {
  name: 'exim',
  capabilities: {
    queue: 'list',
    dsn: 'always',
    needs: 'root',
    queueFolder: PLACES.queue,
    submission: {
      tls: ['starttls', 'implicit'],
      auth: ['plain', 'login', 'cram-md5'],
      authInClear: 'anybody',
    },
    noSeal: {
      works: false,
      reason: 'it looks up real MX records, and changes to a user of its own',
    },
    timers: [
      { name: 'retry', smallest: 1e6 },
      { name: 'expire', smallest: 1e6 },
    ],
  },
  shortcomings: ({ isps }) =>
    isps
      .filter(({ rate }) => rate !== undefined)
      .map(({ id }) => `Exim has no limit of outgoing rate, so mta.isps.${id}.rate is not kept to`),
  accounts: [{ name: OWNER, kind: 'user' }],
  version: async () => `Exim ${await versionOf(installation())}`,
  program: () => installation().program,
  config: configFiles,
  async start(plan, host) {
    if (host.proof.lab !== 'sealed') {
      throw new HarnessError('usage', 'Exim would look up real MX records', { hint: 'run it in a seal' });
    }
    const found = installation();
    await writeFolder(plan);
    let program = await launch(plan, host, found);
    const queue = join(plan.folder, PLACES.queue);
    return {
      submission: endpointsOf(plan.submission),
      queueDepth: () => queueDepth(queue),
      listQueue: () => listQueue(queue),
      async restart() {
        program = await launch(plan, host, found);
      },
      stop: () => stopProgram(program, 'SIGTERM', STOP_MS),
    } satisfies RunningMta;
  },
  events: (folder) => events(join(folder, PLACES.log, 'mainlog')),
};

async function writeFolder(plan: MtaPlan): Promise<void> {
  const { folder } = plan;
  for (const name of ['config', PLACES.queue, PLACES.log])
    await mkdir(join(folder, name), { recursive: true });
  // Whatever the umask is: Exim's processes are a user of their own.
  for (const name of ['', 'config']) await chmod(join(folder, name), 0o755);
  for (const { name, text, secret } of configFiles(plan)) {
    const path = join(folder, name);
    await writeFile(path, text);
    await chmod(path, secret ? 0o640 : 0o644);
  }
}

/** Starts Exim in its folder and waits until it takes mail. */
async function launch(plan: MtaPlan, host: MtaHost, found: Installation): Promise<MtaProcess> {
  const { folder, submission, retry } = plan;
  const logFile = join(folder, 'exim.log');
  const log = join(folder, PLACES.log, 'mainlog');
  const before = startsIn(await logText(log));
  const exim = [SEEN.program, '-C', `${SEEN.home}/${PLACES.config}`, '-bdf', `-q${queueInterval(retry)}s`];
  const program = host.spawn(inItsPlace(folder, found, exim), {
    name: 'Exim',
    cwd: '/',
    logFile,
    env: { LD_LIBRARY_PATH: found.libraryPath.replaceAll(found.prefix ?? SEEN.package, SEEN.package) },
  });
  await untilReady({
    name: 'Exim',
    host,
    program,
    ports: [submission.port, submission.tlsPort].filter((port) => port !== undefined),
    logFile,
    deadlineMs: START_MS,
    // Another program that holds the port may answer too.
    listens: async () => startsIn(await logText(log)) > before,
  });
  return program;
}

function startsIn(log: string): number {
  return log.split(' daemon started: ').length - 1;
}

/**
 * The command that runs `argv` where Exim's configuration says that everything is, in a mount namespace of its own.
 * When the daemon has ended, its deliveries may end too: their namespace ends with the shell.
 */
function inItsPlace(folder: string, { program, prefix }: Installation, argv: readonly string[]): string[] {
  const { home, program: seenProgram, package: seenPackage } = SEEN;
  const script = `
set -e
mount -t tmpfs -o mode=755,size=1m windtunnel /var/spool
mkdir ${home} ${seenPackage}
touch ${seenProgram}
mount --rbind "$1" ${home}
mount --bind "$2" ${seenProgram}
if [ -n "$3" ]; then mount --bind "$3" ${seenPackage}; fi
shift 3
chgrp ${OWNER} ${home}/config/*
chown ${OWNER} ${home}/${PLACES.queue} ${home}/${PLACES.log}
set +e
trap 'kill -TERM $daemon' TERM
"$@" &
daemon=$!
wait $daemon
code=$?
while kill -0 $daemon 2> /dev/null; do wait $daemon; code=$?; done
while kill -0 -- -1 2> /dev/null; do sleep 0.05; done
exit $code`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', folder, program, prefix ?? '', ...argv];
}
