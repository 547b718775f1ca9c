/**
 * What is left of a run that is interrupted or killed: a report of what was recorded, or an error that says why there is
 * none; never a file that looks whole and is not, and no process.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Summary } from '../../src/report/summary.ts';
import { cli, scenarioFile, workFolder } from '../support/cli.ts';
import { type Flight, startFlight } from '../support/flight.ts';
import { sealHere } from '../support/seal-ground.ts';
import { assertSummary } from '../support/summary-schema.ts';

const direct = 'mta: { adapter: none }\nload: { rate: 100/s, duration: 10m }\n';
/** Gmail takes next to nothing, so the queue never drains. */
const stuck = `mta: { adapter: haraka }
isps: { gmail: { share: 100%, limits: { ip-rate: 1/h } } }
load: { rate: 20/s, duration: 10m }
drain: { timeout: 10m }
`;
const short = stuck.replace('duration: 10m', 'duration: 1s');

type Moment = 'before the load' | 'in the load' | 'in the drain' | 'while the reports are written';

/** Resolves when the run is at that moment. */
const moments: Readonly<Record<Moment, (flight: Flight) => Promise<void>>> = {
  'before the load': (flight) => flight.until('the MTA was started', () => flight.runs(/haraka/i)),
  'in the load': (flight) => flight.untilMailFlows(),
  'in the drain': (flight) => flight.until('the drain', () => /^drain /m.test(flight.stderr())),
  'while the reports are written': async (flight) => {
    // Whoever opens a pipe that nobody reads waits for ever, so the lab stops right here.
    await flight.untilMailFlows();
    execFileSync('mkfifo', [pipeOf(flight)]);
    flight.child.kill('SIGTERM');
    await flight.until('the first report', () => existsSync(join(flight.folder() ?? '', 'timeline.csv')));
  },
};

function pipeOf(flight: Flight): string {
  return join(flight.folder() as string, 'report.html.part');
}

interface Case {
  readonly moment: Moment;
  readonly what: string;
  readonly scenario: string;
  readonly act: (flight: Flight) => void | Promise<void>;
  readonly code: number | NodeJS.Signals;
  /** What it says on stderr. */
  readonly says: RegExp;
  /** `none`: it ended before there was anything to report. */
  readonly verdict: RegExp | 'none';
  readonly sealed?: true;
}

const interrupt = (flight: Flight): void => void flight.child.kill('SIGINT');
const hangUp = (flight: Flight): void => void flight.child.kill('SIGHUP');
const terminate = (flight: Flight): void => void flight.child.kill('SIGTERM');
/** Ctrl-C until each has been answered. */
const interrupts =
  (answers: readonly RegExp[]) =>
  async (flight: Flight): Promise<void> => {
    for (const answer of answers) {
      interrupt(flight);
      await flight.until(`it said ${answer}`, () => answer.test(flight.stderr()));
    }
  };
const DRAINING = /^stopping: no more mail is injected/m;
const AT_ONCE = /^stopping at once$/m;
const INTERRUPTED = /^Interrupted; this is what was recorded until then\.$/;

const cases: readonly Case[] = [
  {
    moment: 'before the load',
    what: 'Ctrl-C',
    scenario: short.replace('limits: { ip-rate: 1/h }', 'limits: unlimited'),
    act: interrupt,
    code: 105,
    says: DRAINING,
    verdict: INTERRUPTED,
  },
  {
    moment: 'before the load',
    what: 'SIGTERM',
    scenario: stuck,
    act: terminate,
    code: 105,
    says: AT_ONCE,
    verdict: INTERRUPTED,
  },
  {
    moment: 'before the load',
    what: 'Ctrl-C three times',
    scenario: stuck,
    act: interrupts([DRAINING, AT_ONCE, /^ending the lab/m]),
    code: 105,
    says: /^the lab ended with signal SIGKILL before the load began$/m,
    verdict: 'none',
  },
  {
    moment: 'before the load',
    what: 'kill -9 of the lab',
    scenario: stuck,
    act: (flight) => flight.killLab(),
    code: 106,
    says: /^the lab ended with signal SIGKILL before the load began$/m,
    verdict: 'none',
  },
  {
    moment: 'before the load',
    what: 'kill -9 of the MTA',
    scenario: stuck,
    act: (flight) => flight.kill(/haraka/i),
    code: 106,
    says: /^Haraka was ended by SIGKILL$/m,
    verdict: 'none',
  },
  {
    moment: 'in the load',
    what: 'Ctrl-C',
    scenario: direct,
    act: interrupt,
    code: 105,
    says: DRAINING,
    verdict: INTERRUPTED,
  },
  {
    moment: 'in the load',
    what: 'SIGHUP',
    scenario: direct,
    act: hangUp,
    code: 105,
    says: DRAINING,
    verdict: INTERRUPTED,
  },
  {
    moment: 'in the load',
    what: 'SIGHUP twice and then Ctrl-C, which is the second wish for an end',
    scenario: stuck,
    async act(flight) {
      hangUp(flight);
      await flight.until('it drains', () => DRAINING.test(flight.stderr()));
      hangUp(flight);
      interrupt(flight);
    },
    code: 105,
    says: /^stopping: no more .*\n(?:(?!stopping|ending).*\n)*stopping at once\n(?![\s\S]*ending the lab)/m,
    verdict: INTERRUPTED,
  },
  {
    moment: 'in the load',
    what: 'Ctrl-C twice',
    scenario: stuck,
    act: interrupts([DRAINING, AT_ONCE]),
    code: 105,
    says: AT_ONCE,
    verdict: INTERRUPTED,
  },
  {
    moment: 'in the load',
    what: 'SIGTERM',
    scenario: stuck,
    act: terminate,
    code: 105,
    says: AT_ONCE,
    verdict: INTERRUPTED,
  },
  ...([true, false] as const).map(
    (sealed): Case => ({
      moment: 'in the load',
      what: `kill -9 of the lab, ${sealed ? 'sealed' : 'on loopback'}`,
      scenario: stuck,
      act: (flight) => flight.killLab(),
      code: 106,
      says: /^the lab ended with signal SIGKILL; the report holds what was recorded until then$/m,
      verdict: /^The run did not come to its end: the lab ended with signal SIGKILL$/,
      ...(sealed && { sealed }),
    }),
  ),
  {
    moment: 'in the load',
    what: 'kill -9 of an ISP',
    scenario: direct,
    async act(flight) {
      // What it has heard until then is kept.
      const kept = join(flight.folder() as string, 'transcripts.json');
      await flight.until('a dialogue was kept', () => existsSync(kept));
      flight.kill(/isps\/worker/);
    },
    code: 106,
    says: /^the isps worker failed: ended with SIGKILL; the report holds what was recorded until then$/m,
    verdict: /^The run did not come to its end: the isps worker failed: ended with SIGKILL$/,
  },
  {
    moment: 'in the load',
    what: 'kill -9 of the driver',
    scenario: direct,
    act: (flight) => flight.kill(/drivers\/worker/),
    code: 106,
    says: /^the driver worker failed: ended with SIGKILL; the report holds what was recorded until then$/m,
    verdict: /^The run did not come to its end: the driver worker failed: ended with SIGKILL$/,
  },
  {
    moment: 'in the load',
    what: 'kill -9 of the MTA',
    scenario: stuck,
    act: (flight) => flight.kill(/haraka/i),
    code: 106,
    says: /^load /m,
    verdict: /^The MTA ended during the run: Haraka was ended by SIGKILL$/,
  },
  ...([true, false] as const).map(
    (sealed): Case => ({
      moment: 'in the load',
      what: `kill -9 of the command itself, ${sealed ? 'sealed' : 'on loopback'}`,
      scenario: stuck,
      act: (flight) => void flight.child.kill('SIGKILL'),
      code: 'SIGKILL',
      says: /^load /m,
      // Nobody was there to write one; `windtunnel report` makes it.
      verdict: /^Interrupted; this is what was recorded until then\.$/,
      ...(sealed && { sealed }),
    }),
  ),
  {
    moment: 'in the drain',
    what: 'Ctrl-C twice',
    scenario: short,
    act: interrupts([DRAINING, AT_ONCE]),
    code: 105,
    says: AT_ONCE,
    verdict: INTERRUPTED,
  },
  {
    moment: 'in the drain',
    what: 'SIGTERM',
    scenario: short,
    act: terminate,
    code: 105,
    says: AT_ONCE,
    verdict: INTERRUPTED,
  },
  {
    moment: 'in the drain',
    what: 'kill -9 of the lab',
    scenario: short,
    act: (flight) => flight.killLab(),
    code: 106,
    says: /^the lab ended with signal SIGKILL; the report holds what was recorded until then$/m,
    verdict: /^The run did not come to its end: the lab ended with signal SIGKILL$/,
  },
  {
    moment: 'in the drain',
    what: 'kill -9 of an ISP',
    scenario: short,
    act: (flight) => flight.kill(/isps\/worker/),
    code: 106,
    says: /^the isps worker failed: ended with SIGKILL; the report holds what was recorded until then$/m,
    verdict: /^The run did not come to its end: the isps worker failed: ended with SIGKILL$/,
  },
  {
    moment: 'in the drain',
    what: 'kill -9 of the MTA',
    scenario: short,
    act: (flight) => flight.kill(/haraka/i),
    code: 106,
    says: /^drain /m,
    verdict: /^The MTA ended during the run: Haraka was ended by SIGKILL$/,
  },
  {
    moment: 'while the reports are written',
    what: 'kill -9 of the lab',
    scenario: direct,
    act(flight) {
      rmSync(pipeOf(flight));
      flight.killLab();
    },
    code: 105,
    says: /^the lab ended with signal SIGKILL; the report holds what was recorded until then$/m,
    verdict: INTERRUPTED,
  },
  {
    moment: 'while the reports are written',
    what: 'Ctrl-C, which ends the lab by now',
    scenario: direct,
    act(flight) {
      rmSync(pipeOf(flight));
      interrupt(flight);
    },
    code: 105,
    says: /^ending the lab; what was recorded is reported$/m,
    verdict: INTERRUPTED,
  },
];

// Each waits for a moment, and for processes to end: none of them has a pace to keep.
describe('a run that is interrupted or killed', { concurrency: 2 }, () => {
  for (const { moment, what, scenario, act, code, says, verdict, sealed } of cases) {
    test(`${what} ${moment}`, { timeout: 180_000 }, async (t) => {
      if (sealed && !(await sealHere(t))) return;
      const folder = workFolder(t);
      const flight = startFlight(t, scenarioFile(folder, scenario), join(folder, 'runs'), [
        ...(sealed ? [] : ['--no-seal']),
      ]);
      await moments[moment](flight);
      await act(flight);
      const said = `${await flight.ended}`;
      assert.equal(said, `${code}`, flight.stdout() + flight.stderr());
      assert.match(flight.stderr(), says);
      await flight.untilGone();
      const run = flight.folder() as string;
      if (verdict === 'none') return assertNothingLooksWhole(run);
      const again = await cli(['report', run, '--json']);
      if (code !== 'SIGKILL') {
        // What the run itself left is what is made of the records again.
        assert.match(flight.stdout(), /^report: .*report\.html$/m);
        assert.equal(again.code, code);
      } else assert.equal(again.code, 105);
      const summary = JSON.parse(again.stdout) as Summary;
      assertWhole(run);
      assert.match(summary.verdict.sentence, verdict);
      assert.equal(summary.verdict.passed, false);
      assert.equal(summary.run.interrupted, again.code === 105);
      if (moment !== 'before the load') assert.ok(summary.totals.injectedMessages > 0);
    });
  }
});

/** Every report is there, and each is whole. */
function assertWhole(folder: string): void {
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  assertSummary(JSON.parse(text('summary.json')));
  JSON.parse(text('k6-summary.json'));
  JSON.parse(text('run.json'));
  assert.ok(text('report.html').trimEnd().endsWith('</html>'));
  assert.ok(text('junit.xml').endsWith('</testsuites>\n'));
  for (const name of ['summary.md', 'timeline.csv', 'histograms.hlog', 'scenario.yaml'])
    assert.ok(text(name).endsWith('\n'), name);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.part')),
    [],
  );
}

function assertNothingLooksWhole(folder: string): void {
  const reports = /^(summary|junit|k6-summary|timeline|histograms|report|run)\./;
  assert.deepEqual(
    readdirSync(folder).filter((name) => reports.test(name)),
    [],
  );
  assert.ok(statSync(join(folder, 'lab.log')).isFile());
}
