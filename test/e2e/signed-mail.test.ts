import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';

const EML = [
  'Subject: a real message',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: 8bit',
  '',
  '.a dot',
  '.',
  'Gr\xfc\xdfe  ',
  '',
  '',
].join('\n');

const CONTENTS = [
  '{ dkim: rsa-2048, html: "<p>\\n.Grüße, {{recipient}}</p>", unsubscribe: one-click, recipients: 3, size: 1KB..90KB }',
  '{ dkim: ed25519, content: { eml: real.eml } }',
];

for (const message of CONTENTS) {
  test(`signatures hold on the way through Haraka: ${message}`, async (t) => {
    const folder = workFolder(t);
    const out = join(folder, 'runs');
    const path = scenarioFile(
      folder,
      `# Does it hold?
isps: { gmail: { limits: unlimited, authentication: { check: every, bulk: 1 }, mailboxes: { unknown: 0%, full: 0%, disabled: 0% } } }
load: { rate: 20/s, duration: 2s, connections: 5, message: ${message} }
thresholds: { pending: ['count==0'], rejected: ['count==0'], deferred: ['count==0'] }
`,
    );
    writeFileSync(join(folder, 'real.eml'), EML, 'latin1');
    const { code, stdout, stderr } = await cli(['run', path, '--no-seal', '--out', out]);
    assert.equal(code, 0, stdout + stderr);
    const run = onlyRun(out).folder;
    const { gmail } = JSON.parse(readFileSync(join(run, 'authentication.json'), 'utf8')) as {
      gmail: { checked: number; passed: number; byRule: Record<string, number> };
    };
    assert.ok(gmail.checked > 0);
    assert.equal(gmail.passed, gmail.checked);
    assert.equal(gmail.byRule['bulk-dkim'], 0);

    for (const file of ['run.json', 'scenario.yaml', 'summary.json', 'report.html'])
      assert.doesNotMatch(readFileSync(join(run, file), 'utf8'), /PRIVATE KEY/);

    // The report needs no file but those of the run.
    writeFileSync(join(folder, 'real.eml'), '');
    assert.equal((await cli(['report', run])).code, 0);
  });
}
