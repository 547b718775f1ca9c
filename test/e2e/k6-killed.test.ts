/** What is left of a run with k6 that is interrupted or killed, or whose k6 is: a report or an error, and no process. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Summary } from '../../src/report/summary.ts';
import { cli, scenarioFile, workFolder } from '../support/cli.ts';
import { type Flight, startFlight } from '../support/flight.ts';
import { standInK6 } from '../support/k6/stand-in.ts';
import { sealHere } from '../support/seal-ground.ts';

const scenario = `mta: { adapter: haraka }
load: { engine: k6, api: kumomta, rate: 20/s, duration: 10m, connections: 6 }
workers: { drivers: 2 }
drain: { timeout: 10s }
`;

interface Case {
  readonly what: string;
  readonly act: (flight: Flight) => void;
  readonly code: number | NodeJS.Signals;
  readonly says: RegExp;
  /** Of the report, made again if the run could not make one. */
  readonly verdict: RegExp;
  readonly sealed?: true;
}

const INTERRUPTED = /^Interrupted; this is what was recorded until then\.$/;

const cases: readonly Case[] = [
  {
    what: 'Ctrl-C',
    act: (flight) => void flight.child.kill('SIGINT'),
    code: 105,
    says: /^stopping: no more mail is injected/m,
    verdict: INTERRUPTED,
  },
  {
    what: 'kill -9 of the lab, sealed',
    act: (flight) => flight.killLab(),
    code: 106,
    says: /^the lab ended with signal SIGKILL; the report holds/m,
    verdict: /^The run did not come to its end: the lab ended with signal SIGKILL$/,
    sealed: true,
  },
  {
    what: 'kill -9 of the command itself',
    act: (flight) => void flight.child.kill('SIGKILL'),
    code: 'SIGKILL',
    says: /^load /m,
    // Nobody was there to write a report; `windtunnel report` makes it.
    verdict: INTERRUPTED,
  },
  {
    what: "kill -9 of the driver's process with a k6",
    act: (flight) => flight.kill(/k6\/worker/),
    code: 106,
    says: /^the driver \(k6\) [12] worker failed: ended with SIGKILL; the report holds/m,
    verdict: /^The run did not come to its end: the driver \(k6\) [12] worker failed: ended with SIGKILL$/,
  },
  {
    what: 'kill -9 of k6',
    act: (flight) => flight.kill(/support\/k6\/program\.js run /),
    code: 106,
    says: /^k6: k6 was ended by SIGKILL; the report holds/m,
    verdict: /^The run did not come to its end: k6: k6 was ended by SIGKILL$/,
  },
];

for (const { what, act, code, says, verdict, sealed } of cases) {
  test(`${what} in the load of k6`, { timeout: 120_000 }, async (t) => {
    if (sealed && !(await sealHere(t))) return;
    const folder = workFolder(t);
    const options = ['--k6-bin', standInK6(t), ...(sealed ? [] : ['--no-seal'])];
    const flight = startFlight(t, scenarioFile(folder, scenario), join(folder, 'runs'), options);
    await flight.untilMailFlows();
    await flight.until('what k6 measured', () => {
      const path = join(flight.folder() as string, 'k6-metrics.json');
      return existsSync(path) && readFileSync(path, 'utf8').includes('http_reqs');
    });
    act(flight);
    assert.equal(`${await flight.ended}`, `${code}`, flight.stdout() + flight.stderr());
    assert.match(flight.stderr(), says);
    await flight.untilGone();
    for (const file of ['plan.json', 'k6.log'])
      for (const process of ['1', '2'])
        assert.ok(existsSync(join(flight.folder() as string, 'k6', process, file)), file);
    const again = await cli(['report', flight.folder() as string, '--json']);
    const summary = JSON.parse(again.stdout) as Summary;
    assert.match(summary.verdict.sentence, verdict);
    assert.equal(summary.verdict.passed, false);
    assert.ok(summary.totals.injectedMessages > 0);
    const requests = summary.k6?.metrics.http_reqs?.value;
    assert.ok(requests?.kind === 'counter' && requests.count > 0);
  });
}

test('a script that is wrong ends the run before the load, in the words of k6', {
  timeout: 180_000,
}, async (t) => {
  const folder = workFolder(t);
  writeFileSync(join(folder, 'mine.js'), 'throw new Error("no luck");');
  const file = scenarioFile(folder, scenario.replace('api: kumomta', 'api: kumomta, script: mine.js'));
  const flight = startFlight(t, file, join(folder, 'runs'), ['--k6-bin', standInK6(t), '--no-seal']);
  assert.equal(await flight.ended, 104, flight.stderr());
  assert.match(flight.stderr(), /mine\.js: the script failed\n.*no luck/);
  assert.match(flight.stderr(), /^hint: k6's own log is .*k6\.log$/m);
  await flight.untilGone();
  assert.equal(existsSync(join(flight.folder() as string, 'summary.json')), false);
});

test('without a k6 nothing is started, and the message says what to do', async (t) => {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const file = scenarioFile(folder, scenario);
  const rows: [string, k6: string, RegExp][] = [
    ['not there', join(folder, 'k6'), /^k6 not found: .*k6 \(from --k6-bin\)/],
    ['too old', standInK6(t, '0.57.0'), /is k6 0\.57\.0; expected 1\.7 or newer, below 3/],
    ['too new', standInK6(t, '3.0.0'), /is k6 3\.0\.0; expected 1\.7 or newer, below 3/],
  ];
  for (const [name, k6, says] of rows) {
    const { code, stderr } = await cli(['run', file, '--out', out, '--no-seal', '--k6-bin', k6]);
    assert.equal(code, 106, name);
    assert.match(stderr, says, name);
    assert.match(stderr, /^hint: .*go install go\.k6\.io\/k6/m, name);
    assert.equal(existsSync(out), false, name);
  }
});
