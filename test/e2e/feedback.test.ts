/** What comes back of accepted mail: as much as was asked for, sent by the ISPs, and read by the sender's mailroom. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { platform } from '../../src/core/process.ts';
import { FEEDBACK_KINDS, FEEDBACK_STATES, type FeedbackKind, Kind } from '../../src/record/attempt-log.ts';
import { cli, eachRecord, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { sealHere } from '../support/seal-ground.ts';
import { lacking } from '../support/skip.ts';

const KINDS = FEEDBACK_KINDS.filter((kind) => kind !== 'trap');

/** A delay within seconds, and a share of everything. */
const all = (fields: string): string =>
  `{ complaints: 20%, withdrawals: 50%, auto-replies: 20%, challenges: 20%, malformed: 20%, unsubscribes: 20%, traps: 0%, ${fields} }`;
const mailboxes = 'mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, limits: unlimited, reputation: off';

const scenario = (mta: string, fields: string): string => `# Does all come back?
seed: 7
clock: { scale: 60 }
mta: ${mta}
senders: [{ domain: news.sender.test, dkim: auto }]
isps:
  gmail: { share: 30%, ${mailboxes}, feedback: ${all('bounces: 20%, delay: 1s..2m')} }
  yahoo: { share: 40%, ${mailboxes}, feedback: ${all('delay: 1s..2m')} }
  outlook: { share: 30%, ${mailboxes}, feedback: ${all('bounces: 20%, delay: 1s..2m')} }
${fields}
`;

/** The recipients of each kind in each state, as `message/slot`, and the most tries that one needed. */
async function returned(t: TestContext, text: string, ...options: string[]) {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const { code, stdout, stderr } = await cli(['run', scenarioFile(folder, text), '--out', out, ...options]);
  assert.equal(code, 0, `${stdout}${stderr}`);
  const run = onlyRun(out);
  const seen = new Map<string, string[]>();
  let mostTries = 0;
  eachRecord(join(run.folder, 'attempts.bin'), (view) => {
    if (view.kind !== Kind.feedback) return;
    const key = `${FEEDBACK_KINDS[view.feedbackKind]} ${FEEDBACK_STATES[view.outcome]}`;
    seen.set(key, [...(seen.get(key) ?? []), `${view.message}/${view.slot}`]);
    if (FEEDBACK_STATES[view.outcome] === 'sent') mostTries = Math.max(mostTries, view.connection);
  });
  return {
    summary: run.summary,
    of: (kind: FeedbackKind, state: string): string[] => (seen.get(`${kind} ${state}`) ?? []).sort(),
    mostTries,
  };
}

/** Asserts that all that was asked for was sent and came in. */
function assertWhole({ of }: Awaited<ReturnType<typeof returned>>): void {
  for (const kind of KINDS) {
    const due = of(kind, 'due');
    assert.ok(due.length > 0, kind);
    assert.deepEqual(of(kind, 'sent'), due, `${kind} sent`);
    // An MTA that dies between taking a mail and saying so is sent it again, and does so itself (RFC 1047).
    assert.deepEqual([...new Set(of(kind, 'received'))], [...new Set(due)], `${kind} received`);
    assert.deepEqual(of(kind, 'failed'), [], kind);
  }
  const reported = of('complaint', 'due');
  const happened = of('complaint', 'happened');
  assert.ok(reported.every((one) => happened.includes(one)));
  assert.ok(happened.length > reported.length, 'Gmail tells nobody');
}

test('what comes back through Haraka is what was asked for, of every kind', async (t) => {
  if (!(await sealHere(t))) return;
  const run = await returned(
    t,
    scenario(
      '{ adapter: haraka, sources: [198.18.128.1, 198.18.128.2] }',
      'load: { executor: shared-iterations, vus: 4, iterations: 100, maxDuration: 60s, message: { dkim: rsa-2048, unsubscribe: one-click } }\ndrain: { timeout: 60s }',
    ),
  );
  assertWhole(run);
});

test('none of it is lost when the MTA is away for a while', async (t) => {
  if (!(await sealHere(t))) return;
  const run = await returned(
    t,
    scenario(
      '{ adapter: haraka }',
      `load: { rate: 20/s, duration: 6s, connections: 4, retry: { wait: 1s, times: 60 }, message: { dkim: rsa-2048, unsubscribe: one-click } }
faults: [{ at: 3s, kill: SIGKILL, restart: 6s }]
drain: { timeout: 90s }`,
    ),
  );
  assertWhole(run);
  assert.ok(run.mostTries > 1, 'nothing was tried while it was away');
});

test('without an MTA and a seal it comes to the mailroom, from an ISP on several workers too', async (t) => {
  if (platform !== 'linux') return lacking(t, 'only Linux has all of 127.0.0.0/8 on its loopback');
  const text = scenario(
    '{ adapter: none, sources: [127.0.0.2, 127.0.0.3] }',
    'load: { executor: shared-iterations, vus: 4, iterations: 200, message: { dkim: rsa-2048, unsubscribe: one-click } }\ndrain: { timeout: 60s }',
  ).replace('yahoo: { share: 40%,', 'yahoo: { share: 40%, workers: 2,');
  assertWhole(await returned(t, text, '--no-seal'));
});

test('what would come back after the run is not waited for, and stays due', async (t) => {
  if (platform !== 'linux') return lacking(t, 'only Linux has all of 127.0.0.0/8 on its loopback');
  const text = scenario(
    '{ adapter: none, sources: [127.0.0.2] }',
    'load: { executor: shared-iterations, vus: 3, iterations: 50, message: { dkim: rsa-2048, unsubscribe: one-click } }\ndrain: { timeout: 1s }',
  ).replaceAll('1s..2m', '2d');
  const { of } = await returned(t, text, '--no-seal');
  for (const kind of KINDS) {
    assert.ok(of(kind, 'due').length > 0, kind);
    for (const state of ['happened', 'sent', 'failed', 'received'])
      assert.deepEqual(of(kind, state), [], `${kind} ${state}`);
  }
});
