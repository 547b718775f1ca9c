import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { asset } from '../../src/core/assets.ts';
import { loadScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { cli, onlyRun, workFolder } from '../support/cli.ts';
import { realK6, standInK6 } from '../support/k6/stand-in.ts';
import { sealHere } from '../support/seal-ground.ts';

const folder = asset('scenarios');

/** Messages of a load in short. */
const MESSAGES = 80;

/** These are flown whole, or more than once, by a test of their own: checks.test.ts, many-sources.test.ts, mtas.test.ts. */
const FLOWN_ELSEWHERE = ['hardening.yaml', 'many-sources.yaml', 'mta-pace.yaml'];

/** A few seconds of a scenario: the same ISPs, MTA and incidents, less mail. */
function inShort(path: string): { settings: string[]; messages: number } {
  const loaded = loadScenario(path);
  const { incidents, faults, loads } = planRun(loaded);
  // An MTA that is killed needs a while until it takes mail again, and incidents come one after the other.
  const isAway = incidents.filter(({ unreachable }) => unreachable).length > 1;
  const seconds = isAway ? 6 : faults.length > 0 ? 4 : incidents.length > 0 ? 2 : 1;
  const gap = Math.floor((seconds * 1000 - 500) / Math.max(1, incidents.length));
  const settings = [
    ...loads.map(({ name, action, k6 }) => {
      const key = loaded.scenario.loads ? `loads.${name}` : 'load';
      const shape =
        action === 'noop'
          ? 'vus: 20, action: noop, pause: 1s, gracefulStop: 1s'
          : `${k6 ? `engine: k6, api: ${k6.api}, ` : ''}rate: ${MESSAGES / seconds}/s, connections: 5`;
      return `${key}={ ${shape}, duration: ${seconds}s }`;
    }),
    'warmup=0s',
    'drain.timeout=2s',
    // With time between them: an outage of a host begins when the one before is quite over.
    ...incidents.flatMap((_, n) => [
      `incidents.${n}.at=${250 + gap * n}ms`,
      `incidents.${n}.for=${Math.min(200, Math.floor(0.4 * gap))}ms`,
    ]),
    ...faults.flatMap(({ what: { kind }, end }, n) => [
      `faults.${n}.at=${500 + 500 * n}ms`,
      ...(end === undefined ? [] : [`faults.${n}.${kind === 'kill' ? 'restart' : 'for'}=400ms`]),
    ]),
  ];
  return { settings, messages: loads.filter(({ action }) => action === 'message').length * MESSAGES };
}

// Nothing that is asserted depends on the pace.
describe('scenarios', { concurrency: 2 }, () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    const path = join(folder, file);

    test(`${file} opens with a question and says what to expect`, () => {
      const { question, scenario } = loadScenario(path);
      assert.match(question, /^[A-Z].*\?$/);
      assert.match(readFileSync(path, 'utf8'), /^# Expect: /m);
      assert.ok(Object.keys(scenario.thresholds).length > 0);
    });

    if (FLOWN_ELSEWHERE.includes(file)) continue;
    test(`${file} flies, in short`, async (t) => {
      if (!(await sealHere(t))) return;
      const out = join(workFolder(t), 'runs');
      const { settings, messages } = inShort(path);
      const { code, stdout, stderr } = await cli([
        'run',
        path,
        '--out',
        out,
        ...['--k6-bin', realK6() ?? standInK6(t)],
        ...settings.flatMap((c) => ['--set', c]),
      ]);
      // In so short a time a threshold may not hold; what counts is that the run is whole.
      assert.ok(code === 0 || code === 99, `exit code ${code}\n${stdout}${stderr}`);
      const { summary } = onlyRun(out);
      const { totals, conservation } = summary;
      assert.equal(
        totals.injectedMessages +
          totals.refusedInjections +
          totals.unconfirmedInjections +
          totals.droppedIterations,
        messages,
      );
      assert.equal(
        conservation.reduce((sum, o) => sum + o.count, 0),
        totals.injectedRecipients,
      );
      assert.equal(conservation.find((o) => o.outcome === 'unaccounted')?.count, 0);
    });
  }
});
