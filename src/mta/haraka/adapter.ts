import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asset } from '../../core/assets.ts';
import { HarnessError } from '../../core/errors.ts';
import { nodeBinary } from '../../core/process.ts';
import type { LabProof } from '../../core/proof.ts';
import { requireTarget } from '../../core/proof.ts';
import type { MtaAdapter, MtaHost, MtaPlan, MtaProcess, RunningMta } from '../adapter.ts';
import { endpointsOf, httpEndpoints, logText, stopProgram, untilReady, withPorts } from '../ready.ts';
import { configFiles, EVENTS, pluginFiles, pluginName } from './config.ts';
import { harakaEvents } from './events.ts';
import { installation } from './install.ts';
import { listQueue, queueDepth } from './queue.ts';
import { listenerCount } from './submission.ts';

/** Haraka starts in about a second; a machine under load takes several. */
const START_MS = 20_000;

/** Haraka ends at once when told to; what it was sending stays in its queue. */
const STOP_MS = 5_000;

/** Where its queue is, in its folder. */
const QUEUE = 'queue';

/** Haraka, the MTA that comes with windtunnel, as it is; plugins (plugins/*.cjs) give it its sources and its pace. */
export const haraka: MtaAdapter = {
  name: 'haraka',
  capabilities: {
    queue: 'list',
    dsn: 'always',
    needs: 'any',
    queueFolder: QUEUE,
    // What plugins/auth/flat_file.js does; "private" addresses may log in without TLS, and no source is one.
    submission: {
      tls: ['starttls', 'implicit'],
      auth: ['plain', 'login', 'cram-md5'],
      authInClear: 'loopback',
      http: ['kumomta', 'sparkpost'],
    },
    noSeal: { works: true, reason: 'the plugin maps domains to addresses and ports' },
    // Whole seconds: Haraka looks at its delayed mail once a second, so a wait may last one second longer.
    timers: [
      { name: 'retry', smallest: 1e6 },
      { name: 'expire', smallest: 1e6 },
    ],
  },
  version: async () => `Haraka ${installation().version}`,
  program: () => installation().program,
  config: configFiles,
  async start(plan, host) {
    checkTargets(plan, host.proof);
    const settled: MtaPlan = { ...plan, submission: await withPorts(plan.submission) };
    await writeFolder(settled);
    let program = await launch(settled, host);
    const queue = join(plan.folder, QUEUE);
    return {
      submission: endpointsOf(settled.submission),
      // Like KumoMTA it trusts loopback in that form; SparkPost's has a key everywhere.
      ...httpEndpoints(settled.submission, ['sparkpost']),
      queueDepth: () => queueDepth(queue),
      listQueue: () => listQueue(queue),
      async restart() {
        program = await launch(settled, host);
      },
      // SIGINT is what Haraka ends cleanly on; it has no handler for SIGTERM unless it is process 1.
      stop: () => stopProgram(program, 'SIGINT', STOP_MS),
    } satisfies RunningMta;
  },
  events: (folder) => harakaEvents(join(folder, EVENTS)),
} satisfies MtaAdapter;

/** Starts Haraka in its folder and waits until it takes mail. */
async function launch(plan: MtaPlan, host: MtaHost): Promise<MtaProcess> {
  const { folder, submission, workers = 1 } = plan;
  const logFile = join(folder, 'haraka.log');
  // Of a log that an earlier start has begun, what that one said is not what this one says.
  const before = listenersIn(await logText(logFile));
  const program = host.spawn([nodeBinary, installation().program, '-c', folder], {
    name: 'Haraka',
    cwd: folder,
    ...(plan.tls === 'required' &&
      plan.caFile !== undefined && { env: { NODE_EXTRA_CA_CERTS: plan.caFile } }),
    logFile,
  });
  await untilReady({
    name: 'Haraka',
    host,
    program,
    ports: [submission.port, submission.tlsPort, submission.http?.port].filter((port) => port !== undefined),
    logFile,
    deadlineMs: START_MS,
    // The log comes first, since another program that holds the port may answer too.
    listens: async () =>
      // Each worker says so of each of its listeners.
      listenersIn(await logText(logFile)) >= before + listenerCount(plan) * workers,
  });
  return program;
}

function listenersIn(log: string): number {
  return log.split('Listening on ').length - 1;
}

/** Without a seal Haraka must get a route for every domain: with real DNS its mail would leave the machine. */
function checkTargets(plan: MtaPlan, proof: LabProof): void {
  if (plan.routes) {
    const others = [...plan.sources, ...Object.values(plan.routes)].map(({ address }) => address);
    for (const address of [...plan.submission.addresses, ...others]) requireTarget(proof, address);
  } else if (proof.lab !== 'sealed') {
    throw new HarnessError('usage', 'Haraka would look up real MX records', {
      hint: 'run it in a seal, or give it a route for every domain',
    });
  }
}

async function writeFolder(plan: MtaPlan): Promise<void> {
  for (const name of ['config', 'plugins', QUEUE, EVENTS])
    await mkdir(join(plan.folder, name), { recursive: true });
  for (const { name, text, secret } of configFiles(plan))
    await writeFile(join(plan.folder, name), text, { mode: secret ? 0o600 : 0o666 });
  for (const plugin of pluginFiles(plan)) {
    const code = asset('src', 'mta', 'haraka', 'plugins', `${plugin}.cjs`);
    await copyFile(code, join(plan.folder, 'plugins', `${pluginName(plugin)}.js`));
  }
}
