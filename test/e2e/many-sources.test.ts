import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { asset } from '../../src/core/assets.ts';
import { adapterNamed } from '../../src/mta/registry.ts';
import { Kind } from '../../src/record/attempt-log.ts';
import type { Summary } from '../../src/report/summary.ts';
import { loadScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { cli, eachRecord, onlyRun, workFolder } from '../support/cli.ts';
import { sealHere } from '../support/seal-ground.ts';
import { lacking } from '../support/skip.ts';

const path = asset('scenarios', 'many-sources.yaml');
const plan = planRun(loadScenario(path));

/** Shares that the scenario asks for, among those that reach the ISP. */
const LARGE = 3 / 18;
const SMALL = 1 / 18;
const ASKED: Readonly<Record<string, (vmta: string) => number>> = {
  // For 18 newsletters there are 5 receipts and 1 alert; codes go to Gmail alone, which has 40 % of the rest.
  gmail: (vmta) => shareOf(vmta, { newsletter: 18, receipts: 5, six15: 1, six16: 2.5 }),
  yahoo: (vmta) => shareOf(vmta, { newsletter: 18, receipts: 5, six15: 0, six16: 0 }),
  outlook: (vmta) => shareOf(vmta, { newsletter: 18, receipts: 5, six15: 0, six16: 0 }),
};

function shareOf(
  vmta: string,
  mail: { newsletter: number; receipts: number; six15: number; six16: number },
): number {
  const all = mail.newsletter + mail.receipts + mail.six15 + mail.six16;
  if (vmta.startsWith('large')) return (mail.newsletter * LARGE) / all;
  if (vmta === 'six15' || vmta === 'six16') return mail[vmta] / all;
  return /^dual1[1-4]$/.test(vmta) ? mail.receipts / 4 / all : (mail.newsletter * SMALL) / all;
}

/** Addresses from which mail came to each ISP, as its own records tell. */
function sourcesSeen(folder: string): Set<string>[] {
  const seen = plan.isps.map(() => new Set<string>());
  eachRecord(join(folder, 'attempts.bin'), ({ kind, isp, source }) => {
    if (kind === Kind.attempt) seen[isp]?.add(plan.sources[source]?.address ?? 'a stranger');
  });
  return seen;
}

/** Whether an MTA can be flown here; else the test is skipped and says why. */
async function mtaHere(t: TestContext, name: string): Promise<boolean> {
  const adapter = adapterNamed(name);
  try {
    if (!adapter) throw new Error('no adapter has this name');
    await adapter.version();
  } catch (error) {
    lacking(t, `${name} (${(error as Error).message})`);
    return false;
  }
  return sealHere(t);
}

for (const name of ['haraka', 'postfix']) {
  test(`${name}: each ISP sees the sources that can reach it, in the shares asked, and no retry changes`, async (t) => {
    if (!(await mtaHere(t, name))) return;
    const out = join(workFolder(t), 'runs');
    const { code, stdout, stderr } = await cli(['run', path, '--mta', name, '--out', out]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    const { folder, summary } = onlyRun(out);
    checkSeen(sourcesSeen(folder));
    checkShares(summary);
    checkUnreachable(summary);
    for (const { isp, retriesFromOtherVmta, foreignAttempts, elsewhere } of summary.sources?.isps ?? [])
      assert.deepEqual(
        { retriesFromOtherVmta, foreignAttempts, elsewhere },
        { retriesFromOtherVmta: 0, foreignAttempts: 0, elsewhere: 0 },
        isp,
      );
    assert.ok((summary.sources?.isps ?? []).some(({ retries }) => retries > 0));
    assert.deepEqual(summary.ownLog?.findings ?? [], []);
  });
}

/** Every virtual MTA that reaches an ISP from one of its addresses, and no address that can't. */
function checkSeen(seen: readonly Set<string>[]): void {
  for (const [isp, { resolved }] of plan.isps.entries()) {
    const addresses = seen[isp] ?? new Set();
    for (const address of addresses)
      assert.ok(resolved.id === 'gmail' || !address.includes(':'), `${address} at ${resolved.id}`);
    for (const { name, sources } of plan.mta.vmtas) {
      const reaches = resolved.id === 'gmail' || !name.startsWith('six');
      const used = sources.some((source) => addresses.has(plan.sources[source]?.address ?? ''));
      assert.equal(used, reaches, `${name} at ${resolved.id}`);
    }
  }
}

function checkShares({ sources }: Summary): void {
  assert.equal(sources?.isps.length, 3);
  for (const { isp, vmtas } of sources?.isps ?? [])
    for (const { vmta, share, askedShare, off } of vmtas) {
      const asked = ASKED[isp]?.(vmta) ?? Number.NaN;
      assert.ok(Math.abs(share - asked) < 0.05, `${vmta} at ${isp}: ${share}, asked ${asked}`);
      // Which recipients are at which ISP is chance, so that what was asked is known from the messages alone.
      assert.ok(
        Math.abs((askedShare ?? Number.NaN) - asked) < 0.05,
        `${vmta} at ${isp}: asked ${askedShare}`,
      );
      assert.equal(off, false, `${vmta} at ${isp}`);
    }
}

/** Alerts for ISPs without IPv6 are told, before the run too. */
function checkUnreachable({ sources }: Summary): void {
  assert.ok(plan.notes.some((note) => /^yahoo, outlook: .* six15 \(load alerts\)/.test(note)));
  for (const { isp, unreachable } of sources?.isps ?? []) {
    if (isp === 'gmail') assert.deepEqual(unreachable, []);
    else {
      assert.equal(unreachable.length, 1);
      const [{ asked, which, recipients, outcomes } = assert.fail()] = unreachable;
      assert.deepEqual([asked, which], ['six15', 'all']);
      assert.ok(recipients > 0);
      assert.equal(outcomes.delivered, 0);
    }
  }
}
