/** What the lab asks of a mail server under test, and what a mail server can tell. One folder here for each. */
import type { ChildProcess } from 'node:child_process';
import type { Micros } from '../core/clock.ts';
import type { LabProof } from '../core/proof.ts';

/** An address that the MTA sends from, with its name in HELO. */
export interface MtaSource {
  readonly index: number;
  readonly address: string;
  readonly helo: string;
  /** The name of the virtual MTA that sends from it. */
  readonly vmta: string;
}

/** All that an adapter needs to configure its MTA. Times are real, already scaled. */
export interface MtaPlan {
  /** The folder in the run's folder where configuration, queue and logs go; it exists and is empty. */
  readonly folder: string;
  /** Where the MTA takes mail in. Port 0: the adapter chooses a free one. */
  readonly submission: { readonly address: string; readonly port: number };
  readonly hostname: string;
  readonly sources: readonly MtaSource[];
  /** Waits between attempts; the last repeats until `expire`. */
  readonly retry: readonly Micros[];
  readonly expire: Micros;
  /** Delivery connections that the MTA may hold in all. */
  readonly concurrency: number;
  /**
   * Only without a seal: where each recipient domain's mail goes instead of its MX. Undefined in a seal, where the
   * MTA uses DNS, port 25 and its production behaviour.
   */
  readonly routes: Readonly<Record<string, { readonly address: string; readonly port: number }>> | undefined;
}

/** What an adapter can do, declared once. */
export interface Capabilities {
  /** Whether the MTA can name the recipients in its queue, only count them, or neither. */
  readonly queue: 'list' | 'count' | 'none';
  readonly dsn: 'always' | 'never' | 'configurable';
  readonly needs: 'root' | 'any';
  /** What of a scenario works without a seal. */
  readonly noSeal: { readonly works: boolean; readonly reason: string };
  /** Timers that a clock scale reaches, with the smallest step each can take. */
  readonly timers: readonly { readonly name: 'retry' | 'expire'; readonly smallest: Micros }[];
}

/** A recipient that the MTA's queue still holds. */
export interface QueuedRecipient {
  readonly sender: string;
  readonly recipient: string;
}

/** How a process of the lab is started where the MTA belongs (the `host` namespace, or simply here). */
export type SpawnMta = (
  argv: readonly string[],
  options: {
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly logFile: string;
  },
) => ChildProcess;

/** A mail server under test. */
export interface MtaAdapter {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** The MTA's name and version. Throws a HarnessError of kind `lab` if it is not installed. */
  version(): Promise<string>;
  /**
   * Writes the configuration, starts the MTA and waits until it takes mail. Throws a HarnessError of kind `lab`
   * with the last lines of its log if it does not. The proof says that nothing it sends can leave this machine.
   */
  start(plan: MtaPlan, spawn: SpawnMta, proof: LabProof): Promise<RunningMta>;
}

/** A mail server that is up. */
export interface RunningMta {
  readonly submission: { readonly address: string; readonly port: number };
  /** Resolves, with a sentence, when the MTA's process ends, for whatever reason. */
  readonly exited: Promise<string>;
  /** Messages or recipients in the queue now; undefined if the MTA can't tell. */
  queueDepth(): Promise<number | undefined>;
  /** All recipients in the queue; undefined if the MTA can't list it. */
  listQueue(): Promise<readonly QueuedRecipient[] | undefined>;
  /** Stops it cleanly; after a deadline, by force. Resolves when its processes are gone. */
  stop(): Promise<void>;
}
