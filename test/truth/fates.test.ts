import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ATTEMPT_OUTCOMES, Kind } from '../../src/record/attempt-log.ts';
import { cli, eachRecord, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';

const scenario = `
mta: { adapter: none }
isps:
  gmail: { share: 1, mailboxes: { unknown: 20%, full: 20% } }
load: { rate: 300/s, duration: 1s, connections: 4 }
`;

/** The fate of every recipient: the outcome of its one attempt, with the reply. */
async function fates(t: TestContext, seed: number): Promise<string[]> {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const file = scenarioFile(folder, scenario);
  const { code, stderr } = await cli(['run', file, '--no-seal', '--out', out, '--seed', String(seed)]);
  assert.equal(code, 0, stderr);
  const fate: string[] = [];
  eachRecord(join(onlyRun(out).folder, 'attempts.bin'), (view) => {
    if (view.kind !== Kind.attempt) return;
    assert.equal(fate[view.message], undefined, 'one attempt each');
    fate[view.message] = `${ATTEMPT_OUTCOMES[view.outcome]} ${view.reply}`;
  });
  return fate;
}

test('the same seed gives every recipient the same fate, another seed does not', async (t) => {
  const first = await fates(t, 7);
  const again = await fates(t, 7);
  const other = await fates(t, 8);
  // On a machine that is busy with other things the load may end before all of it has begun.
  const begun = first
    .map((_, n) => n)
    .filter((n) => [first, again, other].every((fate) => fate[n] !== undefined));
  assert.ok(begun.length > 100);
  const of = (fate: readonly string[]): (string | undefined)[] => begun.map((n) => fate[n]);
  // Accepted, unknown user, mailbox full: all three are there.
  assert.equal(new Set(of(first)).size, 3);
  assert.deepEqual(of(again), of(first));
  assert.notDeepEqual(of(other), of(first));
});
