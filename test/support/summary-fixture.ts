import { createPrng, Purpose } from '../../src/core/prng.ts';
import type { Dialogue } from '../../src/report/dialogue.ts';
import type {
  AdaptationSummary,
  IncidentScores,
  IspSeries,
  IspSummary,
  LatencySummary,
  Outcome,
  OutcomeCount,
  ReplyCount,
  Series,
  SourceSeries,
  Summary,
  WorkerLoad,
} from '../../src/report/summary.ts';
import { adaptationScores, perfectSender, splitBySource } from './adaptation-fixture.ts';
import { evidenceFixture, evidenceOf } from './evidence-fixture.ts';
import { feedbackFixture } from './feedback-fixture.ts';
import { reputationFixture, reputationOver } from './reputation-fixture.ts';
import { evenSources, trueLog } from './sources-fixture.ts';

/** A run's result as a report takes it. */
export interface ReportFixture {
  readonly summary: Summary;
  readonly series: Series;
  readonly dialogues?: readonly Dialogue[];
}

const WARMUP = 10;
const INCIDENT = { from: 20, to: 50, label: 'ip-rate 40/s for 198.18.128.1' };
const LOAD = 90;
const SECONDS = 104;

/** How the fixture's MTA and an ISP meet: recipients a second, and the kinds of reply that come out. */
interface Model {
  readonly id: string;
  readonly name: string;
  readonly share: number;
  readonly allowance: (second: number) => number | null;
  readonly replies: {
    readonly accepted: ReplyFacts;
    readonly throttled: ReplyFacts;
    readonly deferred: ReplyFacts;
    readonly rejected: ReplyFacts;
  };
}
type ReplyFacts = Omit<ReplyCount, 'count' | 'class'>;

/**
 * A run of 90 seconds at 300 messages a second against three ISPs, in which Gmail lowers its allowance from
 * second 20 to 50. The numbers come from a small model of an MTA that backs off and recovers, so they add up.
 */
export function summaryFixture(): ReportFixture {
  const runs = MODELS.map(simulate);
  const seconds = Array.from({ length: SECONDS }, (_, t) => t);
  const perSecond = (value: (run: Simulated, t: number) => number): number[] =>
    seconds.map((t) => runs.reduce((total, run) => total + value(run, t), 0));
  const series: Series = {
    bucketSeconds: 1,
    t: seconds,
    injected: perSecond((run, t) => run.arrivals[t] as number),
    injectorConnections: seconds.map((t) => (t < LOAD ? 40 : 0)),
    queueDepth: perSecond((run, t) => run.backlog[t] as number),
    queueAge: seconds.map((t) => (waiting(runs, t) === 0 ? null : round(1 + 1.4 * waiting(runs, t)))),
    isps: runs.map((run) => run.series),
    codes: ['250', '421', '452', '550'].map((code) => ({
      code,
      perSecond: seconds.map((t) => runs.reduce((total, run) => total + codeAt(run, code, t), 0)),
    })),
    deliveryP50Ms: seconds.map((t) => (delivered(runs, t) === 0 ? null : round(38 + waiting(runs, t) * 120))),
    deliveryP99Ms: seconds.map((t) =>
      delivered(runs, t) === 0 ? null : round(210 + waiting(runs, t) * 1400),
    ),
  };
  return { summary: summarize(runs, series), series, dialogues: DIALOGUES };
}

const NO_INJECTION = {
  opened: 0,
  refused: 0,
  failed: 0,
  lost: 0,
  peak: 0,
  deferredInjections: 0,
  noops: 0,
  noopsFailed: 0,
  refusals: [],
};

/**
 * The fixture's run as one that holds 2,000 sessions at the ISPs and sends no mail; the MTA is none, and 7 sessions
 * were refused.
 */
export function sessionsFixture(): ReportFixture {
  const { summary, series } = summaryFixture();
  const { summary: empty } = emptyFixture();
  const held = series.t.map((t) => (t < LOAD ? Math.min(2000, t * 100) : 0));
  const nothing = series.t.map(() => 0);
  const [connect, noop] = ['connect', 'NOOP'].map((name, i) =>
    latencySummary([name, 3 + i, 20], i === 0 ? 2000 : 60_000),
  ) as [LatencySummary, LatencySummary];
  return {
    summary: {
      ...summary,
      totals: empty.totals,
      warnings: [],
      thresholds: [threshold('injection_connections', 'max>=2000', true, 2000, '2,000')],
      verdict: { passed: true, exitCode: 0, sentence: 'The threshold holds.' },
      injector: {
        ...NO_INJECTION,
        loads: [
          {
            name: 'default',
            text: 'ramping-vus, 90 s, 2,000 connections, NOOP only, 2 s between iterations',
            action: 'noop',
            connectionsOpened: 2000,
            injected: 0,
            failed: 0,
            dropped: 0,
            noops: 60_000,
          },
        ],
        opened: 2000,
        refused: 7,
        peak: 2000,
        noops: 60_000,
        refusals: [{ code: 421, count: 7 }],
      },
      conservation: empty.conservation,
      evidence: empty.evidence,
      isps: summary.isps.map((isp) => ({
        ...isp,
        recipients: 0,
        outcomes: { delivered: 0, bounced: 0, expired: 0, pending: 0, lost: 0, unaccounted: 0 },
        attempts: 0,
        accepted: 0,
        throttled: 0,
        deferred: 0,
        rejected: 0,
        connectionsOpened: isp.id === 'gmail' ? 2007 : 0,
        connectionsRefused: isp.id === 'gmail' ? 7 : 0,
        replies: isp.id === 'gmail' ? isp.replies.slice(1, 2).map((reply) => ({ ...reply, count: 7 })) : [],
        messagesPerConnection: [],
        authentication: null,
      })),
      sources: null,
      ownLog: null,
      feedback: null,
      adaptation: [],
      reputation: [],
      faults: [],
      latency: [connect, noop],
      phases: [],
      harness: {
        ...summary.harness,
        sessions: [
          { side: 'driver', peak: 2000, residentBytes: 96 * 1024 ** 2 },
          { side: 'isps', peak: 2000, residentBytes: 90 * 1024 ** 2 },
        ],
      },
      mta: empty.mta,
    },
    series: {
      ...series,
      injected: nothing,
      injectorConnections: held,
      queueDepth: series.t.map(() => null),
      isps: series.isps.map((isp) => ({
        ...isp,
        attempts: nothing,
        accepted: nothing,
        throttled: nothing,
        deferred: nothing,
        rejected: nothing,
        connectionsOpen: isp.id === 'gmail' ? held : nothing,
        complaints: nothing,
        perfect: nothing,
        replies: [],
        sources: [],
        standings: [],
        spamRates: [],
      })),
      codes: [],
      deliveryP50Ms: series.t.map(() => null),
      deliveryP99Ms: series.t.map(() => null),
    },
  };
}

/** A run in which nothing happened: no ISP, no threshold, no MTA, no load, one bucket. */
export function emptyFixture(): ReportFixture {
  const { summary } = summaryFixture();
  const none = { refusedInjections: 0, unconfirmedInjections: 0, droppedIterations: 0, transactions: 0 };
  return {
    summary: {
      ...summary,
      run: { ...summary.run, question: '', interrupted: true, durationSeconds: 0.4, loadSeconds: 0 },
      verdict: {
        passed: false,
        exitCode: 105,
        sentence: 'Interrupted; this is what was recorded until then.',
      },
      warnings: [],
      thresholds: [],
      totals: {
        ...none,
        injectedMessages: 0,
        injectedRecipients: 0,
        delivered: 0,
        throttled: 0,
        deferred: 0,
        rejected: 0,
        connectionsOpened: 0,
        injectedPerSecond: 0,
        deliveredPerSecond: 0,
      },
      conservation: summary.conservation.map(({ outcome }) => ({ outcome, count: 0, notes: [] })),
      evidence: evidenceOf([], {}),
      isps: [],
      sources: null,
      ownLog: null,
      feedback: null,
      adaptation: [],
      reputation: [],
      faults: [],
      latency: [],
      metrics: {},
      phases: [],
      injector: { ...summary.injector, loads: [], ...NO_INJECTION },
      harness: {
        workers: [],
        judgedSeconds: 0,
        lateInjections: 0,
        lateWhileBusy: 0,
        limits: [],
        sessions: [],
      },
      mta: { adapter: 'none', version: '', sources: [], config: [] },
    },
    series: {
      bucketSeconds: 1,
      t: [0],
      injected: [0],
      injectorConnections: [0],
      queueDepth: [null],
      queueAge: [null],
      isps: [],
      codes: [],
      deliveryP50Ms: [null],
      deliveryP99Ms: [null],
    },
  };
}

/** A run of many buckets against 12 ISPs from 64 sources: the fixture's run, repeated. */
export function largeFixture(buckets: number): ReportFixture {
  const { summary, series, dialogues = [] } = summaryFixture();
  const long = <T>(values: readonly T[]): T[] =>
    Array.from({ length: buckets }, (_, i) => values[i % SECONDS] as T);
  const twelve = <T extends { readonly id: string; readonly name: string }>(isps: readonly T[]): T[] =>
    Array.from({ length: 12 }, (_, i) => {
      const isp = isps[i % isps.length] as T;
      return { ...isp, id: `${isp.id}${i}`, name: `${isp.name} ${i}` };
    });
  return {
    summary: {
      ...summary,
      run: { ...summary.run, durationSeconds: buckets, loadSeconds: buckets - 10 },
      isps: twelve(summary.isps),
      sources: evenSources(twelve(summary.isps), LARGE_SOURCES),
      adaptation: twelve(summary.isps).flatMap(({ id }, i) => largeScores(summary, id, i)),
      reputation: twelve(summary.reputation.map((one) => ({ ...one, id: one.isp, name: one.isp }))).map(
        ({ id, name: _, ...one }) => ({ ...one, isp: id }),
      ),
      mta: { ...summary.mta, sources: LARGE_SOURCES },
    },
    series: {
      bucketSeconds: 1,
      t: Array.from({ length: buckets }, (_, i) => i),
      injected: long(series.injected),
      injectorConnections: long(series.injectorConnections),
      queueDepth: long(series.queueDepth),
      queueAge: long(series.queueAge),
      isps: twelve(series.isps).map((isp) => ({
        ...isp,
        allowance: long(isp.allowance),
        allowanceUnpunished: long(isp.allowanceUnpunished),
        attempts: long(isp.attempts),
        accepted: long(isp.accepted),
        throttled: long(isp.throttled),
        deferred: long(isp.deferred),
        rejected: long(isp.rejected),
        connectionsOpen: long(isp.connectionsOpen),
        complaints: long(isp.complaints),
        perfect: long(isp.perfect),
        replies: isp.replies.map(({ id, perSecond }) => ({ id, perSecond: long(perSecond) })),
        sources: LARGE_SOURCES.map((source, i) =>
          largeSource(isp.sources[i % 3] as SourceSeries, source, long),
        ),
        standings: isp.standings.map((one) => ({ ...one, score: long(one.score) })),
        spamRates: isp.spamRates.map((one) => ({ ...one, rate: long(one.rate) })),
      })),
      codes: series.codes.map(({ code, perSecond }) => ({ code, perSecond: long(perSecond) })),
      deliveryP50Ms: long(series.deliveryP50Ms),
      deliveryP99Ms: long(series.deliveryP99Ms),
    },
    dialogues: twelve(summary.isps).flatMap(({ id }) => dialogues.map((one) => largeDialogue(one, id))),
  };
}

const LARGE_SOURCES = Array.from({ length: 64 }, (_, i) => `198.18.128.${i}`);

/** A source of the large run, each a little slower than the one before. */
function largeSource(
  { allowance, attempts, accepted, throttled }: SourceSeries,
  source: string,
  long: <T>(values: readonly T[]) => T[],
): SourceSeries {
  const factor = 1 + LARGE_SOURCES.indexOf(source) / 10;
  const slower = (values: readonly number[]): number[] => long(values.map((value) => round(value / factor)));
  return {
    source,
    allowance: long(allowance),
    attempts: slower(attempts),
    accepted: slower(accepted),
    throttled: slower(throttled),
  };
}

/** A dialogue as long as one can be. */
function largeDialogue(dialogue: Dialogue, isp: string): Dialogue {
  const lines = Array.from({ length: 72 }, (_, i) => dialogue.lines[i % dialogue.lines.length]);
  return { ...dialogue, isp, lines: lines as Dialogue['lines'][number][] };
}

/** Scores of one of the large run's ISPs and of each of its sources. */
function largeScores({ adaptation, isps }: Summary, id: string, place: number): AdaptationSummary[] {
  const own = adaptation.filter(({ isp }) => isp === isps[place % isps.length]?.id);
  const bySource = own.filter(({ source }) => source !== null);
  const sources = bySource.length > 0 ? LARGE_SOURCES : [];
  return [
    ...own.filter(({ source }) => source === null),
    ...sources.map((source, i) => ({ ...(bySource[i % bySource.length] as AdaptationSummary), source })),
  ].map((scores) => ({ ...scores, isp: id }));
}

interface Simulated {
  readonly model: Model;
  readonly arrivals: number[];
  readonly backlog: number[];
  readonly series: IspSeries & { readonly [K in 'attempts' | 'accepted']: number[] };
}

function simulate(model: Model, index: number): Simulated {
  const prng = createPrng(42);
  const arrivals: number[] = [];
  const backlog: number[] = [];
  const allowance: (number | null)[] = [];
  const attempts: number[] = [];
  const accepted: number[] = [];
  const throttled: number[] = [];
  const deferred: number[] = [];
  const rejected: number[] = [];
  const connectionsOpen: number[] = [];
  const complaints: number[] = [];
  const fastest = 215 * model.share * 2;
  let waiting = 0;
  let pace = fastest;
  for (let t = 0; t < SECONDS; t++) {
    const noise = prng.chance(Purpose.messageSize, t, index);
    const load = t < LOAD ? Math.min(300, 50 + 25 * t) : 0;
    const arriving = Math.round(load * model.share);
    const allowed = model.allowance(t);
    const tried = Math.min(waiting + arriving, Math.round(pace * (0.94 + 0.12 * noise)));
    const bad = Math.round(tried * 0.008 * (1 + noise));
    const full = Math.round(tried * 0.004 * noise);
    const room = allowed === null ? tried : Math.round(allowed);
    const good = Math.min(tried - bad - full, room);
    const refused = tried - bad - full - good;
    waiting += arriving - good - bad;
    pace = refused > 0 ? Math.max(6, pace * 0.93) : Math.min(fastest, pace * 1.07 + 0.5);
    arrivals.push(arriving);
    backlog.push(waiting);
    allowance.push(allowed);
    attempts.push(tried);
    accepted.push(good);
    throttled.push(refused);
    deferred.push(full);
    rejected.push(bad);
    connectionsOpen.push(Math.ceil(tried / 12));
    complaints.push(good > 0 && t % (index === 1 ? 3 : 11) === 2 ? 1 : 0);
  }
  const { id, name } = model;
  const counted = { attempts, accepted, throttled, deferred, rejected, connectionsOpen, complaints };
  // Nobody is punished here.
  const series = {
    id,
    name,
    allowance,
    allowanceUnpunished: allowance,
    ...counted,
    perfect: perfectSender(arrivals, backlog, allowance, [WARMUP, INCIDENT.from, INCIDENT.to]),
    replies: (['accepted', 'throttled', 'rejected', 'deferred'] as const)
      .map((kind) => ({ id: model.replies[kind].id, perSecond: counted[kind] }))
      .filter(({ perSecond }) => sum(perSecond) > 0),
    sources: splitBySource({ allowance, ...counted, perfect: [] }, SOURCES),
    ...reputationOver(id, accepted),
  };
  return { model, arrivals, backlog, series };
}

/** Addresses of the MTA, and their shares of the attempts. */
const SOURCES = [
  ['198.18.128.1', 0.5],
  ['198.18.128.2', 0.3],
  ['2001:2:0:1::1', 0.2],
] as const;

/** Scores of each ISP, and of the sources at the first, with every word that there is. */
function adaptation(runs: readonly Simulated[]): AdaptationSummary[] {
  return runs.flatMap((run, i) => {
    const { id } = run.model;
    const incidents = i === 0 ? [INCIDENT] : [];
    const all = adaptationScores(id, null, run, incidents);
    if (i > 0) return [all];
    const sources = run.series.sources.map(({ source, ...own }, place) => {
      const share = SOURCES[place]?.[1] ?? 0;
      const part = (values: readonly number[]): number[] => values.map((value) => value * share);
      const series = { ...own, perfect: part(run.series.perfect) };
      const flight = { arrivals: part(run.arrivals), backlog: part(run.backlog), series };
      return adaptationScores(id, source, flight, incidents, SOURCE_WORDS[place]);
    });
    return [all, ...sources];
  });
}

/** Dialogues at the first ISP: one that went well, and one that was throttled. */
const DIALOGUES: readonly Dialogue[] = [
  {
    isp: 'gmail',
    source: '198.18.128.1',
    at: 0.4,
    answers: [{ outcome: 'accepted', reply: 'ok' }],
    lines: [
      [0, 'S', '220 mx.google.com ESMTP d9443c01a7336 - gsmtp'],
      [3, 'C', 'EHLO mta.news.sender.test'],
      [3, 'S', '250-mx.google.com at your service, [198.18.128.1]'],
      [3, 'S', '250 PIPELINING'],
      [11, 'C', 'MAIL FROM:<b-1@news.sender.test>'],
      [11, 'S', '250 2.1.0 OK d9443c01a7336 - gsmtp'],
      [21, 'C', '(2,225 bytes of a message)'],
      [22, 'S', '250 2.0.0 OK  1720949400 d9443c01a7336 - gsmtp'],
      [23, '-', 'closed'],
    ],
  },
  {
    isp: 'gmail',
    source: '198.18.128.2',
    at: 20.1,
    answers: [
      { outcome: 'accepted', reply: 'ok' },
      { outcome: 'throttled', reply: 'ip-rate' },
      { outcome: 'dropped', reply: null },
    ],
    lines: [
      [0, 'S', '220 mx.google.com ESMTP d9443c01a7336 - gsmtp'],
      [1204, '-', '120 lines left out'],
      [1204, 'S', '421-4.7.28 [198.18.128.2      15] Our system has detected an unusual rate of'],
      [1204, 'S', '421 4.7.28 unsolicited mail originating from your IP address. - gsmtp'],
      [1210, '-', 'closed'],
    ],
  },
];

const NO_MARKS = { throttled: null, settled: null, recovered: null, drained: null };

const SOURCE_WORDS: readonly Partial<IncidentScores>[] = [
  { collateral: 'not applicable' },
  {
    collateral: 'not applicable',
    reactionSeconds: 'never',
    marks: { ...NO_MARKS, throttled: 20, recovered: 68 },
  },
  {
    collateral: 'not applicable',
    reactionSeconds: 'not applicable',
    firstBackoffSeconds: 'not applicable',
    overshootRatio: null,
    recoverySeconds: 'not reached',
    marks: NO_MARKS,
  },
];

function summarize(runs: readonly Simulated[], series: Series): Summary {
  const isps = runs.map(ispSummary);
  const total = (value: (isp: IspSummary) => number): number =>
    isps.reduce((all, isp) => all + value(isp), 0);
  const injected = total((isp) => isp.recipients);
  const delivered = total((isp) => isp.accepted);
  const attempts = total((isp) => isp.attempts);
  const throttled = total((isp) => isp.throttled);
  const gmail = isps[0] as IspSummary;
  const wasted = gmail.throttled / gmail.attempts;
  const deliveries = [delivered, ...isps.map((isp) => isp.accepted)];
  const latency = LATENCIES.map((shape, i) =>
    latencySummary(shape, i < 2 ? injected : (deliveries[i - 2] ?? 0)),
  );
  return {
    schema: 1,
    run: {
      id: '2026-07-14T09-30-00-gmail-rate-limit-on-one-source',
      scenario: 'gmail rate limit on one source',
      file: 'scenarios/gmail-rate-limit.yaml',
      question:
        'Does the MTA slow down at Gmail when Gmail rate-limits one source, leave Yahoo and Outlook alone, and come back afterwards?',
      seed: 42,
      startedAt: '2026-07-14T09:30:00.000Z',
      durationSeconds: SECONDS,
      loadSeconds: LOAD,
      command: 'windtunnel run scenarios/gmail-rate-limit.yaml --seed 42',
      version: '0.1.0',
      lab: 'sealed',
      clockScale: 60,
      interrupted: false,
    },
    verdict: {
      passed: false,
      exitCode: 99,
      sentence: `2 of 6 thresholds failed; first: wasted_attempts{isp:gmail}: rate is ${percent(wasted)}, 5.7 % above what rate<0.05 asks (limit 5 %)`,
    },
    warnings: ['The queue was not empty when the drain timed out; what was left in it is pending.'],
    thresholds: [
      threshold('injection_duration', 'p(99)<250', true, 35.9, '35.9 ms'),
      threshold('delivered{isp:yahoo,phase:incident}', 'rate>80', true, 89.1, '89.1/s'),
      threshold('wasted_attempts{isp:gmail}', 'rate<0.05', false, wasted, percent(wasted)),
      threshold('lost', 'count==0', true, 0, '0'),
      threshold('duplicated', 'count==0', true, 0, '0'),
      threshold('messages_per_connection{isp:outlook}', 'avg>20', false, null, 'no samples'),
    ],
    totals: {
      injectedMessages: injected,
      injectedRecipients: injected,
      refusedInjections: 0,
      unconfirmedInjections: 0,
      droppedIterations: 0,
      delivered,
      throttled,
      deferred: total((isp) => isp.deferred),
      rejected: total((isp) => isp.rejected),
      connectionsOpened: total((isp) => isp.connectionsOpened),
      transactions: attempts,
      injectedPerSecond: injected / LOAD,
      deliveredPerSecond: delivered / SECONDS,
    },
    injector: {
      loads: [
        {
          name: 'default',
          text: 'constant-arrival-rate, 90 s, 40 connections',
          action: 'message',
          connectionsOpened: 42,
          injected,
          failed: 0,
          dropped: 0,
          noops: 0,
        },
      ],
      opened: 42,
      refused: 1,
      failed: 0,
      lost: 2,
      peak: 40,
      deferredInjections: 3,
      noops: 0,
      noopsFailed: 0,
      refusals: [
        { code: 451, count: 3 },
        { code: 421, count: 2 },
        { code: 554, count: 1 },
      ],
    },
    conservation: OUTCOMES.map((outcome) =>
      outcomeCount(
        outcome,
        total((isp) => isp.outcomes[outcome]),
      ),
    ),
    evidence: evidenceFixture(),
    isps,
    sources: evenSources(
      isps,
      SOURCES.map(([source]) => source),
    ),
    ownLog: trueLog(isps),
    feedback: feedbackFixture(isps, series.isps),
    adaptation: adaptation(runs),
    reputation: reputationFixture(series.isps),
    faults: [],
    latency,
    metrics: {
      delivered: { kind: 'counter', count: delivered, rate: delivered / SECONDS },
      wasted_attempts: { kind: 'rate', rate: throttled / attempts, passes: throttled, total: attempts },
      queue_depth: {
        kind: 'gauge',
        value: series.queueDepth.at(-1) ?? 0,
        min: 0,
        max: Math.max(...series.queueDepth.map((depth) => depth ?? 0)),
      },
      injection_duration: {
        kind: 'trend',
        count: injected,
        avg: 9.4,
        min: 1.9,
        med: 6.2,
        max: 77.9,
        p90: 18.4,
        p95: 23.6,
        p99: 35.9,
      },
    },
    phases: [
      { name: 'warmup', from: 0, to: WARMUP },
      { name: 'baseline', from: WARMUP, to: INCIDENT.from },
      { name: 'incident', ...INCIDENT, isp: 'gmail' },
      { name: 'recovery', from: INCIDENT.to, to: LOAD },
    ],
    harness: {
      workers: [
        workerLoad('lab', 0.12, 3.1, 82),
        workerLoad('driver', 0.31, 11.8, 96),
        workerLoad('isps', 0.22, 6.4, 90),
      ],
      judgedSeconds: LOAD - WARMUP,
      lateInjections: 17,
      lateWhileBusy: 0,
      limits: [],
      sessions: [],
    },
    machine: {
      cpus: 2,
      cpuModel: 'AMD EPYC 7763 64-Core Processor',
      memoryBytes: 8 * 1024 ** 3,
      platform: 'linux',
      node: 'v20.20.2',
    },
    mta: {
      adapter: 'haraka',
      version: 'Haraka 3.3.4',
      sources: SOURCES.map(([source]) => source),
      config: [
        { name: 'config/smtp.ini', text: 'listen=198.18.0.1:25\nnodes=0\n' },
        {
          name: 'config/outbound.ini',
          text: 'concurrency_max=200\nenable_tls=false\ntemp_fail_intervals=1s,5s,15s\n',
        },
      ],
    },
  };
}

/** A worker that was never busy. */
function workerLoad(name: string, meanCpu: number, maxLoopDelayMs: number, mebibytes: number): WorkerLoad {
  return {
    name,
    meanCpu,
    maxCpu: round(meanCpu * 1.5),
    maxLoopUse: round(meanCpu * 2),
    medianLoopDelayMs: round(maxLoopDelayMs / 4),
    maxLoopDelayMs,
    busySeconds: 0,
    maxResidentBytes: mebibytes * 1024 ** 2,
  };
}

const OUTCOMES: readonly Outcome[] = ['delivered', 'bounced', 'expired', 'pending', 'lost', 'unaccounted'];

function ispSummary({ model, arrivals, backlog, series }: Simulated): IspSummary {
  const attempts = sum(series.attempts);
  const counts = {
    accepted: sum(series.accepted),
    throttled: sum(series.throttled),
    deferred: sum(series.deferred),
    rejected: sum(series.rejected),
  };
  const replies = (['accepted', 'throttled', 'deferred', 'rejected'] as const)
    .map((kind): ReplyCount => ({ ...model.replies[kind], class: kind, count: counts[kind] }))
    .filter((reply) => reply.count > 0)
    .sort((a, b) => b.count - a.count);
  return {
    id: model.id,
    name: model.name,
    recipients: sum(arrivals),
    outcomes: {
      delivered: counts.accepted,
      bounced: counts.rejected,
      expired: 0,
      pending: backlog.at(-1) ?? 0,
      lost: 0,
      unaccounted: 0,
    },
    attempts,
    ...counts,
    connectionsOpened: Math.ceil(attempts / 12),
    connectionsRefused: model.id === 'gmail' ? 31 : 0,
    replies,
    messagesPerConnection: [
      { from: 1, to: 1, count: 12 },
      { from: 2, to: 2, count: 0 },
      { from: 3, to: 5, count: 31 },
      { from: 6, to: 10, count: 208 },
      { from: 11, to: 20, count: Math.ceil(attempts / 12) - 251 },
    ],
    authentication:
      model.id === 'outlook'
        ? null
        : { check: 'sampled', checked: 180, passed: 175, unread: 1, byRule: { 'no-spf': 4, 'no-ptr': 0 } },
  };
}

function outcomeCount(outcome: Outcome, count: number): OutcomeCount {
  const notes: Partial<Record<Outcome, OutcomeCount['notes']>> = {
    delivered: [{ name: 'delivered more than once', count: 0 }],
    bounced: [{ name: 'without a DSN', count: 3 }],
  };
  return { outcome, count, notes: notes[outcome] ?? [] };
}

function threshold(
  metric: string,
  expression: string,
  passed: boolean,
  actual: number | null,
  actualText: string,
): Summary['thresholds'][number] {
  const verb = passed ? 'as' : 'not as';
  return {
    metric,
    expression,
    passed,
    actual,
    actualText,
    sentence: `${metric}: ${actualText}, ${verb} ${expression} asks`,
  };
}

/** Name, milliseconds at the median, and how much each further nine adds. */
const LATENCIES: readonly (readonly [name: string, medianMs: number, perNine: number])[] = [
  ['injection', 6.2, 17.5],
  ['injection service time', 5.1, 9],
  ['delivery', 61, 9_400],
  ['delivery to gmail', 940, 12_800],
  ['delivery to yahoo', 44, 92],
  ['delivery to outlook', 39, 71],
];
const PERCENTILES = [0, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99];

function latencySummary([name, median, perNine]: (typeof LATENCIES)[number], count: number): LatencySummary {
  const at = (percentile: number): number => {
    const nines = Math.log10(100 / (100 - percentile));
    return round(nines < 0.301 ? median * (0.6 + 1.33 * nines) : median + perNine * (nines - 0.301));
  };
  return {
    name,
    count,
    meanMs: round(median * 1.4),
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: at(99.996),
    curve: PERCENTILES.map((percentile) => [percentile, at(percentile)] as const),
  };
}

function codeAt({ model, series }: Simulated, code: string, t: number): number {
  return (['accepted', 'throttled', 'deferred', 'rejected'] as const)
    .filter((kind) => String(model.replies[kind].code) === code)
    .reduce((total, kind) => total + (series[kind][t] as number), 0);
}

function delivered(runs: readonly Simulated[], t: number): number {
  return runs.reduce((total, run) => total + (run.series.accepted[t] as number), 0);
}

/** Seconds' worth of deliveries that wait. */
function waiting(runs: readonly Simulated[], t: number): number {
  return runs.reduce((total, run) => total + (run.backlog[t] as number), 0) / Math.max(1, delivered(runs, t));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function percent(share: number): string {
  return `${round(share * 100)} %`;
}

const inIncident = (t: number): boolean => t >= INCIDENT.from && t < INCIDENT.to;

const MODELS: readonly Model[] = [
  {
    id: 'gmail',
    name: 'Gmail',
    share: 0.5,
    allowance: (t) => (inIncident(t) ? 40 : 220),
    replies: {
      accepted: {
        id: 'ok',
        stage: 'dot',
        code: 250,
        enhanced: '2.0.0',
        text: ['250 2.0.0 OK  1720949400 d9443c01a7336-1fb0ab79ab2si1234567b3a.1 - gsmtp'],
        source: 'Postfix mailing list logs, 2024',
        mark: 'observed',
      },
      throttled: {
        id: 'ip-rate',
        stage: 'dot',
        code: 421,
        enhanced: '4.7.28',
        text: [
          '421-4.7.28 [198.18.128.1      15] Our system has detected an unusual rate of',
          '421-4.7.28 unsolicited mail originating from your IP address. To protect our',
          '421-4.7.28 users from spam, mail sent from your IP address has been temporarily',
          '421-4.7.28 rate limited. Please visit',
          '421-4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError to',
          '421 4.7.28 review our Bulk Email Senders Guidelines. d9443c01a7336 - gsmtp',
        ],
        source: 'Google Workspace Admin Help, "Gmail SMTP errors and codes"',
        mark: 'documented',
      },
      deferred: {
        id: 'mailbox-full',
        stage: 'rcpt',
        code: 452,
        enhanced: '4.2.2',
        text: ["452 4.2.2 The recipient's inbox is out of storage space. d9443c01a7336 - gsmtp"],
        source: 'Google Workspace Admin Help, "Gmail SMTP errors and codes"',
        mark: 'documented',
      },
      rejected: {
        id: 'no-such-user',
        stage: 'rcpt',
        code: 550,
        enhanced: '5.1.1',
        text: [
          '550-5.1.1 The email account that you tried to reach does not exist. Please try',
          "550-5.1.1 double-checking the recipient's email address for typos or",
          '550-5.1.1 unnecessary spaces. For more information, go to',
          '550 5.1.1  https://support.google.com/mail/?p=NoSuchUser d9443c01a7336 - gsmtp',
        ],
        source: 'Google Workspace Admin Help, "Gmail SMTP errors and codes"',
        mark: 'documented',
      },
    },
  },
  {
    id: 'yahoo',
    name: 'Yahoo',
    share: 0.3,
    allowance: () => 140,
    replies: {
      accepted: plain('ok', 'dot', 250, null, '250 ok dirdel', 'observed'),
      throttled: plain(
        'tss04',
        'mail',
        421,
        '4.7.0',
        '421 4.7.0 [TSS04] Messages from 198.18.128.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes',
        'observed',
      ),
      deferred: plain('mailbox-full', 'rcpt', 452, '4.2.2', '452 4.2.2 Over quota', 'assumed'),
      rejected: plain(
        'no-such-user',
        'rcpt',
        550,
        null,
        '550 Requested mail action not taken: mailbox unavailable',
        'assumed',
      ),
    },
  },
  {
    id: 'outlook',
    name: 'Outlook',
    share: 0.2,
    allowance: () => null,
    replies: {
      accepted: plain('ok', 'dot', 250, '2.6.0', '250 2.6.0 Queued mail for delivery', 'documented'),
      throttled: plain(
        'busy',
        'rcpt',
        451,
        '4.7.500',
        '451 4.7.500 Server busy. Please try again later',
        'documented',
      ),
      deferred: plain('mailbox-full', 'rcpt', 452, '4.2.2', '452 4.2.2 Mailbox full', 'assumed'),
      rejected: plain(
        'no-such-user',
        'rcpt',
        550,
        '5.5.0',
        '550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).',
        'observed',
      ),
    },
  },
];

function plain(
  id: string,
  stage: string,
  code: number,
  enhanced: string | null,
  line: string,
  mark: ReplyCount['mark'],
): ReplyFacts {
  return { id, stage, code, enhanced, text: [line], source: 'fixture', mark };
}
