/** An MTA that is missing, can't start, dies or never drains: what the user is told, and that nothing is left of the run. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { sleepMs } from '../../src/core/clock.ts';
import { HarnessError } from '../../src/core/errors.ts';
import { childrenOf } from '../../src/lab/machine/process-tree.ts';
import { renderConsole } from '../../src/report/console.ts';
import { flyHere } from '../support/fly-here.ts';
import { smallAdapter, type Trouble } from '../support/small-adapter.ts';

const scenario = (load: string): string => `
isps: { yahoo: { share: 100%, limits: unlimited } }
load: { ${load} }
drain: { timeout: 1s }
`;

/** Waits until no process is left that was started since. One that stays is found by the runner's timeout. */
async function untilAlone(before: readonly number[]): Promise<void> {
  while (childrenOf(process.pid).some((pid) => !before.includes(pid))) await sleepMs(5);
}

/** A port that somebody else listens on. */
async function takenPort(t: TestContext): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const STARTED = /small MTA: starting on port \d+/;
const starts: readonly [what: string, trouble: Trouble, said: readonly RegExp[]][] = [
  ['is missing', 'missing', [/^there is no small MTA here$/]],
  [
    'does not understand its configuration',
    'broken',
    [/^the small MTA ended with exit code 1\n/, STARTED, /\nsmall MTA: line 3 of the configuration: unknown/],
  ],
  ['finds its port taken', 'none', [/^the small MTA ended with exit code 1\n/, STARTED, /\n.*EADDRINUSE/]],
  ['does not listen', 'deaf', [/^the small MTA did not listen on port \d+\n/, STARTED]],
];

for (const [what, trouble, said] of starts) {
  test(`an MTA that ${what}: an error that says so, exit code 106, no process left`, {
    timeout: 60_000,
  }, async (t) => {
    const before = childrenOf(process.pid);
    const port = what.includes('port taken') ? await takenPort(t) : 0;
    await assert.rejects(
      flyHere(t, scenario('rate: 20/s, duration: 1s'), smallAdapter(trouble, port)),
      (error) => {
        assert.ok(error instanceof HarnessError);
        assert.equal(exitCodeOf(error.kind), 106);
        for (const each of said) assert.match(error.message, each);
        assert.ok(error.hint);
        return true;
      },
    );
    await untilAlone(before);
  });
}

test('an MTA that dies in the load: the report of what was recorded, with its last words', {
  timeout: 60_000,
}, async (t) => {
  const before = childrenOf(process.pid);
  const { summary, folder } = await flyHere(t, scenario('rate: 20/s, duration: 10m'), smallAdapter('dies'));
  await untilAlone(before);
  const { verdict, totals, mta } = summary;
  assert.deepEqual(verdict, {
    passed: false,
    exitCode: 106,
    sentence: 'The MTA ended during the run: the small MTA ended with exit code 3',
  });
  // It can have died before its last 250 was on its way.
  const { injectedMessages, unconfirmedInjections } = totals;
  assert.ok(injectedMessages <= 20 && injectedMessages + unconfirmedInjections >= 20, JSON.stringify(totals));
  assert.equal(mta.lastLines?.at(-1), 'small MTA: fatal: no slot left for message 21');
  const log = "the last lines of the MTA's log";
  assert.match(
    renderConsole(summary, { color: false }),
    new RegExp(
      `^  ${log}\\n    small MTA: starting on port \\d+\\n    small MTA: listening\\n    small MTA: fatal: no slot left`,
      'm',
    ),
  );
  assert.match(
    readFileSync(join(folder, 'summary.md'), 'utf8'),
    /The last lines of the MTA's log:\n\n```\nsmall MTA: starting/,
  );
  assert.match(
    readFileSync(join(folder, 'report.html'), 'utf8'),
    /<h3>The last lines of its log<\/h3><pre[^>]*>small MTA: starting/,
  );
});

test('an MTA that never drains: the drain times out, and the report says so', {
  timeout: 60_000,
}, async (t) => {
  const before = childrenOf(process.pid);
  const { summary } = await flyHere(t, scenario('rate: 20/s, duration: 1s'), smallAdapter('none'));
  await untilAlone(before);
  assert.equal(summary.verdict.exitCode, 0);
  assert.ok(
    summary.warnings.some((warning) => /^The queue was not empty when the drain timed out/.test(warning)),
  );
  assert.deepEqual(
    summary.conservation.filter(({ count }) => count > 0).map(({ outcome, count }) => [outcome, count]),
    [['unaccounted', 20]],
  );
});
