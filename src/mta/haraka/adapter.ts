import type { ChildProcess } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asset } from '../../core/assets.ts';
import { after } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { nodeBinary } from '../../core/process.ts';
import type { LabProof } from '../../core/proof.ts';
import { requireTarget } from '../../core/proof.ts';
import type { MtaAdapter, MtaPlan, RunningMta } from '../adapter.ts';
import { configFiles, PLUGIN } from './config.ts';
import { installation } from './install.ts';
import { listQueue, queueDepth } from './queue.ts';
import type { Endpoint } from './ready.ts';
import { ended, freePort, lastLines, whyNotReady } from './ready.ts';

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
    const { address } = plan.submission;
    const port = plan.submission.port || (plan.routes ? await freePort(address) : 25);
    const settled: MtaPlan = { ...plan, submission: { address, port } };
    await writeFolder(settled);

    const logFile = join(plan.folder, 'haraka.log');
    const child = spawn([nodeBinary, program, '-c', plan.folder], { cwd: plan.folder, logFile });
    const exited = ended(child);
    const submission = reachable(settled);
    const trouble = await whyNotReady(submission, logFile, exited, START_MS);
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

/**
 * Where this process reaches the MTA. In a seal it listens on all its addresses, in a network namespace of its own:
 * its loopback is not ours, but its first source address is routed. Without a seal it is the address asked for.
 */
export function reachable(plan: MtaPlan): Endpoint {
  const source = plan.sources[0];
  if (plan.routes || !source) return plan.submission;
  return { address: source.address, port: plan.submission.port };
}

/** Without a seal Haraka must get a route for every domain: with real DNS its mail would leave the machine. */
function checkTargets(plan: MtaPlan, proof: LabProof): void {
  if (plan.routes) {
    for (const { address } of [plan.submission, ...plan.sources, ...Object.values(plan.routes)]) {
      requireTarget(proof, address);
    }
  } else if (proof.lab !== 'sealed') {
    throw new HarnessError('usage', 'Haraka would look up real MX records', {
      hint: 'run it in a seal, or give it a route for every domain',
    });
  }
}

async function writeFolder(plan: MtaPlan): Promise<void> {
  for (const name of ['config', 'plugins', 'queue'])
    await mkdir(join(plan.folder, name), { recursive: true });
  for (const { name, text } of configFiles(plan)) await writeFile(join(plan.folder, name), text);
  await copyFile(asset('src', 'mta', 'haraka', 'plugin.cjs'), join(plan.folder, 'plugins', `${PLUGIN}.js`));
}

/** SIGINT is what Haraka ends cleanly on; it has no handler for SIGTERM unless it is process 1. */
async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.kill('SIGINT');
  const cancel = after(STOP_MS, () => void child.kill('SIGKILL'));
  await exited;
  cancel();
}
