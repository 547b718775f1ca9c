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

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Who may log in (RFC 4954). */
export interface User {
  readonly user: string;
  readonly password: string;
}

/** Where and how the MTA takes mail in. */
export interface SubmissionPlan {
  /** Where the driver connects to. In a seal the MTA listens on all its addresses, as in production. */
  readonly addresses: readonly string[];
  /** Port 0, here and for TLS: the adapter chooses a free one. */
  readonly port: number;
  /** The port for TLS from the first byte (RFC 8314 section 3.3); undefined: nobody wants it. */
  readonly tlsPort: number | undefined;
  /** What it shows in TLS handshakes; undefined: nobody wants TLS. */
  readonly certificate: Certificate | undefined;
  /** None: nobody wants AUTH. Mail is taken without it too. */
  readonly users: readonly User[];
}

/** Where a running MTA takes mail in. */
export interface SubmissionEndpoint {
  readonly address: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly implicitTls: boolean;
}

/** All that an adapter needs to configure its MTA. Times are real, already scaled. */
export interface MtaPlan {
  /** The folder in the run's folder where configuration, queue and logs go; it exists and is empty. */
  readonly folder: string;
  readonly submission: SubmissionPlan;
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
  /** How it lets clients hand mail over. */
  readonly submission: {
    readonly tls: readonly ('starttls' | 'implicit')[];
    readonly auth: readonly ('plain' | 'login' | 'cram-md5')[];
    /** Whom it offers AUTH without TLS. */
    readonly authInClear: 'anybody' | 'loopback' | 'nobody';
  };
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
  /** One for each address and kind of port that the plan asks for. */
  readonly submission: readonly SubmissionEndpoint[];
  /** Resolves, with a sentence, when the MTA's process ends, for whatever reason. */
  readonly exited: Promise<string>;
  /** Messages or recipients in the queue now; undefined if the MTA can't tell. */
  queueDepth(): Promise<number | undefined>;
  /** All recipients in the queue; undefined if the MTA can't list it. */
  listQueue(): Promise<readonly QueuedRecipient[] | undefined>;
  /** Stops it cleanly; after a deadline, by force. Resolves when its processes are gone. */
  stop(): Promise<void>;
}
