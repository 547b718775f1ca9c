/**
 * Runs inside a seal, in the namespace `internet`: DNS, mailroom and ISPs of a scenario, without driver and MTA. Over IPC it
 * is told what to run in the namespace `host`, and asked what the ISPs saw.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificates } from '../../fakes/isp/certificates.ts';
import { certifiedNames } from '../../fakes/isp/hosted.ts';
import { startSink, UNKNOWN_SOURCE } from '../../fakes/isp/sink.ts';
import { startMailroom } from '../../fakes/mailroom.ts';
import { createAuthority } from '../../fakes/tls.ts';
import { monotonicMicros } from '../../src/core/clock.ts';
import { createPrng } from '../../src/core/prng.ts';
import { exit, parentChannel, runCommand } from '../../src/core/process.ts';
import { openNetwork } from '../../src/lab/network.ts';
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
  | { readonly type: 'observe' };

export type FromInterop =
  | { readonly type: 'open' }
  | ({ readonly type: 'ran' } & CommandResult)
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
const network = await openNetwork('sealed', plan, task.folder);
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
        seen.connections.push({ source: plan.sources[source]?.address ?? 'unknown', reply: idOf(reply) }),
      connectionClosed: () => {},
      replyLost: () => {},
      attempt: ({ sender, recipient, outcome, reply }) =>
        seen.attempts.push({ sender, recipient, outcome, reply: idOf(reply) }),
      transaction: ({ sender, outcome, recipients, bytes }) =>
        seen.transactions.push({ sender, outcome, recipients, bytes }),
    },
  });
}

channel.onMessage(async (message) => {
  switch (message.type) {
    case 'run': {
      const { argv, input } = message;
      const options = input === undefined ? {} : { input };
      channel.send({ type: 'ran', ...(await runCommand(network.enterHost(argv), options)) });
      return;
    }
    case 'observe':
      channel.send({ type: 'observed', isps: observed, mailroom: mailroom.received.mails });
      return;
  }
});
channel.send({ type: 'open' });
