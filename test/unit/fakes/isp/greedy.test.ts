import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Gate, greedy, type Trial } from '../../../../fakes/isp/greedy.ts';
import { nextUnit, openAccount, PLAIN, spare } from '../../../../fakes/isp/limits.ts';
import { bucket, type Rule } from '../../../../fakes/isp/rules.ts';

const SECOND = 1e6;
const OPEN: Gate = { shut: false, until: Number.POSITIVE_INFINITY };

interface Plan {
  /** By limit: its rule from each moment on. */
  readonly limits: readonly (readonly { readonly from: number; readonly rule: Rule }[])[];
  /** Moments at which the gate shuts and opens in turn. */
  readonly gate: readonly number[];
  readonly extra: number;
}

function trialsOf({ limits, extra }: Plan): Trial[] {
  return limits.map((segments, limit) => ({
    limit,
    account: openAccount({ segments, day: null }, PLAIN, 0),
    extra: segments[0]?.rule.kind === 'window' ? extra : 0,
  }));
}

function gateOf({ gate }: Plan, now: number): Gate {
  const next = gate.findIndex((moment) => moment > now);
  const turns = next < 0 ? gate.length : next;
  return { shut: turns % 2 === 1, until: gate[turns] ?? Number.POSITIVE_INFINITY };
}

/** The same by trying for every single unit: slow, and exact. */
function unitByUnit(plan: Plan, end: number): number {
  const trials = trialsOf(plan);
  let got = 0;
  for (let now = 0; now < end; ) {
    const { shut, until } = gateOf(plan, now);
    if (shut) {
      now = until;
      continue;
    }
    const left = Math.min(...trials.map(({ account, extra }) => Math.max(0, spare(account, now)) + extra));
    for (const trial of trials) {
      const own = Math.min(left, Math.max(0, spare(trial.account, now)));
      trial.account.used += own;
      trial.extra -= left - own;
    }
    got += left;
    const nexts = trials.map(({ account, extra }) => (extra >= 1 ? now : nextUnit(account, now)));
    now = Math.max(now + 1, Math.min(Math.max(...nexts), ...trials.map(({ account }) => account.until)));
  }
  return got;
}

const rates = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.double({ min: 0.01, max: 200, noNaN: true }));
const someBucket = fc
  .record({ rate: rates, burst: fc.integer({ min: 0, max: 60 }) })
  .map(({ rate, burst }) => bucket(rate, burst));
const someWindow = fc
  .record({ count: fc.integer({ min: 0, max: 60 }), ms: fc.integer({ min: 1, max: 4000 }) })
  .map(({ count, ms }): Rule => ({ kind: 'window', count, per: ms * 1000 }));
/** A limit keeps its kind. */
const someLimit = fc
  .constantFrom(someBucket, someWindow)
  .chain((rule) =>
    fc.array(fc.record({ from: fc.integer({ min: 0, max: 5 * SECOND }), rule }), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map((segments) =>
    segments.sort((a, b) => a.from - b.from).map((s, i) => (i === 0 ? { ...s, from: 0 } : s)),
  );
const somePlan = fc.record({
  limits: fc.array(someLimit, { minLength: 1, maxLength: 4 }),
  gate: fc
    .array(fc.integer({ min: 0, max: 5 * SECOND }), { maxLength: 4 })
    .map((moments) => moments.sort((a, b) => a - b)),
  extra: fc.integer({ min: 0, max: 30 }),
});

test('from change to change it is never less than unit by unit, and at most one more for each change', () => {
  fc.assert(
    fc.property(somePlan, fc.integer({ min: 1, max: 6 * SECOND }), (plan, end) => {
      let looks = 0;
      const got = greedy(
        trialsOf(plan),
        (now) => {
          looks++;
          return gateOf(plan, now);
        },
        0,
        end,
      );
      const exact = unitByUnit(plan, end);
      assert.ok(got >= exact && got <= exact + looks, `${got}, exactly ${exact}, in ${looks} steps`);
    }),
    { numRuns: 400, seed: 3 },
  );
});

test('it takes as few steps for a million a second as for one', () => {
  for (const rate of [1, 1000, 1e6]) {
    let looks = 0;
    const trials = trialsOf({ limits: [[{ from: 0, rule: bucket(rate, 10) }]], gate: [], extra: 0 });
    const look = (): Gate => {
      looks++;
      return OPEN;
    };
    assert.equal(greedy(trials, look, 0, 10 * SECOND), 10 + 10 * rate - 1);
    assert.equal(looks, 1);
  }
});

test('without a limit there is no end to it, unless everything is refused', () => {
  assert.equal(
    greedy([], () => OPEN, 0, 1),
    Number.POSITIVE_INFINITY,
  );
  assert.equal(
    greedy([], () => ({ shut: true, until: 5 }), 0, 5),
    0,
  );
});
