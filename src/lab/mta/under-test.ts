/** The MTA of a run, from its start to its end: what is asked of it, what is done to it, and whether it ended by itself. */
import { join } from 'node:path';
import type { Mailroom } from '../../../fakes/mailroom/mailroom.ts';
import type { Authority } from '../../../fakes/tls.ts';
import type { Cleanup } from '../../core/cleanup.ts';
import type { Micros } from '../../core/clock.ts';
import { HarnessError, messageOf } from '../../core/errors.ts';
import type { MtaAdapter, QueuedRecipient, RunningMta } from '../../mta/adapter.ts';
import { lastLines } from '../../mta/ready.ts';
import type { MarkName } from '../../record/attempt-log.ts';
import type { ReportInput } from '../../report/input.ts';
import { reportInput } from '../folder/report-input.ts';
import { mtaConfig } from '../folder/run-folder.ts';
import type { LabNetwork } from '../ground/network.ts';
import type { RunRequest } from '../messages.ts';
import { submissionPlan } from '../submission.ts';
import type { IspEndpoints } from '../wiring.ts';
import { checkedMta } from './checks/checked-mta.ts';
import { makeChecks } from './checks/checks.ts';
import { FaultSchedule, type Presence } from './faults.ts';
import { type LabMtaHost, openMtaHost } from './host.ts';
import { mtaName, mtaPlanOf } from './plan.ts';
import { mountQueueDisk, type QueueDisk } from './queue-disk.ts';

/** Lines of the log of an MTA that ended. */
const LAST_LINES = 15;

/** Where the MTA is to run. */
export interface MtaGround {
  readonly network: LabNetwork;
  readonly endpoints: IspEndpoints;
  readonly mailroom: Mailroom;
  readonly authority: Authority;
}

/** An MTA that was started. */
export class MtaUnderTest {
  readonly running: RunningMta;
  readonly #host: LabMtaHost;
  readonly #network: LabNetwork;
  readonly #disk: QueueDisk | undefined;
  #faults: FaultSchedule | undefined;
  /** It is to end, or has ended, because it was told to. */
  #over = false;
  #died: { readonly why: string; readonly log: readonly string[] | { readonly file: string } } | undefined;

  constructor(running: RunningMta, host: LabMtaHost, network: LabNetwork, disk: QueueDisk | undefined) {
    this.running = running;
    this.#host = host;
    this.#network = network;
    this.#disk = disk;
    host.onEnd = (why, file) => {
      if (!this.#over && this.presence === 'here') this.#died ??= { why, log: { file } };
    };
  }

  /** Whether it is there; it can be away, or gone for good, by a fault. */
  get presence(): Presence {
    return this.#faults?.presence ?? 'here';
  }

  /** Why it ended, if it did before it was told to. */
  get died(): string | undefined {
    return this.#died?.why;
  }

  /**
   * Does to it what the plan says, at its moments.
   * @param mark is told of each step, before anything that comes after it is recorded
   * @param failed is told why the run can't go on
   */
  startFaults(
    plan: RunRequest['plan'],
    epoch: Micros,
    mark: (name: MarkName, fault: number) => void,
    failed: (error: unknown) => void,
  ): void {
    if (plan.faults.length === 0) return;
    const switches = {
      kill: () => this.#host.kill(),
      terminate: () => this.#host.signal('SIGTERM'),
      pause: (paused: boolean) => this.#host.pause(paused),
      disk: this.#disk,
      // All that there is lies below the root.
      dns: (trouble: Parameters<LabNetwork['troubleDns']>[1]) => this.#network.troubleDns('', trouble),
      restart: () => this.#restart(),
      mark,
    };
    this.#faults = new FaultSchedule(plan.faults, epoch, switches, failed);
  }

  async #restart(): Promise<void> {
    try {
      await this.running.restart();
    } catch (error) {
      const [why = '', ...log] = messageOf(error).split('\n');
      this.#died ??= { why: `it could not be started again: ${why}`, log };
      throw error;
    }
  }

  /** No fault begins any more; those under way come to their end. */
  closeFaults(): void {
    this.#faults?.close();
  }

  /** Ends the faults that are under way. */
  async stopFaults(): Promise<void> {
    await this.#faults?.stop();
  }

  /** What it says of its queue; undefined if it can't be asked now. */
  async queueDepth(): Promise<number | undefined> {
    if (this.presence !== 'here') return undefined;
    try {
      return await this.running.queueDepth();
    } catch (error) {
      // It may have gone while it was asked, whether on purpose or not.
      if (this.#died !== undefined || this.#faults !== undefined) return undefined;
      throw error;
    }
  }

  /** All recipients in its queue; undefined if it can't list it. */
  listQueue(): Promise<readonly QueuedRecipient[] | undefined> {
    return this.running.listQueue();
  }

  /** From now on its end is no surprise. */
  expectEnd(): void {
    this.#over = true;
  }

  /** The end of its log, if it ended by itself. */
  async lastWords(): Promise<readonly string[] | undefined> {
    const log = this.#died?.log;
    if (log === undefined || !('file' in log)) return log;
    return (await lastLines(log.file, LAST_LINES)).split('\n').filter(Boolean);
  }
}

/**
 * Starts the MTA, makes the checks that the plan asks for, and tells what the report says of it.
 * @throws HarnessError of kind `lab` if it is not there or can't be started
 */
export async function startMta(
  adapter: MtaAdapter,
  request: RunRequest,
  { network, endpoints, mailroom, authority }: MtaGround,
  cleanup: Cleanup,
): Promise<{ mta: MtaUnderTest; input: ReportInput }> {
  const { plan, folder } = request;
  const version = await adapter.version();
  const host = openMtaHost(network);
  cleanup.defer(() => host.kill());
  const submission = await submissionPlan(network, plan, mtaName(plan), authority);
  const mtaPlan = mtaPlanOf(request, network, endpoints, mailroom, submission);
  const disk = await queueDiskOf(plan.queueDisk, network, mtaPlan.folder, adapter);
  if (disk) cleanup.defer(() => disk.close());
  const mta = new MtaUnderTest(await adapter.start(mtaPlan, host), host, network, disk);
  cleanup.defer(async () => {
    mta.expectEnd();
    await mta.stopFaults();
    await mta.running.stop();
  });
  const checks = plan.checks && (await makeChecks(plan.checks, checkedMta(plan, mta.running, host), host));
  const sources = plan.sources.map(({ address }) => address);
  const facts = { adapter: adapter.name, version, sources, config: mtaConfig(folder) };
  return { mta, input: { ...reportInput(request, facts, evidenceOf(adapter)), ...(checks && { checks }) } };
}

/** What the report says where the driver speaks to the ISPs itself. */
export function withoutMta(request: RunRequest): ReportInput {
  const facts = {
    adapter: 'none',
    version: 'the driver speaks to the ISPs directly',
    sources: request.plan.sources.map(({ address }) => address),
    config: [],
  };
  return reportInput(request, facts, { queue: 'list', sendsDsn: false });
}

/** Puts the MTA's queue on a disk of its own, if the plan says how large. */
async function queueDiskOf(
  bytes: number | undefined,
  network: LabNetwork,
  folder: string,
  { capabilities }: MtaAdapter,
): Promise<QueueDisk | undefined> {
  if (bytes === undefined || capabilities.queueFolder === undefined) return undefined;
  if (network.lab !== 'sealed') throw new HarnessError('lab', 'a disk for the queue needs a seal');
  return mountQueueDisk(join(folder, capabilities.queueFolder), bytes);
}

function evidenceOf({ capabilities }: MtaAdapter): ReportInput['evidence'] {
  return { queue: capabilities.queue, sendsDsn: capabilities.dsn === 'always' };
}
