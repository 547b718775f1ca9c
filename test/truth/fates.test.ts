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
  assert.equal(first.filter((f) => f !== undefined).length, 300);
  // Accepted, unknown user, mailbox full: all three are there.
  assert.equal(new Set(first).size, 3);
  assert.deepEqual(await fates(t, 7), first);
  assert.notDeepEqual(await fates(t, 8), first);
});
