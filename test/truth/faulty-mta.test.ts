import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { rebuildReports } from '../../src/lab/folder/rebuild.ts';
import type { OutcomeCount, RecipientHistory, Summary } from '../../src/report/summary.ts';
import { faultyAdapter } from '../support/faulty-adapter.ts';
import type { Faults, FaultyMta } from '../support/faulty-mta.ts';
import { flyHere } from '../support/fly-here.ts';

const misbehaving = `
seed: 11
isps:
  gmail:
    share: 50%
    mailboxes: { unknown: 10%, full: 0% }
    limits: { ip-rate: 10000/s, domain-rate: 10000/s }
  yahoo: { share: 50%, mailboxes: { unknown: 10%, full: 0% }, limits: { ip-rate: 10000/s } }
load: { executor: shared-iterations, vus: 8, iterations: 1000, maxDuration: 60s }
drain: { timeout: 20s }
thresholds:
  lost: ['count==0']
  duplicated: ['count==0']
  missing_dsn: ['count==0']
`;

/** Flies a scenario with an MTA that has these faults. */
async function flight(
  t: TestContext,
  scenario: string,
  faults: Faults,
): Promise<{ summary: Summary; folder: string; mta: FaultyMta; count: (metric: string) => number }> {
  let mta: FaultyMta | undefined;
  const adapter = faultyAdapter({
    faults,
    started: (running) => {
      mta = running;
    },
  });
  const { summary, folder } = await flyHere(t, scenario, adapter);
  const count = (metric: string): number => (summary.metrics[metric] as { count: number }).count;
  return { summary, folder, mta: mta as FaultyMta, count };
}

/** The histories in a run's folder, without the last line, which counts them. */
function historiesIn(folder: string): RecipientHistory[] {
  const lines = readFileSync(join(folder, 'evidence.ndjson'), 'utf8').trimEnd().split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as RecipientHistory);
}

/** How many recipients were delivered more than once, by cause. */
function duplicates({ conservation }: Summary): { mta: number; unconfirmed: number } {
  const [mta, unconfirmed] = (conservation[0] as OutcomeCount).notes;
  assert.deepEqual(
    [mta?.name, unconfirmed?.name],
    ['delivered more than once by the MTA', 'delivered more than once, since the 250 never reached the MTA'],
  );
  return { mta: mta?.count ?? 0, unconfirmed: unconfirmed?.count ?? 0 };
}

test('an MTA that drops, doubles and hides 1 in 100: exactly those are reported', async (t) => {
  // Different messages for each misdeed, so that none hides another.
  const { summary, folder, mta, count } = await flight(t, misbehaving, {
    drop: (message) => message % 100 === 13,
    duplicate: (message) => message % 100 === 57,
    forgetDsn: (message) => message % 5 === 2,
  });
  const { dropped, duplicated, forgotten } = mta.misdeeds;
  assert.deepEqual(duplicates(summary), { mta: duplicated, unconfirmed: 0 });
  const { injectedMessages } = summary.totals;
  assert.equal(injectedMessages, 1000);
  assert.deepEqual(
    [count('lost'), count('duplicated'), count('missing_dsn')],
    [dropped, duplicated, forgotten],
  );
  // The counts are not zero by accident.
  assert.ok(
    dropped >= 5 && duplicated >= 5 && forgotten >= 5,
    `${duplicated} duplicated, ${forgotten} forgotten`,
  );
  // Every recipient has one outcome, and they add up.
  const outcomes = summary.conservation.reduce((sum, o) => sum + o.count, 0);
  assert.equal(outcomes, injectedMessages);
  assert.equal(summary.totals.injectedRecipients, injectedMessages);
  assert.deepEqual(
    [summary.verdict.exitCode, summary.thresholds.map((x) => x.passed)],
    [99, [false, false, false]],
  );
  assert.match(
    summary.thresholds[0]?.sentence ?? '',
    new RegExp(`^lost: count is ${dropped}, ${dropped} above what count==0 asks`),
  );

  // Each of them has its history, and nobody else has.
  const histories = historiesIn(folder);
  const messages = (kind: string): number[] =>
    histories.filter(({ kinds }) => kinds.some((k) => k === kind)).map(({ message }) => message);
  assert.deepEqual(
    ['lost', 'duplicated', 'missing_dsn'].map((kind) => messages(kind).length),
    [dropped, duplicated, forgotten],
  );
  assert.equal(histories.length, dropped + duplicated + forgotten);
  assert.ok(messages('lost').every((message) => message % 100 === 13));
  assert.ok(messages('duplicated').every((message) => message % 100 === 57));
  assert.ok(messages('missing_dsn').every((message) => message % 5 === 2));
  for (const { kinds, injections, attempts, dsns, queued, complete } of histories) {
    const accepted = attempts.filter(({ outcome }) => outcome === 'accepted');
    const rejected = attempts.filter(({ outcome }) => outcome === 'rejected');
    // A busy machine can cost an attempt its connection, so that there may be more attempts than these.
    assert.deepEqual(
      [accepted.length, rejected.length],
      kinds[0] === 'lost' ? [0, 0] : kinds[0] === 'duplicated' ? [2, 0] : [0, 1],
    );
    if (kinds[0] === 'lost') assert.equal(attempts.length, 0);
    assert.deepEqual(
      [injections.map(({ state }) => state), dsns, queued, complete],
      [['confirmed'], [], null, true],
    );
  }
  // Made again from the folder, it is all the same.
  const evidence = readFileSync(join(folder, 'evidence.ndjson'), 'utf8');
  rmSync(join(folder, 'evidence.ndjson'));
  const again = (await rebuildReports(folder)).summary;
  assert.deepEqual(again.evidence, summary.evidence);
  assert.deepEqual(again.conservation, summary.conservation);
  assert.equal(readFileSync(join(folder, 'evidence.ndjson'), 'utf8'), evidence);
});

const losingReplies = `
seed: 12
isps:
  yahoo: { share: 100%, mailboxes: { unknown: 0%, full: 0% }, limits: { ip-rate: 10000/s } }
load: { rate: 100/s, duration: 3s, connections: 8 }
incidents: [{ isp: yahoo, at: 0s, for: 1m, effect: { kind: lose-reply, share: 20% } }]
drain: { timeout: 20s }
thresholds: { duplicated: ['count==0'] }
`;

test('an honest MTA whose replies an ISP loses delivers twice, and is not to blame', async (t) => {
  const never = (): boolean => false;
  const honest: Faults = { drop: never, duplicate: never, forgetDsn: never };
  const { summary, folder, mta, count } = await flight(t, losingReplies, honest);
  const found = duplicates(summary);
  assert.equal(found.mta, 0);
  // Of what was repeated, the ISP may not have taken the first attempt: it can end before the dot, too.
  assert.ok(
    found.unconfirmed >= 20 && found.unconfirmed <= mta.repeated.size,
    `${found.unconfirmed} of ${mta.repeated.size}`,
  );
  assert.equal(count('duplicated'), 0);
  const twice = historiesIn(folder).filter(({ kinds }) => kinds.includes('duplicated_unconfirmed'));
  assert.equal(twice.length, found.unconfirmed);
  // Of all deliveries only the last one's reply may have been read.
  for (const { attempts } of twice)
    assert.ok(attempts.slice(0, -1).every(({ outcome, replyLost }) => outcome === 'accepted' && replyLost));
  assert.equal(summary.verdict.exitCode, 0);
});
