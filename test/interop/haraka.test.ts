import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { sealHere } from '../support/seal-ground.ts';

const scenario = `# Does Haraka log what the ISPs say?
name: words
seed: 3
mta: { adapter: haraka, sources: [198.18.128.1], retry: [1s], expire: 1s }
isps:
  gmail: { share: 1, mailboxes: { unknown: 30%, full: 20% } }
  yahoo: { share: 1, mailboxes: { unknown: 30%, full: 20% } }
  outlook: { share: 1, limits: { ip-rate: { rate: 1/h, burst: 10 } }, mailboxes: { unknown: 30%, full: 20% } }
load: { rate: 40/s, duration: 2s, connections: 4 }
drain: { timeout: 30s }
thresholds: { lost: ['count==0'], pending: ['count==0'] }
`;

/**
 * Lines of its log, which is at level notice. There, Haraka itself tells of refused recipients alone; what is refused
 * at MAIL or after the dot, the adapter's plugin adds.
 */
const words = {
  'Gmail accepts': / delivered .* tls=Y .* response="OK {2}\d{10} [0-9a-f]+-[0-9a-f]+si\d+a\d+\.\d+ - gsmtp"/,
  'Gmail does not know a mailbox':
    / recipient <\S+@g\S+> rejected: 550 5\.1\.1 The email account that you tried to reach does not exist\. .* - gsmtp$/,
  'Gmail finds a mailbox full':
    / recipient <\S+@g\S+> deferred: 452 4\.2\.2 The recipient's inbox is out of storage space\. .* - gsmtp$/,
  'Yahoo accepts': / delivered .* tls=Y .* response="ok dirdel"/,
  'Yahoo does not know a mailbox':
    / bounced .* reason=".*552 1 Requested mail action aborted, mailbox not found|554 delivery error: dd /,
  'Outlook accepts':
    / delivered .* tls=Y .* response="<\S+> \[InternalId=\d+, Hostname=\S+\] \d+ bytes in .* Queued mail for delivery -> 250 2\.1\.5"/,
  'Outlook does not know a mailbox':
    / recipient <\S+> rejected: 550 5\.5\.0 Requested action not taken: mailbox unavailable /,
  'Outlook throttles':
    / recipient <\S+> deferred: 451 4\.7\.500 Server busy\. Please try again later from \[198\.18\.128\.1\]\. /,
} as const;

test('Haraka delivers to every ISP under TLS, and logs what they say', async (t) => {
  if (!(await sealHere(t))) return;
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const { code, stdout, stderr } = await cli(['run', scenarioFile(folder, scenario), '--out', out]);
  assert.equal(code, 0, stdout + stderr);
  const { folder: runFolder, summary } = onlyRun(out);
  const log = readFileSync(join(runFolder, 'mta', 'haraka.log'), 'utf8').split('\n');
  for (const [what, pattern] of Object.entries(words)) {
    assert.ok(
      log.some((line) => pattern.test(line)),
      `${what}: ${pattern} in\n${log.join('\n')}`,
    );
  }
  const accepts = Object.values(words).filter(({ source }) => source.startsWith(' delivered'));
  assert.deepEqual(
    accepts.map((pattern) => log.filter((line) => pattern.test(line)).length),
    summary.isps.map(({ accepted }) => accepted),
  );
});
