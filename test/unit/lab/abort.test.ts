import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMeasure } from '../../../src/analysis/measure.ts';
import type { Baseline } from '../../../src/gate/baseline.ts';
import { parseK6Threshold } from '../../../src/gate/k6-threshold.ts';
import { judge } from '../../../src/gate/threshold.ts';
import { AbortWatch } from '../../../src/lab/abort.ts';
import { modelOf } from '../../../src/lab/folder/report-input.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { Packer, type TransactionOutcome } from '../../../src/record/attempt-log.ts';
import { K6Metrics } from '../../../src/record/k6-metrics.ts';
import type { ReportInput } from '../../../src/report/input.ts';
import { namesOf } from '../../../src/report/names.ts';
import { plannedInput } from '../../support/planned-input.ts';

const S = 1e6;

/** What is recorded of a run whose scenario has these thresholds, on a clock of its own. */
class Flight {
  readonly input: ReportInput;
  readonly aggregate: Aggregate;
  readonly watch: AbortWatch;
  /** How long each look takes. */
  lookMicros = 0;
  readonly #packer = new Packer();
  #time = 0;

  constructor(thresholds: string, baseline?: Baseline) {
    const text = `
mta: { adapter: none }
isps: { gmail: { share: 50% }, yahoo: { share: 50% } }
load: { rate: 10/s, duration: 60s }
incidents: [{ isp: gmail, at: 20s, for: 10s, limits: { ip-rate: 1/s } }]
thresholds: ${thresholds}
`;
    const { plan, input } = plannedInput(text, baseline);
    this.input = input;
    this.aggregate = new Aggregate(modelOf(plan));
    this.watch = new AbortWatch(this.aggregate, this.input, undefined, () => {
      this.#time += this.lookMicros;
      return this.#time;
    });
  }

  /** A message that is due at a second, taken, and answered by its ISP so long after it was due. */
  mail(second: number, message: number, outcome: TransactionOutcome, afterMs = 100): void {
    const at = second * S + afterMs * 1e3;
    const isp = this.aggregate.ledger.isp(message);
    const common = { at, isp, source: 0, message, connection: 1, reply: 0, stage: 'dot' } as const;
    this.#packer.injection({
      due: second * S,
      sentAfter: 10,
      doneAfter: 1000,
      message,
      connection: 1,
      code: 250,
      recipients: 1,
      state: 'confirmed',
    });
    if (outcome === 'accepted' || outcome === 'throttled')
      this.#packer.attempt({ ...common, slot: 0, outcome });
    this.#packer.transaction({ ...common, outcome, recipients: 1, bytes: 2000 });
    this.flush();
  }

  loadEnds(second: number): void {
    this.#packer.mark({ at: second * S, name: 'load_ended' });
    this.flush();
  }

  flush(): void {
    const records = this.#packer.take();
    if (records) this.aggregate.add(records);
  }

  /** The first of these seconds at which the watch ends the run, and why. */
  endsAt(seconds: readonly number[]): readonly [number, string] | undefined {
    for (const second of seconds) {
      const aborted = this.watch.look(second * S);
      if (aborted) return [aborted.at / S, aborted.sentence];
    }
    return undefined;
  }
}

const everySecond = Array.from({ length: 60 }, (_, i) => i + 1);

test('a run ends at the first look at which a threshold with abortOnFail fails', () => {
  const abort = (threshold: string, more = ''): string =>
    `[{ threshold: '${threshold}', abortOnFail: true${more} }]`;
  const rows: [string, (flight: Flight) => void, readonly [number, string] | undefined, Baseline?][] = [
    // Without abortOnFail nothing is looked at, and without samples nothing fails.
    ['{ wasted_attempts: rate<0.1 }', (f) => f.mail(1, 0, 'throttled'), undefined],
    [`{ wasted_attempts: ${abort('rate<0.1')} }`, () => {}, undefined],
    [`{ delivery_latency: ${abort('p(99)<1')} }`, (f) => f.mail(1, 0, 'throttled'), undefined],
    [`{ delivered: ${abort('rate>100')} }`, (f) => f.mail(1, 0, 'throttled'), undefined],
    [`{ queue_depth: ${abort('value<1')} }`, () => {}, undefined],
    [
      `{ wasted_attempts: ${abort('rate<0.1')} }`,
      (f) => f.mail(1, 0, 'throttled'),
      [1, 'wasted_attempts: rate is 100 %, 90 points above what rate<0.1 asks (limit 10 %)'],
    ],
    [
      `{ wasted_attempts: ${abort('rate<0.1', ', delayAbortEval: 7s')} }`,
      (f) => f.mail(1, 0, 'throttled'),
      [7, 'wasted_attempts: rate is 100 %, 90 points above what rate<0.1 asks (limit 10 %)'],
    ],
    [
      `{ wasted_attempts: ['rate<0.1', ${abort('rate<1.5').slice(1, -1)}], throttled: ${abort('count<1')} }`,
      (f) => f.mail(1, 0, 'throttled'),
      [1, 'throttled: count is 1, not what count<1 asks (limit 1)'],
    ],
    // A rate is over the time that there was: 10 in 5 s are 2/s, and less than 1.5/s from the seventh second on.
    [
      `{ delivered: ${abort('rate>=1.5', ', delayAbortEval: 5s')} }`,
      (f) => {
        for (let message = 0; message < 10; message++) f.mail(message / 2, message, 'accepted');
      },
      [7, 'delivered: rate is 1.43/s, 0.0714/s (4.76 %) below what rate>=1.5 asks (limit 1.5/s)'],
    ],
    // When the load has ended, the time that counts ends with it.
    [
      `{ delivered: ${abort('rate>=1.5', ', delayAbortEval: 5s')} }`,
      (f) => {
        for (let message = 0; message < 10; message++) f.mail(message / 2, message, 'accepted');
        f.loadEnds(6);
      },
      undefined,
    ],
    // A phase that has not begun has nothing to judge.
    [
      `{ 'delivered{phase:incident}': ${abort('rate>=5')} }`,
      (f) => {
        f.mail(1, 0, 'accepted');
        f.mail(22, 1, 'accepted');
      },
      [23, 'delivered{phase:incident}: rate is 0.333/s, 4.67/s (93.3 %) below what rate>=5 asks (limit 5/s)'],
    ],
    [
      `{ delivered: ${abort('count<=2*baseline')} }`,
      (f) => {
        for (let message = 0; message < 7; message++) f.mail(1, message, 'accepted');
      },
      [1, 'delivered: count is 7, 1 (16.7 %) above what count<=2*baseline asks (limit 2 × 3 = 6)'],
      { name: 'before', values: [[2, 4]] },
    ],
    [
      `{ delivered: ${abort('count<=2*baseline')} }`,
      (f) => f.mail(1, 0, 'accepted'),
      undefined,
      { name: 'before', values: [[]] },
    ],
  ];
  for (const [thresholds, happens, expected, baseline] of rows) {
    const flight = new Flight(thresholds, baseline);
    happens(flight);
    assert.deepEqual(flight.endsAt(everySecond), expected, thresholds);
  }
});

test("a threshold on a metric of k6's ends the run by what k6 has measured so far", () => {
  const flight = new Flight('{}');
  const part = 'dropped_iterations{scenario:a}';
  const rows: readonly (readonly [
    key: string,
    expression: string,
    abortAfter: number | undefined,
    endsAt: number | undefined,
  ])[] = [
    [part, 'count<3', 0, 4],
    [part, 'count<3', 6, 6],
    [part, 'count<3', undefined, undefined],
    [part, 'count<100', 0, undefined],
    // 3 in 4 s.
    [part, 'rate<0.7', 0, 4],
    ['dropped_iterations{scenario:b}', 'count>5', 0, undefined],
    // That a script's own metric is of another kind is known once it is sampled.
    ['mine', 'p(95)<1', 0, 2],
  ];
  for (const [key, expression, abortAfter, endsAt] of rows) {
    const parsed = parseK6Threshold(key, expression, 'script');
    assert.ok('threshold' in parsed);
    const metrics = new K6Metrics([key]);
    metrics.define('dropped_iterations', 'counter', false);
    metrics.define('mine', 'counter', false);
    const threshold = {
      ...parsed.threshold,
      ...(abortAfter !== undefined && { abortAfter: abortAfter * S }),
    };
    const input = { ...flight.input, thresholds: [threshold] };
    const watch = new AbortWatch(flight.aggregate, input, () => metrics.states());
    assert.equal(watch.look(S), undefined, 'nothing was sampled yet');
    const looks = everySecond.map((second) => {
      metrics.add('dropped_iterations', 1, { scenario: 'a' }, second);
      metrics.add('mine', 1, {}, second);
      return watch.look((second + 1) * S);
    });
    assert.equal(looks.find((found) => found)?.at, endsAt === undefined ? undefined : endsAt * S, expression);
  }
});

test('what has ended a run stays as it was', () => {
  const flight = new Flight("{ throttled: { threshold: 'count<2', abortOnFail: true } }");
  flight.mail(1, 0, 'throttled');
  flight.mail(1, 1, 'throttled');
  const before = flight.watch.look(3 * S);
  flight.mail(4, 2, 'throttled');
  assert.deepEqual(flight.watch.look(9 * S), before);
  assert.deepEqual(flight.watch.aborted, {
    at: 3 * S,
    sentence: 'throttled: count is 2, not what count<2 asks (limit 2)',
  });
});

test('looks are a second apart, and a fiftieth of the time where they take long', () => {
  const rows: [number, number][] = [
    [0, 3],
    [20_000, 3],
    [100_000, 7],
  ];
  for (const [lookMicros, endsAt] of rows) {
    const flight = new Flight("{ throttled: { threshold: 'count<1', abortOnFail: true } }");
    flight.lookMicros = lookMicros;
    // Looked at before anything is recorded, and asked ten times a second from then on.
    assert.equal(flight.watch.look(2 * S), undefined);
    flight.mail(1, 0, 'throttled');
    const tenths = Array.from({ length: 100 }, (_, i) => 2 + i / 10);
    assert.equal(flight.endsAt(tenths)?.[0], endsAt);
  }
});

test('metrics of delivered recipients come to the same while they are delivered and afterwards', () => {
  const selectors = [
    '',
    '{isp:gmail}',
    '{isp:yahoo,phase:incident}',
    '{phase:baseline}',
    '{source:198.18.128.1}',
  ];
  for (const selector of selectors) {
    const key = `delivery_latency${selector}`;
    const thresholds = `{ '${key}': [{ threshold: p(50)<1, abortOnFail: true, delayAbortEval: 40s }] }`;
    const flight = new Flight(thresholds);
    // The later ones wait longer: they arrive in the baseline, in the incident and after it.
    for (let message = 0; message < 300; message++)
      flight.mail(message / 10, message, message % 3 === 0 ? 'throttled' : 'accepted', 100 + message * 40);
    const [threshold] = flight.input.thresholds;
    assert.ok(threshold);
    const measure = createMeasure(flight.aggregate, undefined, namesOf(flight.input, 40 * S), undefined);
    const walked = measure('delivery_latency', threshold.selector);
    assert.ok(walked?.kind === 'trend' && walked.count > 10, key);
    assert.deepEqual(flight.endsAt(everySecond), [40, judge(threshold, walked).sentence]);
  }
});
