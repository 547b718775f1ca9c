/**
 * What a run showed: the one value that every report (HTML, JSON, console) is made from. Plain data, no methods,
 * so that it survives JSON. Times are seconds since the load began, unless the name says otherwise.
 */

import type { AdaptationSummary } from '../analysis/adaptation/scores.ts';
import type { FeedbackKind, FeedbackState, FeedbackSummary } from './feedback-summary.ts';
import type { K6Summary } from './k6-summary.ts';
import type { MetricValue } from './metric-value.ts';
import type { IspReputation, RateSeries, StandingSeries } from './reputation-summary.ts';

export type { Score, ScoreWord } from '../analysis/adaptation/flow.ts';
export type { AdaptationSummary, IncidentScores } from '../analysis/adaptation/scores.ts';
export type {
  FeedbackCount,
  FeedbackKind,
  FeedbackState,
  FeedbackSummary,
  IspFeedback,
} from './feedback-summary.ts';
export type { K6Metric, K6Summary } from './k6-summary.ts';
export type { MetricValue } from './metric-value.ts';
export type {
  IspReputation,
  RateSeries,
  RateSummary,
  StandingSeries,
  StandingSummary,
} from './reputation-summary.ts';

/** The whole result of a run. `summary.json` is this without `series`. */
export interface Summary {
  readonly schema: 1;
  readonly run: RunFacts;
  readonly verdict: Verdict;
  /** What limits the worth of the result: harness saturated, drain timed out, torn log, no seal. */
  readonly warnings: readonly string[];
  readonly thresholds: readonly ThresholdResult[];
  readonly totals: Totals;
  /** The driver's side: its loads, its connections, and how it was refused. */
  readonly injector: InjectorSummary;
  /** Recipients by outcome (DESIGN "Conservation"); the counts add up to `totals.injectedRecipients`. */
  readonly conservation: readonly OutcomeCount[];
  /** The recipients in question and their histories; null while the run goes on. */
  readonly evidence: Evidence | null;
  readonly isps: readonly IspSummary[];
  /** How mail left: from which virtual MTAs and sources, and whether that was asked for; null: there was no MTA. */
  readonly sources: SourcesSummary | null;
  /** What the MTA's own log says, beside what the ISPs saw; null: it tells nothing, or the run goes on. */
  readonly ownLog: OwnLogSummary | null;
  /** What came back of accepted mail; null: the scenario asks for nothing. */
  readonly feedback: FeedbackSummary | null;
  /** How the MTA adapted: one entry an ISP, and one for each source of it that was tried (DESIGN "Adaptation"). */
  readonly adaptation: readonly AdaptationSummary[];
  /** What the ISPs think of the sender: those that judge senders, or from which something comes back. */
  readonly reputation: readonly IspReputation[];
  /** What each fault of the MTA cost, in the scenario's order. */
  readonly faults: readonly FaultSummary[];
  /** Mail to recipients about whom there was bad news; absent: none came after it. */
  readonly suppression?: SuppressionSummary;
  readonly latency: readonly LatencySummary[];
  /** Every metric that a threshold can name, without tags; and those with tags that thresholds name, by their key. */
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** What k6 measured of the loads that it carried out; absent: it carried out none. */
  readonly k6?: K6Summary;
  /** The security checks that were made; absent: the scenario asks for none. */
  readonly checks?: readonly CheckResult[];
  readonly phases: readonly Phase[];
  readonly harness: HarnessLoad;
  readonly machine: Machine;
  readonly mta: MtaFacts;
}

export interface RunFacts {
  readonly id: string;
  readonly scenario: string;
  readonly file: string;
  /** The question that the scenario's opening comment asks, if it has one. */
  readonly question: string;
  readonly seed: number;
  readonly startedAt: string;
  /** From the first due injection to the end of the drain. */
  readonly durationSeconds: number;
  readonly loadSeconds: number;
  readonly command: string;
  readonly version: string;
  readonly lab: 'sealed' | 'loopback';
  readonly clockScale: number;
  readonly interrupted: boolean;
  /** A threshold with abortOnFail ended it. Absent: none did. */
  readonly aborted?: true;
  /** The run goes on, and nothing is final. Only the live page knows such a summary; none is ever written. */
  readonly running?: true;
}

export interface Verdict {
  readonly passed: boolean;
  readonly exitCode: number;
  /** One sentence for the head of the report. */
  readonly sentence: string;
}

/** What a security check of the MTA found. */
export interface CheckResult {
  /** As the scenario names it. */
  readonly name: string;
  readonly passed: boolean;
  readonly sentence: string;
  /** What was tried and what came of it, a line each. */
  readonly evidence: readonly string[];
}

export interface ThresholdResult {
  /** As written, selector included: `delivered{isp:yahoo}`. */
  readonly metric: string;
  readonly expression: string;
  /** What a limit relative to a baseline came to: `0.95 × 1,234/s = 1,172/s`. Absent for other limits. */
  readonly limitText?: string;
  readonly passed: boolean;
  /** null where the metric has no number ("no samples", "never"). */
  readonly actual: number | null;
  readonly actualText: string;
  /** Why and by how much, one line for people. */
  readonly sentence: string;
  /** It is about a metric of k6's (`k6.metrics`), and asked for by the scenario or by the user's script. Absent: about one of `metrics`. */
  readonly k6?: 'scenario' | 'script';
}

export interface InjectorSummary {
  readonly loads: readonly LoadSummary[];
  /** Connections of the driver that became ready for mail; refused with a reply; failed without; ended by the other side. */
  readonly opened: number;
  readonly refused: number;
  readonly failed: number;
  readonly lost: number;
  /** The most connections open at once. */
  readonly peak: number;
  /** Times that a message was refused for now and kept for another try. */
  readonly deferredInjections: number;
  readonly noops: number;
  readonly noopsFailed: number;
  /** Replies that refused or deferred messages, NOOPs and connections, by code; 0: there was no reply. */
  readonly refusals: readonly { readonly code: number; readonly count: number }[];
}

/** One load, and what came of it. */
export interface LoadSummary {
  readonly name: string;
  /** What it does, in a few words. */
  readonly text: string;
  readonly action: 'message' | 'noop';
  readonly connectionsOpened: number;
  readonly injected: number;
  /** Messages refused for good, or never confirmed. */
  readonly failed: number;
  /** Iterations that were due and never begun. */
  readonly dropped: number;
  readonly noops: number;
}

export interface Totals {
  readonly injectedMessages: number;
  readonly injectedRecipients: number;
  readonly refusedInjections: number;
  readonly unconfirmedInjections: number;
  readonly droppedIterations: number;
  readonly delivered: number;
  readonly throttled: number;
  readonly deferred: number;
  readonly rejected: number;
  readonly connectionsOpened: number;
  readonly transactions: number;
  /** Mean over the load, messages a second. */
  readonly injectedPerSecond: number;
  /** Mean from the first to the last delivery, recipients a second. */
  readonly deliveredPerSecond: number;
}

export type Outcome = 'delivered' | 'bounced' | 'expired' | 'pending' | 'lost' | 'unaccounted';

export interface OutcomeCount {
  readonly outcome: Outcome;
  readonly count: number;
  /** Sub-counts that are part of `count`, such as "bounced without a DSN" or "delivered twice by the MTA". */
  readonly notes: readonly { readonly name: string; readonly count: number }[];
}

/** Why a recipient's history is told (src/analysis/in-question.ts); all but `duplicated_unconfirmed` are metrics too. */
export type HistoryKind =
  | 'lost'
  | 'duplicated'
  | 'false_bounce'
  | 'missing_dsn'
  | 'unaccounted'
  | 'crash_duplicated'
  | 'duplicated_unconfirmed'
  | 'pending';

/** Recipients with whom something is wrong, or whose end is not known, and where their histories are. */
export interface Evidence {
  /** The file in the run's folder that has a history a line. */
  readonly file: string;
  /** Histories in it. */
  readonly histories: number;
  /** Those of them that lack records, since recording stopped or a file is damaged. */
  readonly incomplete: number;
  /** All kinds, the gravest first. A recipient can be of several. */
  readonly kinds: readonly EvidenceOfKind[];
}

export interface EvidenceOfKind {
  readonly kind: HistoryKind;
  /** Recipients of this kind. */
  readonly count: number;
  /** Those of them that are not in the file, since there are too many. */
  readonly leftOut: number;
  /** The first of them, at most 25, each with at most 12 attempts. */
  readonly sample: readonly RecipientHistory[];
}

/** All that was recorded of one recipient. Times are milliseconds since the load began. */
export interface RecipientHistory {
  readonly kinds: readonly HistoryKind[];
  readonly recipient: string;
  /** The message's number, as in its envelope sender (`b-<number>@…`) and in X-Windtunnel-Message. */
  readonly message: number;
  /** The recipient's place in the message, from 0, as in its address (`u<mailbox>.<slot>@…`). */
  readonly slot: number;
  readonly load: string;
  readonly isp: string;
  /** null: the MTA never confirmed the message, so that nothing is asked of it. */
  readonly outcome: Outcome | null;
  /** Each time that the message was to be handed to the MTA; about this recipient alone where it was refused alone. */
  readonly injections: readonly HistoryInjection[];
  /** In the order of time. Where some are left out, the first and the last ones. */
  readonly attempts: readonly HistoryAttempt[];
  readonly attemptsLeftOut: number;
  /** Notifications about it that the mailroom received (RFC 3464). */
  readonly dsns: readonly {
    readonly atMs: number;
    readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
  }[];
  /** What came back of it from the ISP that had accepted it, in the order recorded. */
  readonly feedback: readonly {
    readonly atMs: number;
    readonly kind: FeedbackKind;
    readonly state: FeedbackState;
  }[];
  /** What the MTA's queue listed at the end: the recipient, or a DSN about its message; null: neither. */
  readonly queued: 'recipient' | 'report' | null;
  /** Whether all is here that was counted; records may be missing. */
  readonly complete: boolean;
}

export interface HistoryInjection {
  /** When the schedule wanted it begun; when it was; when the MTA's reply was read, or given up. */
  readonly dueMs: number;
  readonly begunMs: number;
  readonly doneMs: number;
  readonly state: 'confirmed' | 'unconfirmed' | 'refused' | 'dropped' | 'deferred';
  /** The MTA's reply; null: none was read. */
  readonly code: number | null;
}

/** An attempt as the ISP saw it. */
export interface HistoryAttempt {
  readonly atMs: number;
  readonly isp: string;
  /** null: an address that is not one of the run's sources. */
  readonly source: string | null;
  /** Where in the dialogue it ended. */
  readonly stage: 'connect' | 'ehlo' | 'starttls' | 'mail' | 'rcpt' | 'data' | 'dot' | 'idle';
  readonly outcome: 'accepted' | 'throttled' | 'deferred' | 'rejected' | 'dropped' | 'abandoned';
  /** The ISP's reply by id, with its wording as an example, one entry a line; null: it gave none. */
  readonly reply: string | null;
  readonly code: number | null;
  readonly text: readonly string[] | null;
  /** It was accepted, and the MTA can't have read so. */
  readonly replyLost: boolean;
}

/**
 * A fault of the MTA, and what it cost, in recipients. Of those at risk each is one of meanwhile, delayed, pending, bounced,
 * expired, lost and unaccounted.
 */
export interface FaultSummary {
  /** Its number in the scenario, from 1. */
  readonly fault: number;
  readonly kind: 'kill' | 'pause' | 'disk' | 'dns';
  readonly label: string;
  readonly from: number;
  /** When it was over: of a killed MTA when it took mail again; null: not within the run. */
  readonly to: number | null;
  /** From the moment a killed MTA was started again until it took mail; null: it was not, or did not. */
  readonly restartSeconds: number | null;
  /** When the fault came, the MTA had confirmed their messages, and had neither delivered nor bounced them. */
  readonly atRisk: number;
  /** Delivered before the fault was over. */
  readonly meanwhile: number;
  /** Delivered when it was over; the last of them so long after the fault's begin, null: there were none. */
  readonly delayed: number;
  readonly longestDelaySeconds: number | null;
  readonly pending: number;
  readonly bounced: number;
  readonly expired: number;
  readonly lost: number;
  readonly unaccounted: number;
  /** Delivered before the MTA was killed, and again after it was started again. */
  readonly duplicated: number;
  /** Recipients of messages that the MTA refused, never confirmed, or was never handed, while the fault lasted. */
  readonly refused: number;
  readonly unconfirmed: number;
  readonly dropped: number;
}

export interface IspSummary {
  readonly id: string;
  readonly name: string;
  readonly recipients: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly attempts: number;
  readonly accepted: number;
  readonly throttled: number;
  readonly deferred: number;
  readonly rejected: number;
  readonly connectionsOpened: number;
  readonly connectionsRefused: number;
  /** Replies given, most frequent first. */
  readonly replies: readonly ReplyCount[];
  /** How many connections had so many transactions, in ranges from 1 up; those without any are left out. */
  readonly messagesPerConnection: readonly CountRange[];
  /** What it found out about the senders; null: it did not look. */
  readonly authentication: AuthenticationSummary | null;
}

export interface SourcesSummary {
  /** What was not as asked for, a sentence each; none: all was. */
  readonly findings: readonly string[];
  readonly isps: readonly IspSources[];
}

/** How mail left for one ISP. */
export interface IspSources {
  readonly isp: string;
  /** Recipients that were tried. Shares are of their first attempts. */
  readonly firstAttempts: number;
  /** First attempts from a virtual MTA that the message had not asked for, or from none. */
  readonly elsewhere: number;
  /** Recipient attempts from addresses that no virtual MTA has. */
  readonly foreignAttempts: number;
  /** Attempts after a recipient's first; those from another address; those of them from another virtual MTA. */
  readonly retries: number;
  readonly retriesFromOtherSource: number;
  readonly retriesFromOtherVmta: number;
  /** In the scenario's order; those that were neither asked for nor seen are left out. */
  readonly vmtas: readonly VmtaSources[];
  readonly unreachable: readonly UnreachableMail[];
}

/** A virtual MTA at an ISP. */
export interface VmtaSources {
  readonly vmta: string;
  /** The ISP has a mail host of a family of its sources. */
  readonly reaches: boolean;
  /** What messages and pools asked for, among those that can reach the ISP; null: nobody knows what they asked for. */
  readonly askedShare: number | null;
  readonly share: number;
  /** The least and the largest share that chance explains, where the weights of a pool decide. */
  readonly chance: readonly [number, number];
  /** It is beyond that, and by more than a twentieth of what was asked. */
  readonly off: boolean;
  readonly sources: readonly SourceUse[];
}

/** One address at an ISP: its share of first attempts, and all that came from it, in recipient attempts. */
export interface SourceUse {
  readonly source: string;
  readonly reaches: boolean;
  readonly share: number;
  readonly attempts: number;
  readonly accepted: number;
  readonly throttled: number;
  readonly deferred: number;
  readonly rejected: number;
  readonly connectionsOpened: number;
}

/** Mail that asked for virtual MTAs that can't reach its ISP. */
export interface UnreachableMail {
  /** The virtual MTA or the pool that it asked for. */
  readonly asked: string;
  readonly vmtas: readonly string[];
  /** `all`: nothing that it asked for reaches the ISP. `some`: others of the pool do, and only whom nobody tried counts. */
  readonly which: 'all' | 'some';
  readonly recipients: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

export interface OwnLogSummary {
  /** Entries about recipients of this run; about others; and those that could not be read. */
  readonly events: number;
  readonly others: number;
  readonly unreadable: number;
  /** Where log and ISPs disagree, a sentence each; none: nowhere. */
  readonly findings: readonly string[];
  readonly isps: readonly IspOwnLog[];
  /** Of reports that ISPs have sent to the MTA; none: none were, or they went past it. */
  readonly returned: readonly ReturnedReports[];
}

/** Reports of one kind that ISPs have sent to the MTA, in recipients that they are about. */
export interface ReturnedReports {
  readonly kind: 'complaint' | 'withdrawal' | 'bounce';
  /** Confirmed by the MTA. */
  readonly sent: number;
  /** Of these its log tells that it was read; null: it tells nothing of this kind. */
  readonly processed: number | null;
  /** The log tells of them, and no ISP has sent them. */
  readonly unasked: number;
}

/** Recipients of an ISP, as the MTA's log tells of them and as the ISP saw them. */
export interface IspOwnLog {
  readonly isp: string;
  /** Delivered, the log says; accepted, the ISP says. */
  readonly delivered: number;
  readonly accepted: number;
  /** Given up, the log says (bounced or expired); refused with 5xx and never accepted, the ISP says. */
  readonly bounced: number;
  readonly rejected: number;
  /** Delivered, says the log, and the ISP never accepted it. */
  readonly falselyDelivered: number;
  /** The ISP accepted it, and the log tells of no delivery. */
  readonly untold: number;
  /** Given up, says the log, and the ISP has accepted it. */
  readonly falselyBounced: number;
  /** The log names another source than the one that the ISP saw. */
  readonly wrongSource: number;
}

/** How many values lie from `from` to `to`, both included; `to` null: any above. */
export interface CountRange {
  readonly from: number;
  readonly to: number | null;
  readonly count: number;
}

/** How many messages an ISP looked at (SPF, DKIM, DMARC and what else its rules ask), and what was wrong with them. */
export interface AuthenticationSummary {
  /** `every`: a fault has the consequences that the ISP's rules name. */
  readonly check: 'every' | 'sampled';
  readonly checked: number;
  readonly passed: number;
  /** Those that could not be judged: too large, or not to be read. */
  readonly unread: number;
  /** Faults by the ISP's rule; each message counts for the first that holds. */
  readonly byRule: Readonly<Record<string, number>>;
}

export interface ReplyCount {
  readonly id: string;
  readonly stage: string;
  readonly code: number;
  readonly enhanced: string | null;
  readonly class: 'accepted' | 'throttled' | 'deferred' | 'rejected';
  /** The wording as sent, one entry a line, placeholders filled in as an example. */
  readonly text: readonly string[];
  readonly count: number;
  /** Where the wording is from, and how sure that is. */
  readonly source: string;
  readonly mark: 'documented' | 'observed' | 'assumed';
}

export interface LatencySummary {
  /** `injection` (from the intended time), `injection service time` (from the first byte), `delivery`, `delivery to gmail` … */
  readonly name: string;
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** HDR percentile curve: pairs of (percentile 0..100, milliseconds), at most 200. */
  readonly curve: readonly (readonly [number, number])[];
}

/** What the MTA did with mail to recipients about whom there was bad news. */
export interface SuppressionSummary {
  /** By ISP and kind of news; those to whom mail came. */
  readonly groups: readonly SuppressionGroup[];
}

/** Mail after one kind of news at one ISP. */
export interface SuppressionGroup {
  readonly isp: string;
  /** `withdrawal`: a complaint was taken back, so that mail is right again. */
  readonly news: 'bounce' | 'complaint' | 'unsubscribe' | 'withdrawal';
  /** Recipients to whom a message came after it. */
  readonly recipients: number;
  /** Of these: the last message did not reach the ISP. */
  readonly suppressed: number;
  /** From the news to the last attempt for a message after it, of those suppressed; null: there are none, or it is no bad news. */
  readonly delay: { readonly medMs: number; readonly maxMs: number } | null;
  /**
   * Messages after the news. `refused` when they were handed over; `suppressed`: taken and never tried; `sent`: tried at the
   * ISP; `pending`: still queued at the end; `unknown`: the MTA never had them, or nobody knows.
   */
  readonly messages: {
    readonly refused: number;
    readonly suppressed: number;
    readonly sent: number;
    readonly pending: number;
    readonly unknown: number;
  };
  /** Recipient attempts at the ISP for them. */
  readonly attempts: number;
}

export interface Phase {
  readonly name: 'warmup' | 'baseline' | 'incident' | 'recovery';
  readonly from: number;
  readonly to: number;
  /** Incidents only: the number in the scenario, from 1; what changed, for whom. */
  readonly incident?: number;
  readonly isp?: string;
  readonly label?: string;
  /** Faults of the MTA only, in place of `incident`: the number in the scenario, from 1. */
  readonly fault?: number;
}

/** What the harness measured of itself. Pace and delays are of the load alone, without warm-up and drain. */
export interface HarnessLoad {
  readonly workers: readonly WorkerLoad[];
  /** Length of the part of the load that the workers are judged by. */
  readonly judgedSeconds: number;
  /** Iterations begun more than 10 ms after they were due. */
  readonly lateInjections: number;
  /** Those of them that began while their worker of the driver was busy; the others waited for a free connection. */
  readonly lateWhileBusy: number;
  /** Why the harness, not the MTA, may have set the pace, a sentence for each reason. Empty: it did not. */
  readonly limits: readonly string[];
  /** Memory of the processes of a side where that side held more than 1,000 sessions. */
  readonly sessions: readonly {
    readonly side: 'driver' | 'isps';
    /** The most sessions open at once. */
    readonly peak: number;
    /** Of the side's processes together, each at its largest. */
    readonly residentBytes: number;
  }[];
}

/** One process of the harness. A delay is the 99th percentile of a second; CPU is a share of one core. */
export interface WorkerLoad {
  readonly name: string;
  readonly meanCpu: number;
  readonly maxCpu: number;
  /** Share of a second in which its event loop had work, also while that waited for a processor. */
  readonly maxLoopUse: number;
  readonly medianLoopDelayMs: number;
  readonly maxLoopDelayMs: number;
  /** Seconds with more than 90 % of a core or of the event loop in use, or with a delay above 50 ms. */
  readonly busySeconds: number;
  /** Over the whole run; 0: not sampled. */
  readonly maxResidentBytes: number;
}

export interface Machine {
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
}

export interface MtaFacts {
  readonly adapter: string;
  readonly version: string;
  readonly sources: readonly string[];
  /** Name and content of each configuration file that the run generated. */
  readonly config: readonly { readonly name: string; readonly text: string }[];
  /** The end of its log, if it ended before it was told to. */
  readonly lastLines?: readonly string[];
}

/** The timeline, drawn by the report and written to timeline.csv. All arrays have the length of `t`. */
export interface Series {
  /** Length of a bucket in seconds. */
  readonly bucketSeconds: number;
  /** Start of each bucket, seconds since the load began. */
  readonly t: readonly number[];
  /** Injected messages a second. */
  readonly injected: readonly number[];
  /** Connections that the driver held open. */
  readonly injectorConnections: readonly number[];
  /** Recipients or messages in the MTA's queue; null where it was not sampled. */
  readonly queueDepth: readonly (number | null)[];
  /** Seconds since the oldest deliverable message was due that was not delivered yet; null: none waited. */
  readonly queueAge: readonly (number | null)[];
  readonly isps: readonly IspSeries[];
  /** Replies a second by SMTP code over all ISPs, such as "250", "421", "550". */
  readonly codes: readonly { readonly code: string; readonly perSecond: readonly number[] }[];
  /** Delivery latency by the moment of delivery; null where nothing was delivered. */
  readonly deliveryP50Ms: readonly (number | null)[];
  readonly deliveryP99Ms: readonly (number | null)[];
}

/** Recipient attempts a second at one ISP. */
export interface IspSeries {
  readonly id: string;
  readonly name: string;
  /** The most that the ISP would take a second, sustained; null = no limit applies. */
  readonly allowance: readonly (number | null)[];
  /** The same as if the sender had never earned a penalty or lost reputation. */
  readonly allowanceUnpunished: readonly (number | null)[];
  readonly attempts: readonly number[];
  readonly accepted: readonly number[];
  readonly throttled: readonly number[];
  readonly deferred: readonly number[];
  readonly rejected: readonly number[];
  readonly connectionsOpen: readonly number[];
  /** Complaints a second, by the moment at which the user complained. */
  readonly complaints: readonly number[];
  /** Transactions a second that a perfect sender would have had accepted (O in DESIGN "Adaptation"). */
  readonly perfect: readonly number[];
  /** Replies a second by reply id, refused connections included; most frequent first. */
  readonly replies: readonly { readonly id: string; readonly perSecond: readonly number[] }[];
  /** By source, those that were tried; most attempts first. Left empty with a single source. */
  readonly sources: readonly SourceSeries[];
  /** What the ISP thinks of sources and domains, the lowest first. */
  readonly standings: readonly StandingSeries[];
  /** How many complained, the worst first. */
  readonly spamRates: readonly RateSeries[];
}

/** Recipient attempts a second from one source at one ISP. */
export interface SourceSeries {
  readonly source: string;
  readonly allowance: readonly (number | null)[];
  readonly attempts: readonly number[];
  readonly accepted: readonly number[];
  readonly throttled: readonly number[];
}
