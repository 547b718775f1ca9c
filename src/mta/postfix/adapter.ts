import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HarnessError } from '../../core/errors.ts';
import type { MtaAdapter, MtaEvent, MtaHost, MtaPlan, MtaProcess, RunningMta } from '../adapter.ts';
import { endpointsOf, stopProgram, untilReady } from '../ready.ts';
import { configFiles, PLACES } from './config.ts';
import { ACCOUNTS, writeFolder } from './folder.ts';
import { type Installation, installation, libraries, program } from './installation.ts';
import { LogReader } from './log.ts';
import { QueueCounter, recipientsListed } from './queue.ts';
import { shortcomings } from './transports.ts';

/** Postfix starts in a second; a machine under load takes several. */
const START_MS = 20_000;

/** The master ends at once when told to, and its services with it. */
const STOP_MS = 5_000;

/** The check of a queue, and a list of it, read every file in it. */
const WHOLE_QUEUE_MS = 300_000;

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
    noSeal: { works: false, reason: 'it looks up MX records itself and delivers to port 25' },
    timers: [
      { name: 'retry', smallest: 1e6 },
      { name: 'expire', smallest: 1e6 },
    ],
  },
  accounts: ACCOUNTS,
  shortcomings,
  version: async () => `Postfix ${(await installation()).version}`,
  program,
  config: (plan) => configFiles(plan),
  async start(plan, host) {
    if (host.proof.lab !== 'sealed') {
      throw new HarnessError('usage', 'Postfix would look up real MX records', { hint: 'run it in a seal' });
    }
    const instance = { plan, host, found: await installation() };
    await writeFolder(plan.folder, configFiles(plan, instance.found), host);
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
    } satisfies RunningMta;
  },
  async *events(folder): AsyncGenerator<MtaEvent> {
    const path = join(folder, PLACES.log);
    const reader = new LogReader((await stat(path)).mtime);
    for await (const line of createInterface({ input: createReadStream(path) })) yield* reader.read(line);
  },
};

/** A Postfix in the folder of its plan. */
interface Instance {
  readonly plan: MtaPlan;
  readonly host: MtaHost;
  readonly found: Installation;
}

/** Does what `postfix start` does: checks the queue and starts the master, but in the foreground. */
async function launch(instance: Instance): Promise<MtaProcess> {
  const { plan, host, found } = instance;
  const { folder, hostname, submission } = plan;
  await command(instance, 'postsuper');
  const logFile = join(folder, PLACES.log);
  const before = await sizeOf(logFile);
  const master = host.spawn(
    [join(found.daemonDirectory, 'master'), '-c', join(folder, PLACES.config), '-s'],
    {
      name: 'Postfix',
      cwd: join(folder, PLACES.queue),
      // Without these, which postfix(1) sets, the master's own complaints go to syslog.
      env: { ...libraries(found), POSTLOG_SERVICE: 'postlog', POSTLOG_HOSTNAME: hostname },
      logFile,
    },
  );
  await untilReady({
    name: 'Postfix',
    host,
    program: master,
    ports: [submission.port, submission.tlsPort].filter((port) => port !== undefined),
    logFile,
    deadlineMs: START_MS,
    // The log besides, since another program that holds the port may answer too.
    listens: async () => (await textFrom(logFile, before)).includes(' daemon started '),
  });
  return master;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** What a file has from a byte on; '' if it isn't there. */
async function textFrom(path: string, start: number): Promise<string> {
  if ((await sizeOf(path)) <= start) return '';
  let text = '';
  for await (const chunk of createReadStream(path, { start, encoding: 'utf8' })) text += chunk;
  return text;
}

/**
 * Runs a command of Postfix's on this instance; its output.
 * @throws HarnessError of kind `lab` with what it complains of
 */
async function command(
  { plan, host, found }: Instance,
  name: string,
  ...args: readonly string[]
): Promise<string> {
  const argv = [join(found.commandDirectory, name), '-c', join(plan.folder, PLACES.config), ...args];
  const { code, stdout, stderr } = await host.run(argv, {
    env: libraries(found),
    timeoutMs: WHOLE_QUEUE_MS,
  });
  if (code === 0) return stdout;
  throw new HarnessError('lab', `${name} failed: ${stderr.trim() || `exit code ${code}`}`);
}
