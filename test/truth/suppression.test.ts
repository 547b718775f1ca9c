import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { rebuildReports } from '../../src/lab/folder/rebuild.ts';
import { Kind } from '../../src/record/attempt-log.ts';
import type { MetricValue, Summary } from '../../src/report/summary.ts';
import { eachRecord } from '../support/cli.ts';
import { faultyAdapter } from '../support/faulty-adapter.ts';
import { flyHere } from '../support/fly-here.ts';
import { assertSummary } from '../support/summary-schema.ts';
import { SuppressionList, type SuppressionListOptions } from '../support/suppression-list.ts';

/** Of each load. */
const MESSAGES = 480;

const ISPS = `
  gmail: { share: 50%, mailboxes: { unknown: 15%, full: 5% }, limits: { ip-rate: 10000/s, domain-rate: 10000/s } }
  yahoo: { share: 50%, mailboxes: { unknown: 15%, full: 0% }, limits: { ip-rate: 10000/s } }`;

// News counts if what follows it is due within the load: on a busy machine the first comes after seconds.
const bounces = `
seed: 7
isps: ${ISPS}
load: { rate: 60/s, duration: 8s, connections: 8 }
drain: { timeout: 20s }
suppression: { every: 400ms, times: 3, delay: 300ms, of: [bounce] }
thresholds:
  sent_after_bounce: ['count==0']
  suppression_delay: ['max<5s']
`;

/** Flies a scenario with an MTA that has this list, and reads the same from the folder again. */
async function flight(
  t: TestContext,
  scenario: string,
  options: SuppressionListOptions,
): Promise<{ summary: Summary; folder: string; list: SuppressionList }> {
  const list = new SuppressionList(options);
  const { summary, folder } = await flyHere(t, scenario, faultyAdapter({ list }));
  assertSummary(summary);
  const again = (await rebuildReports(folder)).summary;
  assert.deepEqual(again.suppression, summary.suppression);
  assert.deepEqual(again.metrics, summary.metrics);
  // Nothing of it counts as the load's.
  const { injectedMessages, droppedIterations, transactions } = summary.totals;
  let ofLoad = 0;
  eachRecord(join(folder, 'attempts.bin'), (view) => {
    if (view.kind === Kind.transaction && view.message < MESSAGES) ofLoad++;
  });
  assert.equal(transactions, ofLoad);
  assert.equal(injectedMessages + droppedIterations, MESSAGES);
  assert.equal(
    summary.conservation.reduce((sum, { count }) => sum + count, 0),
    injectedMessages,
  );
  assert.deepEqual(
    summary.warnings.filter((warning) => warning.includes('never planned')),
    [],
  );
  return { summary, folder, list };
}

/** Of all ISPs together. */
function sums({ suppression }: Summary) {
  const groups = suppression?.groups ?? [];
  const sum = (value: (group: (typeof groups)[number]) => number): number =>
    groups.reduce((all, group) => all + value(group), 0);
  return {
    recipients: sum((g) => g.recipients),
    suppressed: sum((g) => g.suppressed),
    refused: sum((g) => g.messages.refused),
    keptBack: sum((g) => g.messages.suppressed),
    sent: sum((g) => g.messages.sent),
    attempts: sum((g) => g.attempts),
  };
}

function countOf(summary: Summary, metric: string): number | undefined {
  return (summary.metrics[metric] as { count: number } | undefined)?.count;
}

const perfect: SuppressionListOptions = { of: ['bounce'], how: 'refuse', whitelist: true };

test('an MTA that refuses mail to whom has bounced is measured exactly', async (t) => {
  const { summary, list } = await flight(t, bounces, perfect);
  const { recipients, ...rest } = sums(summary);
  assert.ok(recipients > 0, `${recipients} recipients`);
  assert.equal(list.refused, 3 * recipients);
  assert.deepEqual(rest, {
    suppressed: recipients,
    refused: list.refused,
    keptBack: 0,
    sent: 0,
    attempts: 0,
  });
  assert.equal(list.attempts, 0);
  assert.deepEqual(
    [countOf(summary, 'sent_after_bounce'), (summary.metrics.suppression_delay as { max: number }).max],
    [0, 0],
  );
  assert.equal(summary.verdict.exitCode, 0, summary.verdict.sentence);
  // Nobody complained, so nothing is said of that.
  assert.equal(summary.metrics.sent_after_complaint, undefined);
});

test('an MTA that takes mail to whom has bounced and forgets it is measured exactly', async (t) => {
  const { summary, list } = await flight(t, bounces, { ...perfect, how: 'forget' });
  const { recipients, ...rest } = sums(summary);
  assert.ok(recipients > 0, `${recipients} recipients`);
  assert.equal(list.forgotten, 3 * recipients);
  assert.deepEqual(rest, {
    suppressed: recipients,
    refused: 0,
    keptBack: list.forgotten,
    sent: 0,
    attempts: 0,
  });
  assert.equal(summary.verdict.exitCode, 0, summary.verdict.sentence);
});

test('an MTA without a list goes on for ever, and fails', async (t) => {
  const { summary, list } = await flight(t, bounces, { ...perfect, of: [] });
  const { recipients, ...rest } = sums(summary);
  assert.ok(recipients > 0, `${recipients} recipients`);
  assert.deepEqual(rest, {
    suppressed: 0,
    refused: 0,
    keptBack: 0,
    sent: 3 * recipients,
    attempts: list.attempts,
  });
  assert.equal(countOf(summary, 'sent_after_bounce'), list.attempts);
  assert.deepEqual(
    summary.thresholds.map(({ passed, actual, actualText }) => [passed, actual, actualText]),
    [
      [false, list.attempts, String(list.attempts)],
      [false, null, 'never'],
    ],
  );
  assert.match(
    summary.thresholds[1]?.sentence ?? '',
    /^suppression_delay: mail was still sent, or kept to be sent, at the end, so max<5s can't hold/,
  );
  assert.deepEqual((summary.metrics.suppression_delay as Extract<MetricValue, { kind: 'trend' }>).max, null);
});

test('an MTA that listens late is measured from the news to the last attempt', async (t) => {
  const { summary, list } = await flight(t, bounces, { ...perfect, lets: 2 });
  const { recipients, ...rest } = sums(summary);
  assert.ok(recipients > 0, `${recipients} recipients`);
  assert.deepEqual(rest, {
    suppressed: recipients,
    refused: recipients,
    keptBack: 0,
    sent: 2 * recipients,
    attempts: list.attempts,
  });
  // The second message is due 0.7 s after the news.
  const { count, min } = summary.metrics.suppression_delay as { count: number; min: number };
  assert.equal(count, recipients);
  assert.ok(min >= 700, `${min} ms`);
});

const complaints = `
seed: 7
isps:
  gmail: { share: 50%, mailboxes: { unknown: 0%, full: 0% }, limits: { ip-rate: 10000/s, domain-rate: 10000/s } }
  yahoo:
    share: 50%
    mailboxes: { unknown: 0%, full: 0% }
    limits: { ip-rate: 10000/s }
    reputation: off
    feedback: { complaints: 0%, withdrawals: 50%, unsubscribes: 0%, delay: 4s }
load: { rate: 48/s, duration: 10s, connections: 8, message: { dkim: rsa-1024 } }
# Nobody complains about what comes after a complaint was withdrawn.
incidents: [{ isp: yahoo, at: 0s, for: 3500ms, feedback: { complaints: { share: 30%, delay: 100ms } } }]
drain: { timeout: 20s }
suppression: { every: 300ms, times: 2, delay: 200ms, of: [complaint] }
thresholds:
  sent_after_complaint: ['count==0']
  kept_after_withdrawal: ['count==0']
  suppression_delay: ['max<5s']
`;

for (const [name, options, isStopped, isReleased] of [
  ['listens to complaints and to those who take them back', { whitelist: true }, true, true],
  ['listens to complaints alone', { whitelist: false }, true, false],
  ['forgets complaints', { of: ['bounce'] }, false, true],
] as const) {
  test(`an MTA that ${name} is measured exactly`, async (t) => {
    const all: SuppressionListOptions = { of: ['complaint'], how: 'forget', whitelist: true, ...options };
    const { summary, list } = await flight(t, complaints, all);
    const [held, after, ...others] = summary.suppression?.groups ?? [];
    assert.deepEqual(
      [held?.isp, held?.news, after?.isp, after?.news, others],
      ['yahoo', 'complaint', 'yahoo', 'withdrawal', []],
    );
    if (!held || !after) return;
    assert.ok(held.recipients > 0 && after.recipients > 0, `${held.recipients}, ${after.recipients}`);
    assert.deepEqual(
      [held.suppressed, after.suppressed],
      [isStopped ? held.recipients : 0, isReleased ? 0 : after.recipients],
    );
    assert.equal(held.attempts + after.attempts, list.attempts);
    assert.equal(held.messages.suppressed + after.messages.suppressed, list.forgotten);
    assert.deepEqual(
      ['sent_after_complaint', 'kept_after_withdrawal'].map((metric) => countOf(summary, metric)),
      [isStopped ? 0 : held.attempts, isReleased ? 0 : after.messages.suppressed],
    );
    assert.deepEqual(
      summary.thresholds.map(({ passed }) => passed),
      [isStopped, isReleased, isStopped],
    );
  });
}

const repeating = `
seed: 7
isps: ${ISPS}
load: { rate: 80/s, duration: 6s, connections: 8, mailboxes: 60 }
drain: { timeout: 20s }
thresholds: { sent_after_bounce: ['count==0'] }
`;

for (const [name, of] of [
  ['an MTA that suppresses', ['bounce']],
  ['an MTA that does not', []],
] as const) {
  test(`of a load that writes to its mailboxes again, with ${name}, what is due after the bounce counts`, async (t) => {
    const { summary, folder } = await flight(t, repeating, { ...perfect, how: 'forget', of });
    const due: number[] = [];
    eachRecord(join(folder, 'injections.bin'), (view) => {
      if (view.kind === Kind.injection) due[view.message] = view.at;
    });
    const news = new Map<number, number>();
    const tried: number[] = [];
    eachRecord(join(folder, 'attempts.bin'), (view) => {
      if (view.kind === Kind.news) news.set(view.message % 60, view.at);
      if (view.kind === Kind.attempt) tried.push(view.message);
    });
    assert.ok(news.size > 0, `${news.size} mailboxes`);
    const after = tried.filter(
      (message) => (due[message] as number) > (news.get(message % 60) ?? Number.POSITIVE_INFINITY),
    );
    assert.equal(after.length > 0, of.length === 0);
    assert.equal(countOf(summary, 'sent_after_bounce'), after.length);
    const { recipients, suppressed } = sums(summary);
    assert.deepEqual([recipients, suppressed], [news.size, of.length === 0 ? 0 : news.size]);
  });
}
