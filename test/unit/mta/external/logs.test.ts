import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogs } from '../../../../src/mta/external/logs.ts';

test('what a run adds to logs is kept', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'external-logs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const kept = join(folder, 'kept');
  mkdirSync(kept);
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('grown.log'), 'before\n');
  writeFileSync(file('rotated.log'), 'long before\n');
  const logs = await openLogs(['grown.log', 'rotated.log', 'new.log', 'never.log'].map(file), kept);
  appendFileSync(file('grown.log'), 'now\n');
  writeFileSync(file('rotated.log'), 'now\n');
  writeFileSync(file('new.log'), 'now\n');
  for (let stop = 0; stop < 2; stop++) {
    await logs.keep();
    assert.deepEqual(readdirSync(kept).sort(), ['grown.log', 'new.log', 'rotated.log']);
    for (const name of readdirSync(kept)) assert.equal(readFileSync(join(kept, name), 'utf8'), 'now\n', name);
  }
});
