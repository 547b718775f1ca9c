/**
 * Runs inside a seal, in the namespace `internet`: ISPs, mailroom and Exim, which is killed in full flow and started again.
 * Says over IPC what became of every message.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { issueCertificates } from '../../fakes/isp/certificates.ts';
import { certifiedNames } from '../../fakes/isp/hosted.ts';
import { startSink, UNKNOWN_SOURCE } from '../../fakes/isp/sink.ts';
import { createAuthority } from '../../fakes/tls.ts';
import { monotonicMicros, sleepMs } from '../../src/core/clock.ts';
import { HarnessError } from '../../src/core/errors.ts';
import { createPrng } from '../../src/core/prng.ts';
import { exit, parentChannel } from '../../src/core/process.ts';
import { openNetwork } from '../../src/lab/ground/network.ts';
import { openMtaHost } from '../../src/lab/mta/host.ts';
import { exim } from '../../src/mta/exim/adapter.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { mtaPlan } from './mta-plan.ts';

/** What the program is started with, as JSON. */
export interface EximTask {
  readonly folder: string;
  readonly messages: number;
  /** Exim is killed when so many are confirmed. */
  readonly killAfter: number;
}

/** What became of the messages, each with one recipient, by which it is named. */
export interface CrashReport {
  readonly confirmed: readonly string[];
  /** Of those, the ones that were confirmed before the kill. */
  readonly confirmedBefore: readonly string[];
  /** What Exim's queue listed while it was down, and what the ISPs had accepted by then. */
  readonly listed: readonly string[];
  readonly acceptedBefore: readonly string[];
  /** Every acceptance until the queue was empty. */
  readonly accepted: readonly string[];
  /** What another Exim said that found the ports taken. */
  readonly second: string;
  /** How the program ended each time, and what ran after the last. */
  readonly ends: readonly string[];
  readonly left: readonly number[];
}

const SCENARIO = `
mta: { adapter: exim, sources: [198.18.128.1, "2001:2:0:1::1"] }
isps: { gmail: { limits: unlimited, penalties: off, reputation: off, mailboxes: { unknown: 0%, full: 0%, disabled: 0% } } }
load: { rate: 1/s, duration: 1s }
`;

/** Polls until the condition holds; the test fails by itself if that takes too long. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleepMs(20);
}

const channel = parentChannel<CrashReport, never>();
channel.onDisconnect(() => exit(0));
const task = JSON.parse(process.argv[2] ?? '') as EximTask;
const plan = planRun(parseScenario(SCENARIO, 'crash.yaml'));
const network = await openNetwork('sealed', plan, task.folder, exim.accounts);
const authority = await createAuthority();
const accepted: string[] = [];
let open = 0;
for (const [index, { resolved }] of plan.isps.entries()) {
  await startSink({
    isp: resolved,
    certificates: await issueCertificates(authority, certifiedNames(resolved.mx)),
    listen: network.listen[index] ?? [],
    clock: { now: monotonicMicros },
    prng: createPrng(plan.seed),
    sourceOf: () => UNKNOWN_SOURCE,
    observer: {
      connectionOpened: () => void open++,
      connectionClosed: () => void open--,
      replyLost: () => {},
      attempt: ({ recipient, outcome }) => {
        if (outcome === 'accepted') accepted.push(recipient ?? '');
      },
      transaction: () => {},
    },
  });
}

const ends: string[] = [];
const host = openMtaHost(network);
host.onEnd = (sentence) => void ends.push(sentence);
const folderOf = async (name: string): Promise<string> => {
  const folder = join(task.folder, name);
  await mkdir(folder);
  await chmod(folder, 0o755);
  return folder;
};
const own = mtaPlan({
  folder: await folderOf('mta'),
  sources: network.sources,
  // The injector is on the other side of the wire here.
  submission: { relayFrom: ['0.0.0.0/0'] },
  retry: [1e6],
  expire: 600e6,
  concurrency: 20,
});
const mta = await exim.start(own, host);

const confirmed: string[] = [];
let next = 0;
async function inject(): Promise<void> {
  const client = createTransport({
    host: '198.18.128.1',
    port: 25,
    pool: true,
    maxConnections: 1,
    tls: { rejectUnauthorized: false },
  });
  try {
    while (next < task.messages) {
      const to = `u${next++}.0@gmail.com`;
      await client.sendMail({ from: 'b-1@news.sender.test', to, text: 'text' });
      confirmed.push(to);
    }
  } catch {
    // Killed: what it had in hand is not confirmed.
  } finally {
    client.close();
  }
}
const injectors = Promise.all([inject(), inject(), inject(), inject()]);
await until(() => confirmed.length >= task.killAfter);
await host.kill();
await injectors;
await until(() => open === 0);
const listed = ((await mta.listQueue()) ?? []).map(({ recipient }) => recipient);
const acceptedBefore = [...accepted];
const confirmedBefore = [...confirmed];

await mta.restart();
await inject();
const second = await exim.start({ ...own, folder: await folderOf('second') }, host).then(
  () => 'it started',
  (error: unknown) => (error instanceof HarnessError ? `${error.kind}: ${error.message}` : String(error)),
);
await until(async () => (await mta.queueDepth()) === 0);
await mta.stop();
await channel.flush({
  confirmed,
  confirmedBefore,
  listed,
  acceptedBefore,
  accepted,
  second,
  ends,
  left: host.pids(),
});
exit(0);
