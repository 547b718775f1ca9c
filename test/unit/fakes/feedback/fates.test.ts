import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fates } from '../../../../fakes/feedback/fates.ts';
import type { FeedbackRule } from '../../../../fakes/feedback/resolved-feedback.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { acceptedMessage } from '../../../support/accepted-mail.ts';
import { ruleOf } from '../../../support/feedback.ts';

const prng = createPrng(42);

/** Fates of message n to mailbox n, for n below `count`, as kinds. */
function fatesOf(rules: readonly FeedbackRule[], count: number, chance = prng): string[][] {
  const fates = new Fates(rules, chance);
  return Array.from({ length: count }, (_, n) =>
    fates
      .of(acceptedMessage({ sender: `b-${n}@news.sender.test` }), `u${n}.0@isp.test`)
      .map(({ kind }) => kind),
  );
}

/** How many have this kind. */
const having = (all: readonly string[][], kind: string): number =>
  all.filter((kinds) => kinds.includes(kind)).length;

test('each kind has its share of the recipients, though the dead do nothing', () => {
  const all = fatesOf(
    [
      ruleOf('bounce', 0.2),
      ruleOf('trap', 0.1),
      ruleOf('complaint', 0.3),
      ruleOf('withdrawal', 0.5),
      ruleOf('auto-reply', 0.05),
      ruleOf('malformed', 0.02),
    ],
    20_000,
  );
  // Within five standard deviations: the square root of n p (1 - p).
  for (const [kind, share] of [
    ['bounce', 0.2],
    ['trap', 0.1],
    ['complaint', 0.3],
    ['withdrawal', 0.15],
    ['auto-reply', 0.05],
    ['malformed', 0.02],
  ] as const) {
    const expected = share * 20_000;
    assert.ok(Math.abs(having(all, kind) - expected) < 5 * Math.sqrt(expected * (1 - share)), kind);
  }
  for (const kinds of all) {
    if (kinds.includes('bounce') || kinds.includes('trap'))
      assert.ok(kinds.every((kind) => ['bounce', 'trap', 'malformed'].includes(kind)));
    if (kinds.includes('withdrawal')) assert.equal(kinds[kinds.indexOf('withdrawal') - 1], 'complaint');
    assert.ok(!(kinds.includes('bounce') && kinds.includes('trap')));
  }
});

test('shares that leave nobody alive leave nobody to complain', () => {
  const all = fatesOf([ruleOf('bounce', 0.7), ruleOf('trap', 0.3), ruleOf('complaint', 1)], 100);
  assert.equal(having(all, 'bounce') + having(all, 'trap'), 100);
  assert.equal(having(all, 'complaint'), 0);
});

test('the same seed gives the same fates and delays, whatever came before; another seed does not', () => {
  const rules = [ruleOf('complaint', 0.5, { delay: { kind: 'log-normal', median: 30e6, p99: 600e6 } })];
  const message = acceptedMessage({ sender: 'b-7@news.sender.test' });
  const once = Array.from({ length: 50 }, (_, n) => new Fates(rules, prng).of(message, `u${n}.0@isp.test`));
  const fates = new Fates(rules, createPrng(42));
  const again = Array.from({ length: 50 }, (_, n) => fates.of(message, `U${49 - n}.0@ISP.test`)).toReversed();
  assert.deepEqual(again, once);
  assert.notDeepEqual(fatesOf(rules, 50, createPrng(43)), fatesOf(rules, 50));
});

test('a message that comes twice has the same fate; whether a mailbox bounces is the same for every message', () => {
  const rules = [ruleOf('bounce', 0.3), ruleOf('complaint', 0.5)];
  const fates = new Fates(rules, prng);
  for (let n = 0; n < 50; n++) {
    const kindsOf = (message: number): string =>
      fates
        .of(acceptedMessage({ sender: `b-${message}@news.sender.test` }), `u${n}.0@isp.test`)
        .map(({ kind }) => kind)
        .join();
    assert.equal(kindsOf(1), kindsOf(1));
    assert.equal(kindsOf(1) === 'bounce', kindsOf(2) === 'bounce');
  }
});

test('the last rule that holds decides', () => {
  const at = (fields: Partial<FeedbackRule>, share = 1): FeedbackRule => ruleOf('complaint', share, fields);
  const campaign = { name: 'x-campaign', value: 'Spring' };
  const rows: [string, FeedbackRule[], Partial<Parameters<typeof acceptedMessage>[0]>, boolean][] = [
    ['for everybody', [at({})], {}, true],
    ['a later one takes it away', [at({}), at({}, 0)], {}, false],
    ['a later one that does not hold takes nothing away', [at({}), at({ sources: [7] }, 0)], {}, true],
    ['before its time', [at({ start: 10, end: 20 })], { at: 9 }, false],
    ['at its beginning', [at({ start: 10, end: 20 })], { at: 10 }, true],
    ['at its end', [at({ start: 10, end: 20 })], { at: 20 }, false],
    ['from its source', [at({ sources: [1, 2] })], { source: 2 }, true],
    ['from another source', [at({ sources: [1, 2] })], { source: 0 }, false],
    ['its header', [at({ header: campaign })], { header: 'X-CAMPAIGN: early spring 7\r\n' }, true],
    ['another value', [at({ header: campaign })], { header: 'X-Campaign: autumn\r\n' }, false],
    ['no such header', [at({ header: campaign })], {}, false],
  ];
  for (const [name, rules, message, expected] of rows)
    assert.equal(
      new Fates(rules, prng).of(acceptedMessage(message), 'u1.0@isp.test').length > 0,
      expected,
      name,
    );
});

test('a group is the same for every rule and every message, and as large as it says', () => {
  const rules = [ruleOf('complaint', 1, { group: 0.25 }), ruleOf('unsubscribe', 1, { group: 0.25 })];
  const all = fatesOf(rules, 4000);
  assert.ok(all.every((kinds) => kinds.length === 0 || kinds.length === 2));
  const inside = having(all, 'complaint');
  // 1000, give or take five standard deviations of 27.4.
  assert.ok(inside > 863 && inside < 1137, `${inside}`);
  const fates = new Fates(rules, prng);
  for (let n = 0; n < 50; n++) {
    const other = fates.of(acceptedMessage({ sender: 'b-999@news.sender.test' }), `u${n}.0@isp.test`);
    assert.equal(other.length, all[n]?.length);
  }
});

test('delays keep to their distribution', () => {
  const fates = new Fates([ruleOf('bounce', 1, { delay: { kind: 'even', min: 10, max: 20 } })], prng);
  const delays = Array.from(
    { length: 2000 },
    (_, n) => fates.of(acceptedMessage({ sender: `b-${n}@s.test` }), 'u1.0@isp.test')[0]?.delay ?? 0,
  );
  assert.ok(delays.every((delay) => delay >= 10 && delay <= 20));
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
  assert.ok(Math.abs(mean - 15) < 0.33, `${mean}`);
});
