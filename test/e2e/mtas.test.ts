/** The same scenario file, unchanged, on every MTA that can be here; then all of them in one table. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { asset } from '../../src/core/assets.ts';
import { exim } from '../../src/mta/exim/adapter.ts';
import { haraka } from '../../src/mta/haraka/adapter.ts';
import { postfix } from '../../src/mta/postfix/adapter.ts';
import { cli, onlyRun, workFolder } from '../support/cli.ts';
import { mtaHere } from '../support/mta-here.ts';

const scenario = asset('scenarios', 'mta-pace.yaml');

/** Fewer than the file says: the slowest of the three delivers some tens a second on a busy machine. */
const MESSAGES = 300;

test('one scenario on Haraka, Postfix and Exim: each takes and delivers all of it, and one table has them', async (t) => {
  const folder = workFolder(t);
  const versions: string[] = [];
  for (const adapter of [haraka, postfix, exim]) {
    if (!(await mtaHere(t, adapter))) return;
    const out = join(folder, adapter.name);
    const run = await cli([
      'run',
      scenario,
      '--mta',
      adapter.name,
      '--set',
      `load.iterations=${MESSAGES}`,
      '--out',
      out,
    ]);
    assert.equal(run.code, 0, `${adapter.name}\n${run.stdout}${run.stderr}`);
    const { summary } = onlyRun(out);
    versions.push(summary.mta.version);
    assert.equal(summary.mta.version, await adapter.version());
    assert.equal(summary.totals.injectedMessages, MESSAGES);
    assert.equal(summary.totals.delivered, MESSAGES);
    // Its own log tells what the ISPs saw.
    const log = summary.ownLog;
    assert.equal(
      log?.isps.reduce((sum, isp) => sum + isp.accepted, 0),
      MESSAGES,
    );
    assert.deepEqual(
      log?.isps.map(({ falselyDelivered, falselyBounced }) => [falselyDelivered, falselyBounced]),
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
  }
  const folders = ['haraka', 'postfix', 'exim'].map((name) => onlyRun(join(folder, name)).folder);
  const { code, stdout } = await cli(['compare', '--side-by-side', '--json', ...folders]);
  assert.equal(code, 0);
  const { columns, rows } = JSON.parse(stdout);
  assert.deepEqual(
    columns.map(({ title, passed }: { title: string; passed: number }) => [title, passed]),
    versions.map((version) => [version, 1]),
  );
  const lost = rows.find(({ metric }: { metric: string }) => metric === 'lost');
  assert.deepEqual(lost.values, [[0], [0], [0]]);
});
