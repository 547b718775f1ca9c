/** What the lab asks of a mail server under test, and what a mail server can tell. One folder here for each. */
import type { Micros } from '../core/clock.ts';
import type { HttpApi, HttpEndpoint } from '../core/http-injection.ts';
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
  /** Where it takes mail in over HTTP, on the first of `addresses`; absent: nobody wants that. */
  readonly http?: {
    readonly port: number;
    /** The forms that loads speak. */
    readonly apis: readonly HttpApi[];
    /** What requests have to show, where the MTA wants anything shown. */
    readonly key: string;
  };
  /** What it shows in TLS handshakes; undefined: nobody wants TLS. */
  readonly certificate: Certificate | undefined;
  /** None: nobody wants AUTH. Mail is taken without it too. */
  readonly users: readonly User[];
  /** Only in a seal: where the MTA listens. `all`: its loopback and every source, as a server that also takes in DSNs does. */
  readonly listen: 'all' | 'loopback';
  /** Who may relay: addresses and networks (CIDR). Strangers may write to `senderDomains` alone. */
  readonly relayFrom: readonly string[];
}

/** Where a running MTA takes mail in. */
export interface SubmissionEndpoint {
  readonly address: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly implicitTls: boolean;
}

/** A virtual MTA: a name for one source, or for several, such as one of each family. */
export interface VirtualMta {
  readonly name: string;
  /** Indexes into `MtaPlan.sources`, at least one. */
  readonly sources: readonly number[];
}

/** Virtual MTAs that share mail by weight. */
export interface VirtualMtaPool {
  readonly name: string;
  /** Weights are above 0. */
  readonly members: readonly { readonly vmta: string; readonly weight: number }[];
}

/** A reply that an ISP of the run may give, worded as an example. */
export interface IspReply {
  readonly id: string;
  readonly code: number;
  /** The enhanced status code (RFC 3463), or null where the ISP sends none. */
  readonly enhanced: string | null;
  /** As the ISP's profile says: throttled, deferred, rejected … */
  readonly class: string;
  /** As on the wire, codes first, one entry a line. */
  readonly text: readonly string[];
  /**
   * What of the wording is the same for everybody, in order: the pieces between addresses, numbers and ids, without codes.
   * Where a line breaks may differ from message to message.
   */
  readonly fixed: readonly string[];
}

/** An MTA that the user configures; windtunnel writes nothing of it. Commands see their own files as they are. */
export interface ExternalMta {
  /** The command that starts it in the seal and stays in the foreground; undefined: it runs already, outside of any. */
  readonly start: readonly string[] | undefined;
  /** Asks it to end; undefined: SIGTERM does. */
  readonly stop: readonly string[] | undefined;
  /** Prints how many messages or recipients its queue holds. */
  readonly queue: readonly string[] | undefined;
  /** The folder that commands run in. */
  readonly cwd: string;
  /** Files that it writes its log to; what a run adds to them is kept in the run's folder. */
  readonly logs: readonly string[];
  /** Where it takes mail in over SMTP; absent: nobody hands any over that way. */
  readonly submission?: { readonly address: string; readonly port: number };
  /** The same over HTTP; absent: it does not. */
  readonly http?: HttpEndpoint;
  /** How long it may take from its start until it takes mail. */
  readonly readyWithin: Micros;
  /** Without a seal: the port of the mailroom on 127.0.0.1; the ISPs have those after it, in the order of the scenario. */
  readonly firstPort: number;
}

/** An ISP as the MTA's operator knows it, and what the scenario allows the MTA there. */
export interface MtaIsp {
  readonly id: string;
  readonly domains: readonly string[];
  /** Names of its mail hosts. */
  readonly hosts: readonly string[];
  /** Families of addresses with which all its domains can be reached; undefined: both. */
  readonly families?: readonly (4 | 6)[];
  /** Connections that the MTA may hold to it; undefined: what the MTA does of its own accord. */
  readonly concurrency: number | undefined;
  /** Messages a real second that the MTA may try; undefined: no limit. Not every MTA can. */
  readonly rate: number | undefined;
  readonly replies: readonly IspReply[];
}

/** All that an adapter needs to configure its MTA. Times are real, already scaled. */
export interface MtaPlan {
  /** The folder in the run's folder where configuration, queue and logs go; it exists and is empty. */
  readonly folder: string;
  readonly submission: SubmissionPlan;
  readonly hostname: string;
  readonly sources: readonly MtaSource[];
  /** The sources by the name of their virtual MTA, in the order of the scenario. */
  readonly vmtas: readonly VirtualMta[];
  /**
   * A message's header X-Virtual-MTA names a virtual MTA or a pool of these; without it, `defaultPool` takes the message.
   * The choice is made once: every attempt of a message leaves from the same virtual MTA.
   */
  readonly pools: readonly VirtualMtaPool[];
  readonly defaultPool: VirtualMtaPool;
  readonly isps: readonly MtaIsp[];
  /** Domains that the sender receives DSNs and reports at; their MX is the mailroom. */
  readonly senderDomains: readonly string[];
  /** TLS towards the ISPs (RFC 3207): never, where offered, or nothing without. Certificates are not verified. */
  readonly tls: 'none' | 'opportunistic' | 'required';
  /** The certificate of the authority that the ISPs' certificates are from, for MTAs that verify all the same. */
  readonly caFile?: string;
  /** Processes that the MTA may spread its work over; undefined: as it comes. */
  readonly workers: number | undefined;
  /** Waits between attempts; the last repeats until `expire`. */
  readonly retry: readonly Micros[];
  readonly expire: Micros;
  /** Delivery connections that the MTA may hold in all. */
  readonly concurrency: number;
  /** What `external` is to start, or to find. */
  readonly external?: ExternalMta;
  /** The lab's DNS, for MTAs that don't read resolv.conf; undefined without a seal. */
  readonly resolver: string | undefined;
  /**
   * Only without a seal: where each recipient domain's mail goes instead of its MX. Undefined in a seal, where the
   * MTA uses DNS, port 25 and its production behaviour.
   */
  readonly routes: Readonly<Record<string, { readonly address: string; readonly port: number }>> | undefined;
}

/** What of a plan an MTA may not be able to keep to. */
export interface MtaWish extends Pick<MtaPlan, 'sources' | 'vmtas' | 'defaultPool' | 'workers'> {
  readonly isps: readonly Pick<MtaIsp, 'id' | 'concurrency' | 'rate'>[];
}

/** What an adapter can do, declared once. */
export interface Capabilities {
  /** Whether the MTA can name the recipients in its queue, only count them, or neither. */
  readonly queue: 'list' | 'count' | 'none';
  readonly dsn: 'always' | 'never' | 'configurable';
  readonly needs: 'root' | 'any';
  /** The folder below its own that holds its queue, so that a disk of its own can be put there; undefined: elsewhere. */
  readonly queueFolder: string | undefined;
  /** How it lets clients hand mail over. */
  readonly submission: {
    readonly tls: readonly ('starttls' | 'implicit')[];
    readonly auth: readonly ('plain' | 'login' | 'cram-md5')[];
    /** The forms in which it takes mail over HTTP; absent: it does not. */
    readonly http?: readonly HttpApi[];
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

/** How a command ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the MTA that runs. */
export interface MtaProcess {
  /** Resolves, with a sentence, when the program ends, for whatever reason. */
  readonly exited: Promise<string>;
  /** Sends a signal to the program itself; nothing if it has ended. */
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void;
  /** Ends the program and everything that it has started, at once, as a power failure would. Resolves when all is gone. */
  kill(): Promise<void>;
}

/** Where the MTA lives: its machine, as far as an adapter may touch it. */
export interface MtaHost {
  /** Says that nothing sent from here can leave this machine. */
  readonly proof: LabProof;
  /** Starts the MTA's main program, which must stay in the foreground; its output is appended to the log file. */
  spawn(
    argv: readonly string[],
    options: {
      /** What people call it, for sentences about its end. */
      readonly name: string;
      readonly cwd: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly logFile: string;
    },
  ): MtaProcess;
  /** Runs a command of the MTA's to its end, for ten seconds at most unless told otherwise. It sees the MTA's network and files. */
  run(
    argv: readonly string[],
    options?: {
      readonly cwd?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly input?: string;
      readonly timeoutMs?: number;
    },
  ): Promise<CommandResult>;
  /** Which of these ports something listens on in the MTA's network, whatever the address. */
  listening(ports: readonly number[]): Promise<readonly number[]>;
}

/** A user or a group that the MTA's package makes, and that a machine without it lacks. */
export interface Account {
  readonly name: string;
  readonly kind: 'user' | 'group';
}

/**
 * What came back to the MTA later, and its log tells that it has read: a complaint, that a complaint was a mistake, or a bounce
 * of a message that an ISP had accepted. Sender and recipient are those of the message that it is about.
 */
export type ReturnedKind = 'complaint' | 'withdrawal' | 'remote-bounce';

/** What the MTA itself says that it did, as its log or accounting file tells it. */
export interface MtaEvent {
  /** `unreadable`: a line that should tell something and can't be read, such as one that a crash tore; it has no recipient (''). */
  readonly kind: 'received' | 'delivered' | 'deferred' | 'bounced' | 'expired' | ReturnedKind | 'unreadable';
  /** Unix time in milliseconds, as exact as the log is; undefined if it doesn't tell. */
  readonly atMs: number | undefined;
  /** The envelope sender, by which a message is known in a run; undefined where only the recipient is told. */
  readonly sender: string | undefined;
  /** '' where a report hides whom it is about. */
  readonly recipient: string;
  /** Of what came back: the number in the returned header, if told, by which the message is known where its sender is hidden. */
  readonly message?: number;
  /** The address that it was sent from, or the name of the virtual MTA, if told. */
  readonly source: string | undefined;
  /** The ISP's reply, if told. */
  readonly code: number | undefined;
  readonly text: string | undefined;
}

/** A mail server under test. */
export interface MtaAdapter {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Users and groups that it runs as; the seal has them, whether the machine does or not. */
  readonly accounts?: readonly Account[];
  /** What of an adapter was never seen with the real program; shown wherever its results are. */
  readonly untested?: string;
  /** What of that which comes back its log tells of. Absent: nothing. */
  readonly returned?: readonly ReturnedKind[];
  /** What of a wish it can't keep to, a sentence each; the user is told before the run. Absent: it keeps to all of it. */
  shortcomings?(wish: MtaWish): readonly string[];
  /** The MTA's name and version. Throws a HarnessError of kind `lab` if it is not installed. */
  version(): Promise<string>;
  /** The path of its main program, to be asked where `version` did not throw. Absent: it has none of its own. */
  program?(): string | undefined;
  /** The files that `start` would write, for people to read and for golden tests; nothing is started. */
  config(plan: MtaPlan): readonly ConfigFile[];
  /**
   * Writes the configuration, starts the MTA and waits until it takes mail. Throws a HarnessError of kind `lab`
   * with the last lines of its log if it does not.
   */
  start(plan: MtaPlan, host: MtaHost): Promise<RunningMta>;
  /**
   * Reads what the MTA logged in its folder, also after the run, in the order logged. Absent: it tells nothing that can be
   * read.
   */
  events?(folder: string): AsyncIterable<MtaEvent>;
}

/** A file of an MTA's configuration; its name is a path in the MTA's folder. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
  /** Only its owner may read it. */
  readonly secret: boolean;
}

/** A mail server that is up. */
export interface RunningMta {
  /** One for each address and kind of port that the plan asks for. */
  readonly submission: readonly SubmissionEndpoint[];
  /** One for each form that the plan asks for; absent: it takes no mail over HTTP. */
  readonly http?: readonly HttpEndpoint[];
  /** Messages or recipients in the queue now; undefined if the MTA can't tell, also while it is down. */
  queueDepth(): Promise<number | undefined>;
  /** All recipients in the queue; undefined if the MTA can't list it. */
  listQueue(): Promise<readonly QueuedRecipient[] | undefined>;
  /**
   * Starts it again, with the configuration and the queue that it left when it was killed or stopped. Waits until it takes
   * mail; throws as `start` does.
   */
  restart(): Promise<void>;
  /** Stops it cleanly; after a deadline, by force. Resolves when its processes are gone. Harmless if it is down. */
  stop(): Promise<void>;
}
