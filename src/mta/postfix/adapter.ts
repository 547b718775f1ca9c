import { createReadStream } from 'node:fs';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { HarnessError } from '../../core/errors.ts';
import type { MtaAdapter, MtaEvent, MtaHost, MtaPlan, MtaProcess, RunningMta } from '../adapter.ts';
import { endpointsOf, stopProgram, untilReady } from '../ready.ts';
import { configFiles, PLACES } from './config.ts';
import { type Installation, installation, libraries, program } from './installation.ts';
import { LogReader } from './log.ts';
import { QueueCounter, recipientsListed } from './queue.ts';

/** Postfix starts in a second; a machine under load takes several. */
const START_MS = 20_000;

/** The master ends at once when told to, and its services with it. */
const STOP_MS = 5_000;

/** The check of a queue, and a list of it, read every file in it. */
const WHOLE_QUEUE_MS = 300_000;

/** Whom Postfix's services run as, and the group of its mailbox for local programs. */
const OWNER = 'postfix';
const DROP_GROUP = 'postdrop';

/** Folders below the queue's, with group and mode, as `postfix start` makes them (postfix-files). */
const QUEUE_FOLDERS: readonly (readonly [group: string, mode: string, ...names: string[]])[] = [
  [
    'root',
    '0700',
    ...['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'private'],
    ...['saved', 'trace'],
  ],
  [DROP_GROUP, '0730', 'maildrop'],
  [DROP_GROUP, '0710', 'public'],
];

/** Postfix, as a private instance: the machine's own, if there is one, is not touched. */
export const postfix: MtaAdapter = {
  name: 'postfix',
  capabilities: {
    queue: 'list',
    dsn: 'always',
    needs: 'root',
    queueFolder: PLACES.queue,
    // AUTH takes a daemon or a library of somebody else's (Dovecot, Cyrus SASL).
    submission: { tls: ['starttls', 'implicit'], auth: [], authInClear: 'nobody' },
    noSeal: {
      works: false,
      reason: 'it looks up real MX records, and its services change to users of their own',
    },
    timers: [
      { name: 'retry', smallest: 1e6 },
      { name: 'expire', smallest: 1e6 },
    ],
  },
  accounts: [
    { name: OWNER, kind: 'user' },
    { name: DROP_GROUP, kind: 'group' },
  ],
  version: async () => `Postfix ${(await installation()).version}`,
  program,
  config: (plan) => configFiles(plan),
  start: async (plan, host) => start(plan, host, await installation()),
  events,
};

/** Starts a Postfix that was found (see MtaAdapter.start). */
export async function start(plan: MtaPlan, host: MtaHost, found: Installation): Promise<RunningMta> {
  if (host.proof.lab !== 'sealed') {
    throw new HarnessError('usage', 'Postfix would look up real MX records', { hint: 'run it in a seal' });
  }
  await chmod(plan.folder, 0o755);
  await checkOpen(plan.folder);
  const instance = { plan, host, found };
  await writeFolder(instance);
  let master = await launch(instance);
  const queue = new QueueCounter(join(plan.folder, PLACES.queue));
  return {
    submission: endpointsOf(plan.submission),
    queueDepth: () => queue.count(),
    listQueue: async () => recipientsListed(await command(instance, 'postqueue', '-j')),
    async restart() {
      await queue.forgetTorn();
      master = await launch(instance);
    },
    stop: () => stopProgram(master, 'SIGTERM', STOP_MS),
  };
}

/** Postfix's services, users of their own, reach its folder from the root. */
async function checkOpen(folder: string): Promise<void> {
  if (dirname(folder) !== folder) await checkOpen(dirname(folder));
  if (((await stat(folder)).mode & 0o001) !== 0) return;
  throw new HarnessError(
    'lab',
    `the user ${OWNER} may not enter ${folder}, and Postfix has its queue below it`,
    {
      hint: `let everybody enter it (chmod o+x ${folder}), or write runs elsewhere with --out`,
    },
  );
}

/** What Postfix logged in a folder of its own. */
async function* events(folder: string): AsyncGenerator<MtaEvent> {
  const path = join(folder, PLACES.log);
  const reader = new LogReader((await stat(path)).mtime);
  for await (const line of createInterface({ input: createReadStream(path) })) yield* reader.read(line);
}

/** A Postfix in the folder of its plan. */
interface Instance {
  readonly plan: MtaPlan;
  readonly host: MtaHost;
  readonly found: Installation;
}

async function writeFolder({ plan, host, found }: Instance): Promise<void> {
  const { folder } = plan;
  for (const name of [PLACES.config, PLACES.queue]) await mkdir(join(folder, name), { recursive: true });
  // Whatever the umask is: its services are users of their own.
  for (const name of [PLACES.config, PLACES.queue]) await chmod(join(folder, name), 0o755);
  for (const { name, text, secret } of configFiles(plan, found))
    await writeFile(join(folder, name), text, { mode: secret ? 0o600 : 0o644 });
  const own = (group: string, mode: string, names: readonly string[]): Promise<string> =>
    run(host, [
      'install',
      '-d',
      '-o',
      OWNER,
      '-g',
      group,
      '-m',
      mode,
      ...names.map((name) => join(folder, name)),
    ]);
  for (const [group, mode, ...names] of QUEUE_FOLDERS)
    await own(
      group,
      mode,
      names.map((name) => join(PLACES.queue, name)),
    );
  await own('root', '0700', [PLACES.data]);
  await mkdir(join(folder, PLACES.queue, 'pid'), { recursive: true });
}

/** Does what `postfix start` does: checks the queue and starts the master, but in the foreground. */
async function launch(instance: Instance): Promise<MtaProcess> {
  const { plan, host, found } = instance;
  const { folder, submission } = plan;
  await command(instance, 'postsuper');
  const logFile = join(folder, PLACES.log);
  const master = host.spawn(
    [join(found.daemonDirectory, 'master'), '-c', join(folder, PLACES.config), '-s'],
    { name: 'Postfix', cwd: join(folder, PLACES.queue), env: libraries(found), logFile },
  );
  await untilReady({
    name: 'Postfix',
    host,
    program: master,
    ports: [submission.port, submission.tlsPort].filter((port) => port !== undefined),
    logFile,
    deadlineMs: START_MS,
  });
  return master;
}

/** Runs a command of Postfix's on this instance; its output. */
function command({ plan, host, found }: Instance, name: string, ...args: string[]): Promise<string> {
  const argv = [join(found.commandDirectory, name), '-c', join(plan.folder, PLACES.config), ...args];
  return run(host, argv, libraries(found));
}

async function run(
  host: MtaHost,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await host.run(argv, { env, timeoutMs: WHOLE_QUEUE_MS });
  if (code === 0) return stdout;
  throw new HarnessError('lab', `${argv.join(' ')} failed: ${stderr.trim() || `exit code ${code}`}`);
}
