import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { rebuildReports } from '../../src/lab/folder/rebuild.ts';
import { addressesOf, modelOf } from '../../src/lab/folder/report-input.ts';
import { readRunFile } from '../../src/lab/folder/run-folder.ts';
import type { MtaAdapter, MtaEvent } from '../../src/mta/adapter.ts';
import {
  ATTEMPT_OUTCOMES,
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  type FeedbackKind,
  Kind,
  RecordView,
} from '../../src/record/attempt-log.ts';
import { readRecords, recordsIn } from '../../src/record/recorder.ts';
import { faultyAdapter } from '../support/faulty-adapter.ts';
import { flyHere } from '../support/fly-here.ts';

const scenario = `
seed: 5
mta: { sources: [{ ip: 198.18.128.1, vmta: a }, { ip: 198.18.128.2, vmta: b }] }
isps:
  gmail: { share: 60%, mailboxes: { unknown: 10%, full: 0% }, limits: { ip-rate: 10000/s, domain-rate: 10000/s } }
  yahoo: { share: 40%, mailboxes: { unknown: 10%, full: 0% }, limits: { ip-rate: 10000/s } }
load: { executor: shared-iterations, vus: 8, iterations: 300, maxDuration: 60s }
drain: { timeout: 20s }
`;

/** How a log departs from what was: an entry of a recipient's delivery or bounce, told otherwise, or not at all. */
type Lie = (event: MtaEvent, message: number) => MtaEvent | undefined;

/** A log that tells what the ISPs recorded, but for the lies. `folder`: the MTA's, in the run's. */
async function* eventsOf(folder: string, lie: Lie): AsyncGenerator<MtaEvent> {
  const { plan } = readRunFile(dirname(folder));
  const addressOf = addressesOf(plan);
  for (const block of recordsIn(dirname(folder), 'events')) {
    const view = new RecordView(block);
    for (view.index = 0; view.index < view.count; view.index++) {
      const outcome = ATTEMPT_OUTCOMES[view.outcome];
      if (view.kind !== Kind.attempt || (outcome !== 'accepted' && outcome !== 'rejected')) continue;
      const told = lie(
        {
          kind: outcome === 'accepted' ? 'delivered' : 'bounced',
          atMs: undefined,
          sender: `b-${view.message}@news.sender.test`,
          recipient: addressOf(view.message, view.slot === 0xffff ? 0 : view.slot),
          source: `127.1.0.${view.source + 1}`,
          code: undefined,
          text: undefined,
        },
        view.message,
      );
      if (told) yield told;
    }
  }
}

test('a log that tells the truth is found to, and nothing is said of it', async (t) => {
  const adapter = faultyAdapter({ events: (folder) => eventsOf(folder, (event) => event) });
  const { summary } = await flyHere(t, scenario, adapter);
  assert.deepEqual(summary.ownLog?.findings, []);
  assert.equal(summary.ownLog?.events, 300);
  for (const { isp, delivered, accepted, bounced, rejected } of summary.ownLog?.isps ?? []) {
    assert.ok(delivered > 50 && bounced > 2, isp);
    assert.deepEqual([delivered, bounced], [accepted, rejected], isp);
  }
});

test('a log that lies is convicted of each lie, in the run and when the report is made again; the run passes', async (t) => {
  const events = (folder: string): AsyncGenerator<MtaEvent> =>
    eventsOf(folder, (event, message) => {
      if (event.kind === 'bounced') return message % 2 === 0 ? { ...event, kind: 'delivered' } : event;
      if (message % 10 === 1) return undefined;
      if (message % 10 === 3) return { ...event, kind: 'expired' };
      if (message % 10 === 5) return { ...event, source: 'nowhere' };
      if (message % 10 === 7) return { ...event, kind: 'unreadable', sender: undefined, recipient: '' };
      return message % 10 === 9 ? { ...event, source: event.source?.endsWith('1') ? 'a' : 'b' } : event;
    });
  const adapter = faultyAdapter({ events });
  const { summary, folder } = await flyHere(t, scenario, adapter);
  const expected = { falselyDelivered: 0, untold: 0, falselyBounced: 0, wrongSource: 0, unreadable: 0 };
  for (const block of recordsIn(folder, 'events')) {
    const view = new RecordView(block);
    for (view.index = 0; view.index < view.count; view.index++) {
      if (view.kind !== Kind.attempt) continue;
      const last = view.message % 10;
      const accepted = ATTEMPT_OUTCOMES[view.outcome] === 'accepted';
      if (!accepted && view.message % 2 === 0) expected.falselyDelivered++;
      if (accepted && [1, 3, 7].includes(last)) expected.untold++;
      if (accepted && last === 3) expected.falselyBounced++;
      if (accepted && last === 5) expected.wrongSource++;
      if (accepted && last === 7) expected.unreadable++;
    }
  }
  const found = { ...expected, falselyDelivered: 0, untold: 0, falselyBounced: 0, wrongSource: 0 };
  for (const isp of summary.ownLog?.isps ?? [])
    for (const key of ['falselyDelivered', 'untold', 'falselyBounced', 'wrongSource'] as const)
      found[key] += isp[key];
  assert.deepEqual({ ...found, unreadable: summary.ownLog?.unreadable }, expected);
  assert.ok(Object.values(expected).every((count) => count > 5));
  assert.equal(summary.verdict.exitCode, 0);
  const again = await rebuildReports(folder, () => adapter);
  assert.deepEqual(again.summary.ownLog, summary.ownLog);
});

test('without a log nothing is said; one that breaks off is compared as far as it goes, with a warning', async (t) => {
  const silent = await flyHere(t, scenario, faultyAdapter());
  assert.equal(silent.summary.ownLog, null);
  async function* broken(folder: string): AsyncGenerator<MtaEvent> {
    let told = 0;
    for await (const event of eventsOf(folder, (one) => one)) {
      if (told++ === 100) throw new Error('the disk is gone');
      yield event;
    }
  }
  const { summary } = await flyHere(t, scenario, faultyAdapter({ events: broken }));
  assert.equal(summary.ownLog?.events, 100);
  assert.ok(
    summary.warnings.includes("The MTA's own log could not be read to its end: the disk is gone"),
    summary.warnings.join('\n'),
  );
});

const feedback = '{ complaints: 30%, withdrawals: 50%, auto-replies: 20%, malformed: 10%, delay: 0.1s }';
const returning = `${scenario
  .replace('60%,', `60%, feedback: { bounces: 30%, delay: 0.1s },`)
  .replace('40%,', `40%, feedback: ${feedback},`)
  .replace('load: {', 'load: { message: { dkim: rsa-2048 },')}
feedback: { to: mta }
`;

/** What ISPs have sent back, as a log that leaves out every third report would tell it. */
async function* reportsOf(folder: string): AsyncGenerator<MtaEvent> {
  const { plan } = readRunFile(dirname(folder));
  const addressOf = addressesOf(plan);
  const kinds: Partial<Record<FeedbackKind, MtaEvent['kind']>> = {
    complaint: 'complaint',
    withdrawal: 'withdrawal',
    bounce: 'remote-bounce',
  };
  for (const { kind, message, slot } of sentReports(dirname(folder)))
    if (message % 3 > 0 && kinds[kind] !== undefined)
      yield {
        kind: kinds[kind],
        atMs: undefined,
        sender: undefined,
        recipient: message % 2 === 0 ? addressOf(message, slot) : '',
        message,
        source: undefined,
        code: undefined,
        text: undefined,
      };
}

function sentReports(folder: string): { kind: FeedbackKind; message: number; slot: number }[] {
  const sent: { kind: FeedbackKind; message: number; slot: number }[] = [];
  for (const block of recordsIn(folder, 'events')) {
    const view = new RecordView(block);
    for (view.index = 0; view.index < view.count; view.index++) {
      const kind = FEEDBACK_KINDS[view.feedbackKind];
      if (view.kind !== Kind.feedback || FEEDBACK_STATES[view.outcome] !== 'sent' || !kind) continue;
      sent.push({ kind, message: view.message, slot: view.slot });
    }
  }
  return sent;
}

test('reports that a log leaves out are missed by kind, and the mailroom has read all that were sent', async (t) => {
  const adapter: MtaAdapter = {
    ...faultyAdapter({ events: reportsOf }),
    returned: ['complaint', 'withdrawal', 'remote-bounce'],
  };
  const { summary, folder } = await flyHere(t, returning, adapter);
  const sent = sentReports(folder);
  const expected = (['complaint', 'withdrawal', 'bounce'] as const).map((kind) => {
    const of = sent.filter((one) => one.kind === kind);
    return {
      kind,
      sent: of.length,
      unasked: 0,
      processed: of.filter(({ message }) => message % 3 > 0).length,
    };
  });
  assert.deepEqual(summary.ownLog?.returned, expected);
  assert.ok(expected.every((one) => one.sent > 5 && one.processed < one.sent));
  assert.deepEqual(
    summary.ownLog?.findings.filter((finding) => finding.startsWith('it ')),
    expected.map(
      ({ kind, sent: all, processed }) =>
        `it tells nothing of ${all - processed} of ${all} ${kind}s that were sent to it.`,
    ),
  );
  const { aggregate } = readRecords(folder, modelOf(readRunFile(folder).plan));
  for (const kind of FEEDBACK_KINDS)
    for (const isp of [0, 1]) {
      const counts = aggregate.feedback.of(isp, kind);
      if (kind !== 'trap') assert.equal(counts.received, counts.sent, `${kind} of ${isp}`);
    }
});
