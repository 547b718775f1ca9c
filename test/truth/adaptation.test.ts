/** Three MTAs in the same incident at Gmail, told apart by their scores. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { MtaAdapter } from '../../src/mta/adapter.ts';
import { haraka } from '../../src/mta/haraka/adapter.ts';
import type { IspSummary } from '../../src/report/summary.ts';
import { faultyAdapter } from '../support/faulty-adapter.ts';
import { flyHere } from '../support/fly-here.ts';
import { AdaptivePace, IGNORING, type Pace } from '../support/pacing.ts';

/**
 * For eleven seconds Gmail takes a third of what comes. A hundred refusals in fifteen seconds earn as many without a word
 * let past, which is until the end. All is slow, so that the MTAs come along on a machine that is busy: Haraka earns its
 * penalty in about six seconds, and would even at two thirds of its pace.
 */
const scenario = `
seed: 42
clock: { scale: 40 }
# The same yardstick for all three: by its best ten seconds one that is blocked for most of the run could do little.
mta: { capacity: 15/s }
isps:
  gmail:
    share: 100%
    mailboxes: { unknown: 0%, full: 0%, disabled: 0% }
    limits: { ip-rate: { rate: 30/s@real, burst: 30 } }
load: { rate: 15/s, duration: 16s, connections: 4 }
warmup: 2s
incidents:
  - { isp: gmail, at: 2s, for: 11s, limits: { ip-rate: { rate: 5/s@real, burst: 5 } } }
drain: { timeout: 1s }
`;

interface Scores {
  readonly utilisation: number;
  /** The score: of the transactions. */
  readonly wasted: number;
  /** Of all that was tried: a sender that is shut out wastes connections, and no transactions any more. */
  readonly wastedInAll: number;
  readonly penaltySeconds: number;
}

async function scoresOf(t: TestContext, adapter: MtaAdapter): Promise<Scores> {
  const { summary } = await flyHere(t, scenario, adapter);
  const gmail = summary.adaptation.find(({ isp, source }) => isp === 'gmail' && source === null);
  assert.ok(gmail);
  const { utilisation, wastedAttempts, penaltySeconds } = gmail;
  if (typeof utilisation !== 'number' || typeof wastedAttempts !== 'number')
    throw assert.fail(`${utilisation}, ${wastedAttempts}`);
  const { throttled, attempts, connectionsRefused } = summary.isps[0] as IspSummary;
  const wastedInAll = (throttled + connectionsRefused) / (attempts + connectionsRefused);
  return { utilisation, wasted: wastedAttempts, wastedInAll, penaltySeconds };
}

function mta(pace: () => Pace): MtaAdapter {
  return faultyAdapter({ pace, attempts: Number.POSITIVE_INFINITY, connections: 2 });
}

test('ignoring throttling, fixed retries, and adapting: utilisation rises and waste falls in that order', async (t) => {
  const how = { start: 20, increase: 4, decrease: 0.6, patience: 400 };
  // These two have no process of their own, and need next to nothing of the machine at fifteen messages a second.
  const [ignoring, adaptive] = await Promise.all([
    scoresOf(
      t,
      mta(() => IGNORING),
    ),
    scoresOf(
      t,
      mta(() => new AdaptivePace(how)),
    ),
  ]);
  const fixed = await scoresOf(t, haraka);
  const found = JSON.stringify({ ignoring, fixed, adaptive });
  t.diagnostic(found);
  // By far, not by chance.
  assert.ok(1.5 * ignoring.utilisation < fixed.utilisation, found);
  assert.ok(1.5 * fixed.utilisation < adaptive.utilisation, found);
  assert.ok(2 * (1 - ignoring.wastedInAll) < 1 - fixed.wastedInAll, found);
  assert.ok(2 * (1 - fixed.wastedInAll) < 1 - adaptive.wastedInAll, found);
  assert.ok(2 * (1 - fixed.wasted) < 1 - adaptive.wasted, found);
  assert.ok(adaptive.utilisation > 0.7 && adaptive.wasted < 0.4, found);
  // The sooner a sender is punished, the longer it is.
  assert.ok(ignoring.penaltySeconds > fixed.penaltySeconds, found);
  assert.ok(fixed.penaltySeconds > adaptive.penaltySeconds && adaptive.penaltySeconds === 0, found);
});
