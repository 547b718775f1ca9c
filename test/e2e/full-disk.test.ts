import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Summary } from '../../src/report/summary.ts';
import { cli, scenarioFile, workFolder } from '../support/cli.ts';
import { startFlight } from '../support/flight.ts';
import { smallDisk } from '../support/small-disk.ts';

const NO_SPACE = 'ENOSPC: no space left on device';

/** What is in a folder and looks like a report. */
function reportsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) =>
    /^(summary|junit|k6-summary|timeline|histograms|report)\./.test(name),
  );
}

// A failed threshold stays what it is; one that holds must not pass without its evidence.
const endings: readonly [threshold: string, code: number, sentence: RegExp][] = [
  ['count>0', 106, /^ {4}The threshold holds\. Its report could not be written\.$/m],
  ['count<0', 99, /^ {4}delivered: count is .* asks \(limit 0\) Its report could not be written\.$/m],
];
for (const [threshold, code, sentence] of endings) {
  test(`a disk that is full in the load: the verdict on ${threshold} is told, exit code ${code}`, async (t) => {
    const disk = await smallDisk(t, 8);
    if (!disk) return;
    const scenario = `mta: { adapter: none }\nload: { rate: 100/s, duration: 4s }\nthresholds: { delivered: ['${threshold}'] }\n`;
    const file = scenarioFile(workFolder(t), scenario);
    const out = join(disk.path, 'runs');
    const flight = startFlight(t, file, out, ['--no-seal']);
    await flight.untilMailFlows();
    disk.fill();
    assert.equal(await flight.ended, code, flight.stdout() + flight.stderr());
    assert.match(flight.stdout(), /^ {2}✗ FAILED/m);
    assert.match(flight.stdout(), sentence);
    assert.match(flight.stdout(), new RegExp(`· exit ${code}$`, 'm'));
    assert.match(
      flight.stdout().replace(/\s+/g, ' '),
      new RegExp(`! recording to .*\\.bin stopped: ${NO_SPACE}`),
    );
    const folder = flight.folder() as string;
    for (const name of ['summary.json', 'junit.xml', 'report.html'])
      assert.ok(flight.stderr().includes(`can't write ${join(folder, name)}: ${NO_SPACE}`), flight.stderr());
    assert.deepEqual(reportsIn(folder), []);
    const { format } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
    assert.equal(format, 1);

    // With room again, a report can be made of what was recorded, and does not pass for one of the whole run.
    disk.free();
    const again = await cli(['report', folder, '--json']);
    assert.equal(again.code, 105, again.stderr);
    const summary = JSON.parse(again.stdout) as Summary;
    const told = /^ +injected +([\d,]+)/m.exec(flight.stdout())?.[1]?.replaceAll(',', '');
    assert.ok(summary.totals.injectedMessages > 0);
    assert.ok(summary.totals.injectedMessages < Number(told), `${told} told`);
    assert.match(summary.warnings.join('\n'), /The run did not come to its end/);
  });
}

test('a disk that is full from the begin: an error that says so, and no report', async (t) => {
  const disk = await smallDisk(t, 1);
  if (!disk) return;
  const file = scenarioFile(workFolder(t), 'mta: { adapter: none }\nload: { rate: 10/s, duration: 1s }\n');
  disk.fill();
  const { code, stderr } = await cli(['run', file, '--no-seal', '--out', join(disk.path, 'runs')]);
  assert.equal(code, 106, stderr);
  assert.match(stderr, new RegExp(`^can't write .*injections\\.bin: ${NO_SPACE}`, 'm'));
  for (const run of readdirSync(join(disk.path, 'runs')))
    assert.deepEqual(reportsIn(join(disk.path, 'runs', run)), []);
});
