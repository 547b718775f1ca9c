import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import type { MtaAdapter, MtaHost, MtaPlan, MtaProcess, RunningMta } from '../adapter.ts';
import { giveFolders } from '../give-folders.ts';
import { endpointsOf, httpEndpoints, stopProgram, untilReady } from '../ready.ts';
import { writeConfigFiles } from '../write-files.ts';
import { CONFIG, configFiles, SPOOL } from './config.ts';
import { events } from './events.ts';
import { type Installation, installation, version } from './install.ts';
import { ACCOUNTING_FOLDER } from './reports.ts';
import { readStatus } from './status.ts';

/** Guesses: PowerMTA was never run here. */
const START_MS = 30_000;
const STOP_MS = 20_000;

/** The user that it runs as, which its package makes. */
const USER = 'pmta';

/** Where PowerMTA reads its configuration. The run's is put there in a mount namespace of its own. */
const PLACE = '/etc/pmta/config';

/** What it prints as it starts, and what the web server of its monitor prints. */
const OUTPUT = 'pmtad.out';

/** Evidence that is taken before it stops. */
const STATUS = 'status.xml';
const QUEUES = 'queues.txt';

/** PowerMTA, where one with a licence is installed. */
export const powermta: MtaAdapter = {
  name: 'powermta',
  capabilities: {
    // It can list its queue, but nobody has said in which form.
    queue: 'count',
    dsn: 'always',
    needs: 'root',
    queueFolder: SPOOL,
    submission: {
      tls: ['starttls', 'implicit'],
      auth: ['plain', 'login', 'cram-md5'],
      authInClear: 'loopback',
      http: ['powermta'],
    },
    noSeal: { works: false, reason: `it reads ${PLACE}, which only a seal can replace for a run` },
    timers: [
      { name: 'retry', smallest: 1e6 },
      { name: 'expire', smallest: 1e6 },
    ],
  },
  accounts: [{ name: USER, kind: 'user' }],
  untested:
    'not tested against the real binary: written after the PowerMTA 5.0 guide, how it is started and stopped included',
  version,
  program: () => installation().pmtad,
  config: configFiles,
  async start(plan, host) {
    if (host.proof.lab !== 'sealed') throw new HarnessError('usage', 'PowerMTA can only be tested in a seal');
    const programs = installation();
    if (plan.submission.http && programs.pmtahttpd === undefined) {
      throw new HarnessError('lab', 'PowerMTA takes no mail over HTTP without its web server', {
        hint: 'pmtahttpd, which its package has, is not in the path',
      });
    }
    await writeConfigFiles(plan.folder, configFiles(plan));
    await giveFolders(host, USER, plan.folder, [SPOOL, ACCOUNTING_FOLDER, 'log']);
    await checkConfig(plan, host, programs);
    let program = await launch(plan, host, programs);
    return {
      submission: endpointsOf(plan.submission),
      ...httpEndpoints(plan.submission, ['powermta']),
      queueDepth: async () => readStatus(await status(host, programs))?.queue.smtp.rcp,
      listQueue: async () => undefined,
      async restart() {
        program = await launch(plan, host, programs);
      },
      async stop() {
        await keepEvidence(plan, host, programs);
        await stopProgram(program, 'SIGTERM', STOP_MS);
      },
    } satisfies RunningMta;
  },
  events,
  returned: ['complaint', 'withdrawal', 'remote-bounce'],
} satisfies MtaAdapter;

/** A command that sees the run's configuration where PowerMTA looks for it. */
function withConfig({ folder }: MtaPlan, script: string, ...args: readonly string[]): string[] {
  const mounted = `mount --bind "$1" ${PLACE} && shift && ${script}`;
  return ['unshare', '--mount', 'sh', '-c', mounted, 'sh', join(folder, CONFIG), ...args];
}

/** Has PowerMTA read its configuration before it starts. Throws (kind `lab`) with its words if it finds a mistake. */
async function checkConfig(plan: MtaPlan, host: MtaHost, { pmta }: Installation): Promise<void> {
  if (pmta === undefined) return;
  const { stdout, stderr } = await host.run(withConfig(plan, 'exec "$@"', pmta, 'test', 'config'));
  const said = `${stdout}\n${stderr}`.trim();
  // Whether the check works before the server runs is not known, so that only what is clearly a mistake counts.
  if (/\berror in line \d+/i.test(said)) {
    throw new HarnessError('lab', `PowerMTA does not accept its configuration: ${said}`, {
      hint: `the configuration is ${join(plan.folder, CONFIG)}`,
    });
  }
}

async function launch(plan: MtaPlan, host: MtaHost, { pmtad, pmtahttpd }: Installation): Promise<MtaProcess> {
  const { folder, submission } = plan;
  const logFile = join(folder, OUTPUT);
  // --debug keeps it in the foreground and has it say why it can't start (guide 4.2.1).
  const script = pmtahttpd === undefined ? 'exec "$1" --debug' : '{ "$2" & } && exec "$1" --debug';
  const program = host.spawn(withConfig(plan, script, pmtad, ...(pmtahttpd ? [pmtahttpd] : [])), {
    name: 'PowerMTA',
    cwd: folder,
    logFile,
  });
  await untilReady({
    name: 'PowerMTA',
    host,
    program,
    ports: [submission.port, submission.tlsPort, submission.http?.port].filter((port) => port !== undefined),
    logFile,
    deadlineMs: START_MS,
  });
  return program;
}

/** Its status; '' if it can't tell, as while it is down. The tool needs no port and no rights on the web monitor. */
async function status(host: MtaHost, { pmta }: Installation): Promise<string> {
  return pmta === undefined ? '' : (await host.run([pmta, '--xml', 'show', 'status'])).stdout;
}

/** Keeps what it tells of the whole run: its counters, and when which queue went into backoff and came back. */
async function keepEvidence(plan: MtaPlan, host: MtaHost, programs: Installation): Promise<void> {
  const { pmta } = programs;
  if (pmta === undefined) return;
  const queues = await host.run([pmta, 'show', 'queues', '--mode-events', '--maxitems=1000']);
  await writeFile(join(plan.folder, STATUS), await status(host, programs));
  await writeFile(join(plan.folder, QUEUES), queues.stdout);
}
