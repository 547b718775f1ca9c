/**
 * The ISPs' half of a lab: the worker that owns one, and this process, which records as the lab does. Its arguments: the
 * ISP, its engine, and a folder.
 */
import { issueCertificates } from '../../../fakes/isp/certificates.ts';
import { certifiedNames } from '../../../fakes/isp/hosted.ts';
import type { EngineName } from '../../../fakes/isp/protocol.ts';
import { createAuthority } from '../../../fakes/tls.ts';
import { monotonicMicros } from '../../../src/core/clock.ts';
import { exit, parentChannel } from '../../../src/core/process.ts';
import { modelOf } from '../../../src/lab/folder/report-input.ts';
import { openNetwork } from '../../../src/lab/ground/network.ts';
import type { FromIspWorker, ToIspWorker } from '../../../src/lab/messages.ts';
import { Worker } from '../../../src/lab/workers.ts';
import { Recorder } from '../../../src/record/recorder.ts';
import { parseScenario } from '../../../src/scenario/load.ts';
import { planRun } from '../../../src/scenario/plan.ts';
import { oneIsp } from '../scenario.ts';

export interface ToIspSide {
  readonly type: 'accepted';
}

export type FromIspSide =
  | { readonly type: 'open'; readonly port: number }
  | { readonly type: 'accepted'; readonly count: number };

/** More messages than any bench sends. */
const MESSAGES = 10_000_000;

const channel = parentChannel<FromIspSide, ToIspSide>();
channel.onDisconnect(() => exit(0));

const [, , isp, engine, folder = ''] = process.argv;
const plan = planRun(
  parseScenario(oneIsp({ isp: isp as string, load: { iterations: MESSAGES } }), 'bench.yaml'),
);
const network = await openNetwork('loopback', plan, folder);
const recorder = new Recorder(folder, modelOf(plan));
const worker = new Worker<ToIspWorker, FromIspWorker>(
  'ISP',
  new URL('../../../src/lab/isps/worker.js', import.meta.url),
  (argv) => argv,
  (message) => {
    if (message.type !== 'records') return;
    recorder.take(message);
    worker.send({ type: 'ack' });
  },
);
const authority = await createAuthority();
const isps = await Promise.all(
  plan.isps.map(async ({ resolved }, index) => ({
    index,
    resolved: { ...resolved, engine: engine as EngineName },
    listen: [{ address: '127.0.0.1', port: 0 }],
    certificates: await issueCertificates(authority, certifiedNames(resolved.mx)),
    replyOffset: 0,
  })),
);
worker.send({
  type: 'open',
  worker: 1,
  isps,
  seed: plan.seed,
  // The drivers connect from here, and count as the plan's source.
  sources: ['127.0.0.1'],
  zones: network.zones,
  workers: 0,
});
const { endpoints } = await worker.expect('opened');
worker.send({ type: 'start', epoch: monotonicMicros() });
channel.onMessage(() => channel.send({ type: 'accepted', count: recorder.aggregate.running.accepted }));
channel.send({ type: 'open', port: endpoints[0]?.[0]?.port ?? 0 });
