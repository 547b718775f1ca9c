import type { ChildProcess } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asset } from '../../core/assets.ts';
import { after } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { nodeBinary } from '../../core/process.ts';
import type { LabProof } from '../../core/proof.ts';
import { requireTarget } from '../../core/proof.ts';
import type { MtaAdapter, MtaPlan, RunningMta, SubmissionPlan } from '../adapter.ts';
import { configFiles, PLUGIN } from './config.ts';
import { installation } from './install.ts';
import { listQueue, queueDepth } from './queue.ts';
import type { Endpoint } from './ready.ts';
import { ended, freePort, lastLines, whyNotReady } from './ready.ts';
import { endpointsOf, listenerCount } from './submission.ts';

/** Haraka starts in about a second; a machine under load takes several. */
const START_MS = 20_000;

/** Haraka ends at once when told to; what it was sending stays in its queue. */
const STOP_MS = 5_000;

/** Haraka, the MTA that comes with windtunnel, as it is; a plugin (plugin.cjs) gives it its sources. */
export const haraka: MtaAdapter = {
  name: 'haraka',
  capabilities: {
    queue: 'list',
    dsn: 'always',
    needs: 'any',
    // What plugins/auth/flat_file.js does; "private" addresses may log in without TLS, and no source is one.
    submission: {
      tls: ['starttls', 'implicit'],
      auth: ['plain', 'login', 'cram-md5'],
      authInClear: 'loopback',
    },
    noSeal: { works: true, reason: 'the plugin maps domains to addresses and ports' },
    // Whole seconds: Haraka looks at its delayed mail once a second, so a wait may last one second longer.
    timers: [
      { name: 'retry', smallest: 1e6 },
      { name: 'expire', smallest: 1e6 },
    ],
  },
  version: async () => `Haraka ${installation().version}`,
  async start(plan, spawn, proof) {
    const { program } = installation();
    checkTargets(plan, proof);
    const settled: MtaPlan = { ...plan, submission: await withPorts(plan.submission) };
    await writeFolder(settled);

    const logFile = join(plan.folder, 'haraka.log');
    const child = spawn([nodeBinary, program, '-c', plan.folder], { cwd: plan.folder, logFile });
    const exited = ended(child);
    const submission = endpointsOf(settled.submission);
    const trouble = await whyNotReady(reachable(settled), listenerCount(settled), logFile, exited, START_MS);
    if (trouble !== undefined) {
      await stop(child, exited);
      throw new HarnessError('lab', `${trouble}\n${await lastLines(logFile, 15)}`, {
        hint: `the lines are the end of ${logFile}; the configuration is beside it`,
      });
    }
    const queue = join(plan.folder, 'queue');
    return {
      submission,
      exited,
      queueDepth: () => queueDepth(queue),
      listQueue: () => listQueue(queue),
      stop: () => stop(child, exited),
    } satisfies RunningMta;
  },
} satisfies MtaAdapter;

/** With free ports where the plan leaves them open. */
async function withPorts(submission: SubmissionPlan): Promise<SubmissionPlan> {
  const { addresses, port, tlsPort } = submission;
  return {
    ...submission,
    port: port || (await freePort(addresses)),
    tlsPort: tlsPort === 0 ? await freePort(addresses) : tlsPort,
  };
}

/**
 * Where this process reaches the MTA. In a seal it listens on all its addresses, in a network namespace of its own:
 * its loopback is not ours, but its first source address is routed. Without a seal it is the first address asked for.
 */
export function reachable({ submission, sources, routes }: MtaPlan): Endpoint {
  const { addresses, port } = submission;
  const address = routes ? addresses[0] : sources[0]?.address;
  return { address: address ?? '127.0.0.1', port };
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
  for (const name of ['config', 'plugins', 'queue'])
    await mkdir(join(plan.folder, name), { recursive: true });
  for (const { name, text, secret } of configFiles(plan))
    await writeFile(join(plan.folder, name), text, { mode: secret ? 0o600 : 0o666 });
  await copyFile(asset('src', 'mta', 'haraka', 'plugin.cjs'), join(plan.folder, 'plugins', `${PLUGIN}.js`));
}

/** SIGINT is what Haraka ends cleanly on; it has no handler for SIGTERM unless it is process 1. */
async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.kill('SIGINT');
  const cancel = after(STOP_MS, () => void child.kill('SIGKILL'));
  await exited;
  cancel();
}
