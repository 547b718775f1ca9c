/**
 * Runs inside a seal, in the namespace `internet`: DNS, mailroom and ISPs of a scenario, without driver. Over IPC it
 * is told what to run in the namespace `host`, also the scenario's MTA, and asked what the ISPs saw.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificates } from '../../fakes/isp/certificates.ts';
import { certifiedNames } from '../../fakes/isp/hosted.ts';
import { startSink, UNKNOWN_SOURCE } from '../../fakes/isp/sink.ts';
import { startMailroom } from '../../fakes/mailroom/mailroom.ts';
import { createAuthority } from '../../fakes/tls.ts';
import { monotonicMicros } from '../../src/core/clock.ts';
import { messageOf } from '../../src/core/errors.ts';
import { createPrng } from '../../src/core/prng.ts';
import { exit, parentChannel, runCommand } from '../../src/core/process.ts';
import { openNetwork } from '../../src/lab/ground/network.ts';
import { openMtaHost } from '../../src/lab/mta/host.ts';
import { mtaName, mtaPlanOf } from '../../src/lab/mta/plan.ts';
import { submissionPlan } from '../../src/lab/submission.ts';
import type { MtaPlan, RunningMta } from '../../src/mta/adapter.ts';
import { adapterNamed } from '../../src/mta/registry.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';

/** What the program is started with, as JSON. */
export interface InteropTask {
  /** The scenario's text; `mta.sources` are the addresses of `host`. */
  readonly scenario: string;
  /** Where `dns.log`, and `ca.pem` with the certificate of the ISPs' authority are written. */
  readonly folder: string;
}

export type ToInterop =
  | { readonly type: 'run'; readonly argv: readonly string[]; readonly input: string | undefined }
  | ({ readonly type: 'mta' } & MtaTask)
  | { readonly type: 'observe' };

/** What is done to the scenario's MTA. */
export type MtaTask =
  | { readonly do: 'start'; readonly wish: Partial<MtaPlan> }
  | { readonly do: 'kill' | 'restart' | 'stop' | 'depth' | 'list' };

export type FromInterop =
  | { readonly type: 'open' }
  | ({ readonly type: 'ran' } & CommandResult)
  /** What a task of the MTA's came to: a value, or why it failed. */
  | { readonly type: 'mta'; readonly value?: unknown; readonly error?: string }
  | {
      readonly type: 'observed';
      readonly isps: Readonly<Record<string, Observed>>;
      readonly mailroom: number;
    };

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What an ISP saw. Outcomes are the project's own words, replies are ids of its replies.yaml. */
export interface Observed {
  readonly connections: { readonly source: string; readonly reply: string | undefined }[];
  readonly transactions: {
    readonly sender: string;
    readonly outcome: string;
    readonly recipients: number;
    readonly bytes: number;
  }[];
  readonly attempts: {
    readonly source: string;
    readonly sender: string;
    readonly recipient: string | undefined;
    readonly outcome: string;
    readonly reply: string | undefined;
  }[];
}

const channel = parentChannel<FromInterop, ToInterop>();
channel.onDisconnect(() => exit(0));
const task = JSON.parse(process.argv[2] ?? '') as InteropTask;
const plan = planRun(parseScenario(task.scenario, 'interop.yaml'));
const adapter = adapterNamed(plan.adapter);
const network = await openNetwork('sealed', plan, task.folder, adapter?.accounts);
const mailroom = await startMailroom({
  ...network.mailroom,
  hostname: 'mailroom.windtunnel.test',
  onDsn: () => {},
  onMail: () => {},
});
const authority = await createAuthority();
writeFileSync(join(task.folder, 'ca.pem'), authority.caPem);
const observed = Object.fromEntries(
  plan.isps.map(({ resolved }) => [
    resolved.id,
    { connections: [], transactions: [], attempts: [] } satisfies Observed as Observed,
  ]),
);
for (const [index, { resolved }] of plan.isps.entries()) {
  const seen = observed[resolved.id] as Observed;
  const addressOf = (source: number): string => plan.sources[source]?.address ?? 'unknown';
  const idOf = (reply: number | undefined): string | undefined =>
    reply === undefined ? undefined : resolved.replies[reply]?.id;
  await startSink({
    isp: resolved,
    certificates: await issueCertificates(authority, certifiedNames(resolved.mx)),
    listen: network.listen[index] ?? [],
    clock: { now: monotonicMicros },
    prng: createPrng(plan.seed),
    sourceOf: (address) => {
      const found = plan.sources.findIndex((source) => source.address === address);
      return found < 0 ? UNKNOWN_SOURCE : found;
    },
    observer: {
      connectionOpened: ({ source, reply }) =>
        seen.connections.push({ source: addressOf(source), reply: idOf(reply) }),
      connectionClosed: () => {},
      replyLost: () => {},
      attempt: ({ source, sender, recipient, outcome, reply }) =>
        seen.attempts.push({ source: addressOf(source), sender, recipient, outcome, reply: idOf(reply) }),
      transaction: ({ sender, outcome, recipients, bytes }) =>
        seen.transactions.push({ sender, outcome, recipients, bytes }),
    },
  });
}

const host = openMtaHost(network);
let running: RunningMta | undefined;

async function perform(mtaTask: MtaTask): Promise<{ value?: unknown; error?: string }> {
  try {
    if (mtaTask.do === 'start') {
      const startedAt = '2026-11-28T12:00:00.000Z';
      mkdirSync(join(task.folder, 'mta'));
      const submission = await submissionPlan(network, plan, mtaName(plan), authority);
      const mtaPlan = mtaPlanOf({ plan, folder: task.folder, startedAt }, network, [], mailroom, submission);
      running = await adapter?.start({ ...mtaPlan, ...mtaTask.wish }, host);
      return {};
    }
    if (mtaTask.do === 'depth') return { value: await running?.queueDepth() };
    if (mtaTask.do === 'list') return { value: await running?.listQueue() };
    if (mtaTask.do === 'kill') await host.kill();
    if (mtaTask.do === 'restart') await running?.restart();
    if (mtaTask.do === 'stop') await running?.stop();
    return {};
  } catch (error) {
    return { error: messageOf(error) };
  }
}

channel.onMessage(async (message) => {
  switch (message.type) {
    case 'run': {
      const { argv, input } = message;
      const options = input === undefined ? {} : { input };
      channel.send({ type: 'ran', ...(await runCommand(network.enterHost(argv), options)) });
      return;
    }
    case 'mta':
      channel.send({ type: 'mta', ...(await perform(message)) });
      return;
    case 'observe':
      channel.send({ type: 'observed', isps: observed, mailroom: mailroom.received.mails });
      return;
  }
});
channel.send({ type: 'open' });
