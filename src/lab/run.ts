/**
 * Flies one run: brings up mailroom, ISPs, MTA and driver in that order, records what they report, drains the MTA's
 * queue, and writes the reports. Everything that was started is stopped, however the run ends.
 */
import { join } from 'node:path';
import { issueCertificates } from '../../fakes/isp/certificates.ts';
import { certifiedNames } from '../../fakes/isp/hosted.ts';
import { type Mailroom, startMailroom } from '../../fakes/mailroom/mailroom.ts';
import { type Authority, createAuthority } from '../../fakes/tls.ts';
import { Cleanup } from '../core/cleanup.ts';
import { every, type Micros, monotonicMicros, sleepMs } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { measureSelf, type SelfMeasure } from '../core/self-measure.ts';
import type { MtaAdapter } from '../mta/adapter.ts';
import { adapterNamed } from '../mta/registry.ts';
import type { MarkName } from '../record/attempt-log.ts';
import { Recorder } from '../record/recorder.ts';
import type { RecordBatch } from '../record/reporter.ts';
import type { ReportInput } from '../report/input.ts';
import { AbortWatch } from './abort.ts';
import { drain } from './drain.ts';
import { modelOf } from './folder/report-input.ts';
import { reportSeen } from './folder/report-seen.ts';
import {
  CA_FILE,
  type FlownReport,
  readSeen,
  writeAuthentication,
  writeRunFile,
  writeScenario,
  writeSenderPages,
} from './folder/run-folder.ts';
import { SeenBoard } from './folder/seen-board.ts';
import { writeWhole } from './folder/whole-file.ts';
import { type Endpoint, type LabNetwork, openNetwork, senderDomains } from './ground/network.ts';
import { routeAway, type Switches, scheduleOutages } from './isps/outages.ts';
import { IspProcesses, ispProcessNames } from './isps/processes.ts';
import { openSenderPages } from './isps/sender-pages.ts';
import { SenderStatistics } from './isps/sender-statistics.ts';
import { withScriptThresholds } from './k6/thresholds.ts';
import type {
  Acknowledgement,
  FromIspWorker,
  OpenIsp,
  Progress,
  RunRequest,
  ToIspWorker,
} from './messages.ts';
import { mtaName } from './mta/plan.ts';
import { recordQueue } from './mta/recording-queue.ts';
import { type MtaGround, type MtaUnderTest, startMta, withoutMta } from './mta/under-test.ts';
import { MailRecorder } from './returns/recording-mail.ts';
import { hasFeedback, returnPathOf } from './returns/return-path.ts';
import { listensForNews, NewsDesk } from './returns/suppression.ts';
import { RunDrivers, type StartWorker } from './run-drivers.ts';
import { recordSelf } from './self-samples.ts';
import { ispProcessesOf } from './wiring.ts';
import { FIRST_ISP_WORKER, LAB_WORKER } from './worker-names.ts';
import { Worker } from './workers.ts';

/** How the user ends a run early. `drain`: no more mail, wait for the queue. `now`: report what there is. */
export type StopRequest = 'none' | 'drain' | 'now';

export interface RunHooks {
  progress(progress: Progress): void;
  /** Asked several times a second. */
  stopRequest(): StopRequest;
}

/** How often the lab looks at the queue, the workers and the user. */
const LOOK_MS = 100;
const PROGRESS_MS = 250;
const SAMPLE_MS = 1000;
/** From the moment the workers are told until the load begins, so that each is ready for it. */
const LEAD_MICROS = 300_000;
/** How long the driver may take to end after it said that it has finished, or was told to for a failed threshold. */
const WORKER_GRACE_MS = 5000;
/** The same where nobody wants to wait: so long that what it has recorded comes in. */
const HURRY_MS = 500;

/**
 * Flies a run and writes its reports.
 * @param cleanup what to undo; the caller may run it early, when nobody waits for the report any more
 * @param adapter the MTA to test; undefined lets the driver speak to the ISPs directly
 * @throws HarnessError of kind `lab` if the lab can't be brought up
 */
export async function fly(
  request: RunRequest,
  hooks: RunHooks,
  cleanup = new Cleanup(),
  adapter = adapterNamed(request.plan.adapter),
): Promise<FlownReport> {
  try {
    return await new Run(request, hooks, cleanup, adapter).fly();
  } finally {
    await cleanup.run();
  }
}

class Run {
  readonly #request: RunRequest;
  readonly #hooks: RunHooks;
  readonly #cleanup: Cleanup;
  readonly #adapter: MtaAdapter | undefined;
  readonly #recorder: Recorder;
  #epoch: Micros = monotonicMicros();
  #stage: Progress['stage'] = 'starting';
  #queue: number | undefined;
  #mailroom: Mailroom | undefined;
  #mta: MtaUnderTest | undefined;
  #drivers: RunDrivers | undefined;
  /** The thresholds that may end the run. */
  #watch: AbortWatch | undefined;
  /** Why the lab can't go on, if it can't. */
  #failure: unknown;
  readonly #statistics: SenderStatistics;
  /** What the ISPs tell besides their records. */
  readonly #seen: SeenBoard;
  readonly #unwritten: string[] = [];

  constructor(request: RunRequest, hooks: RunHooks, cleanup: Cleanup, adapter: MtaAdapter | undefined) {
    this.#adapter = adapter;
    this.#request = request;
    this.#hooks = hooks;
    this.#cleanup = cleanup;
    this.#statistics = new SenderStatistics(request.plan, request.startedAt);
    this.#seen = new SeenBoard(request.folder, request.plan, this.#statistics);
    this.#recorder = new Recorder(request.folder, modelOf(request.plan));
    cleanup.defer(() => this.#recorder.close());
    // Where the lab can't go on, this is the last chance.
    cleanup.defer(() => this.#seen.renew());
  }

  async fly(): Promise<FlownReport> {
    const { plan, folder, lab, scenarioText } = this.#request;
    const stopProgress = every(PROGRESS_MS, () => this.#tell());
    this.#cleanup.defer(stopProgress);
    const network = await openNetwork(lab, plan, folder, this.#adapter?.accounts);
    this.#cleanup.defer(() => network.close());
    const authority = await createAuthority();
    const mailroom = await this.#openMailroom(network, authority);
    const processes = ispProcessesOf(plan);
    const ids = plan.isps.map(({ resolved }) => resolved.id);
    const isps = new IspProcesses(processes, ids, (name, module) =>
      this.#startWorker<ToIspWorker, FromIspWorker>(
        name,
        module,
        (argv) => argv,
        (message) => this.#seen.take(message),
      ),
    );
    writeWhole(join(folder, CA_FILE), authority.caPem);
    const pages = await openSenderPages(network.senderPages, authority, this.#statistics, this.#cleanup);
    if (Object.keys(pages).length > 0) writeSenderPages(folder, pages);
    const endpoints = await this.#openIsps(isps, network, authority);
    const ofMta = await this.#startMta({ network, endpoints, mailroom, authority });
    writeScenario(folder, scenarioText);
    const start: StartWorker = (name, module, prefix, onOther) =>
      this.#startWorker(name, module, prefix, onOther);
    const drivers = new RunDrivers(this.#request, network, start);
    this.#drivers = drivers;
    const firstDriver = FIRST_ISP_WORKER + ispProcessNames(processes, ids).length;
    const notes = await drivers.prepare(endpoints, this.#mta?.running, firstDriver);
    const input = withScriptThresholds(ofMta, notes);
    // From here on there is something to report.
    writeRunFile(folder, { format: 1, plan, input });
    this.#watch = new AbortWatch(this.#recorder.aggregate, input, () => drivers.k6.merged());

    const back = returnPathOf(plan, network, mailroom, this.#mta?.running, authority.caPem);
    await this.#load(network, isps, drivers, back);
    await this.#drain();
    await this.#stopAll(isps, drivers);
    return this.#report(input);
  }

  #now(): Micros {
    return monotonicMicros() - this.#epoch;
  }

  /** How the run is to end early: as the user wishes, or once a threshold with abortOnFail has failed. */
  #stopRequest(): StopRequest {
    const wish = this.#hooks.stopRequest();
    if (wish === 'now' || (wish === 'drain' && !this.#watch?.aborted)) return wish;
    const flying = this.#stage === 'load' || this.#stage === 'drain';
    const aborted = flying ? this.#watch?.look(this.#now()) : this.#watch?.aborted;
    if (!aborted) return 'none';
    // What is under way comes to its end; a queue is not waited for.
    return this.#stage === 'load' && this.#now() < aborted.at + WORKER_GRACE_MS * 1e3 ? 'drain' : 'now';
  }

  #tell(): void {
    const { running, runningIsps } = this.#recorder.aggregate;
    const { confirmed, accepted, throttled, noops } = running;
    const { duration, messages = 0, loads } = this.#request.plan;
    const elapsed = this.#stage === 'starting' ? 0 : Math.max(0, this.#now());
    this.#hooks.progress({
      stage: this.#stage,
      elapsedSeconds: elapsed / 1e6,
      totalSeconds: duration / 1e6,
      share: Math.min(1, Math.max(elapsed / duration, messages > 0 ? confirmed / messages : 0)),
      injected: confirmed,
      delivered: accepted,
      throttled,
      noops,
      queue: this.#queue,
      sessions: loads.some(({ action }) => action === 'noop') ? (this.#drivers?.sessions() ?? 0) : undefined,
      isps: this.#request.plan.isps.map(({ resolved: { id } }, index) => ({
        id,
        attempts: 0,
        accepted: 0,
        throttled: 0,
        allowance: undefined,
        ...runningIsps.get(index),
      })),
    });
  }

  // --- bringing up ---

  async #openMailroom(network: LabNetwork, authority: Authority): Promise<Mailroom> {
    const { plan } = this.#request;
    const recorder = new MailRecorder(
      this.#recorder.own,
      this.#recorder.aggregate.model.loads,
      plan.isps.map(({ resolved }) => resolved.feedback?.bounces.from),
      this.#adapter && mtaName(plan),
    );
    const mailroom = await startMailroom({
      ...network.mailroom,
      hostname: 'mailroom.windtunnel.test',
      https: { ...network.web, certificate: await authority.leaf({ names: senderDomains(plan) }) },
      onDsn: (dsn) => recorder.dsn(this.#now(), dsn),
      onMail: (mail) => recorder.other(this.#now(), mail),
    });
    this.#mailroom = mailroom;
    this.#cleanup.defer(() => mailroom.stop());
    return mailroom;
  }

  /** Starts a worker whose records are taken in as they come. `prefix`: see Worker. */
  #startWorker<Out, In extends { readonly type: string }>(
    name: string,
    module: URL,
    prefix: (argv: readonly string[]) => readonly string[],
    onOther: (message: In) => void = () => {},
  ): Worker<Out | Acknowledgement, In> {
    const worker = new Worker<Out | Acknowledgement, In>(name, module, prefix, (message) => {
      if (!isRecords(message)) {
        onOther(message);
        return;
      }
      this.#recorder.take(message);
      worker.send({ type: 'ack' });
    });
    this.#cleanup.defer(() => worker.end(0));
    return worker;
  }

  async #openIsps(
    isps: IspProcesses,
    network: LabNetwork,
    authority: Authority,
  ): Promise<readonly (readonly Endpoint[])[]> {
    const { plan } = this.#request;
    const open: OpenIsp[] = [];
    let replyOffset = 0;
    for (const [index, { resolved }] of plan.isps.entries()) {
      const certificates = await issueCertificates(authority, certifiedNames(resolved.mx));
      open.push({ index, resolved, listen: network.listen[index] ?? [], certificates, replyOffset });
      replyOffset += resolved.replies.length;
    }
    const sources = network.sources.map((s) => s.address);
    return isps.open(open, { seed: plan.seed, sources, zones: network.zones }, FIRST_ISP_WORKER);
  }

  /** Starts the MTA, if there is one, and returns what the report says of it. */
  async #startMta(ground: MtaGround): Promise<ReportInput> {
    if (!this.#adapter) return withoutMta(this.#request);
    const { mta, input } = await startMta(this.#adapter, this.#request, ground, this.#cleanup);
    this.#mta = mta;
    return input;
  }

  // --- flying ---

  async #load(
    network: LabNetwork,
    isps: IspProcesses,
    drivers: RunDrivers,
    back: ReturnType<typeof returnPathOf>,
  ): Promise<void> {
    this.#epoch = monotonicMicros() + LEAD_MICROS;
    isps.start(this.#epoch, back);
    const running = drivers.processes.run(this.#epoch);
    this.#recorder.own.mark({ at: 0, name: 'load_started' });
    const stopListening = this.#listenForNews(drivers);
    const failed = (error: unknown): void => {
      this.#failure ??= error;
    };
    isps.failed.then(failed);
    const listen = (address: string, listening: boolean): void => isps.listen(address, listening);
    const route: Switches['route'] = async (how, address, away) => {
      // The ISP knows a little longer than it lasts, so that nothing that was not heard passes for heard.
      if (away) isps.reach(address, false);
      await routeAway(how, address, away);
      if (!away) isps.reach(address, true);
    };
    const switches = { route, listen, dns: network.troubleDns };
    this.#cleanup.defer(scheduleOutages(this.#request.plan.incidents, this.#epoch, switches, failed));
    const mark = (name: MarkName, fault: number): void => {
      this.#recorder.own.mark({ at: this.#now(), name, fault });
      this.#recorder.flush();
    };
    this.#mta?.startFaults(this.#request.plan, this.#epoch, mark, failed);
    this.#stage = 'load';
    const measure = measureSelf();
    this.#cleanup.defer(every(SAMPLE_MS, () => void this.#sample(measure).catch(failed)));

    let finished = false;
    running.then(() => {
      finished = true;
    }, failed);
    let told = false;
    while (!finished && this.#mayGoOn()) {
      if (this.#stopRequest() === 'drain' && !told) {
        told = true;
        drivers.processes.stop();
      }
      await sleepMs(LOOK_MS);
    }
    stopListening();
    this.#mta?.closeFaults();
    this.#recorder.own.mark({ at: this.#now(), name: 'load_ended' });
  }

  /** Tells the driver to whom it is to write again, while the load lasts. */
  #listenForNews(drivers: RunDrivers): () => void {
    const { plan } = this.#request;
    const { loads } = this.#recorder.aggregate.model;
    const { dsn } = this.#adapter?.capabilities ?? {};
    if (!listensForNews(plan, loads)) return () => {};
    const desk = new NewsDesk({ plan, loads, sendsDsn: dsn === 'always' });
    this.#recorder.onEvents = (events) => desk.take(events);
    const tell = (): void => {
      this.#recorder.flush();
      drivers.processes.followUp(
        desk.tell(this.#recorder.own, this.#now(), this.#recorder.aggregate.running.confirmed),
      );
      // What is known comes before what follows it.
      this.#recorder.flush();
    };
    const stop = every(LOOK_MS, tell);
    this.#cleanup.defer(stop);
    return stop;
  }

  /** False if the run is to end at once. Throws why, if the lab can't go on. */
  #mayGoOn(): boolean {
    if (this.#mta?.died !== undefined) return false;
    if (this.#failure !== undefined) throw this.#failure;
    return this.#stopRequest() !== 'now';
  }

  async #sample(measure: () => SelfMeasure): Promise<void> {
    const at = this.#now();
    const { own } = this.#recorder;
    recordSelf(own, at, LAB_WORKER, measure());
    if (this.#mta && this.#stage !== 'report') {
      this.#queue = await this.#mta.queueDepth();
      if (this.#queue !== undefined) own.sample({ at, name: 'queue_depth', value: this.#queue });
    }
    this.#recorder.flush();
    this.#seen.renew();
  }

  async #drain(): Promise<void> {
    this.#stage = 'drain';
    const { own, aggregate } = this.#recorder;
    const ended = await drain({
      mta: this.#mta,
      aggregate,
      returns: hasFeedback(this.#request.plan),
      deadline: this.#now() + this.#request.plan.drainTimeout,
      now: () => this.#now(),
      mayGoOn: () => this.#mayGoOn(),
      onDepth: (depth) => {
        this.#queue = depth;
      },
    });
    if (ended) own.mark({ at: this.#now(), name: ended });
  }

  // --- the end ---

  async #stopAll(isps: IspProcesses, drivers: RunDrivers): Promise<void> {
    this.#stage = 'report';
    const died = this.#mta?.died;
    const hurry = this.#stopRequest() === 'now' || died !== undefined;
    this.#mta?.expectEnd();
    await this.#mta?.stopFaults();
    await drivers.processes.end(hurry ? HURRY_MS : WORKER_GRACE_MS);
    this.#write(() => drivers.k6.keep());
    // The MTA first: it must not deliver after its queue has been read.
    await this.#mta?.running.stop();
    // What it had handed over by then counts.
    await this.#mailroom?.stop();
    const authentication = await isps.stop();
    this.#write(() => writeAuthentication(this.#request.folder, this.#request.plan, authentication));
    this.#write(() => this.#seen.keepDialogues());
    this.#write(() => this.#seen.keepReputation());
    const { own } = this.#recorder;
    const queued = this.#mta ? await this.#mta.listQueue() : [];
    recordQueue(own, this.#now(), queued ?? []);
    if (queued) own.mark({ at: this.#now(), name: 'queue_listed' });
    const aborted = this.#watch?.aborted;
    if (aborted) own.mark({ at: aborted.at, name: 'aborted' });
    else if (this.#hooks.stopRequest() !== 'none') own.mark({ at: this.#now(), name: 'interrupted' });
    if (died !== undefined) own.mark({ at: this.#now(), name: 'mta_died' });
    own.mark({ at: this.#now(), name: 'ended' });
    this.#recorder.flush();
  }

  async #report(input: ReportInput): Promise<FlownReport> {
    const { folder, plan } = this.#request;
    const lastWords = await this.#mta?.lastWords();
    const final = {
      ...input,
      mtaDied: this.#mta?.died,
      ...(lastWords && { mtaLog: lastWords }),
      ...(this.#watch?.aborted && { aborted: this.#watch.aborted.sentence }),
      warnings: [...input.warnings, ...this.#recorder.failures(), ...(this.#drivers?.troubles() ?? [])],
    };
    this.#write(() => writeRunFile(folder, { format: 1, plan, input: final }));
    const seen = { ...final, ...readSeen(folder) };
    const report = await reportSeen(folder, plan, seen, this.#recorder.aggregate, this.#adapter);
    return { ...report, unwritten: [...this.#unwritten, ...report.unwritten] };
  }

  /** Writes a file that the verdict does not need. */
  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#unwritten.push(messageOf(error));
    }
  }
}

function isRecords(message: { readonly type: string }): message is RecordBatch {
  return message.type === 'records';
}
