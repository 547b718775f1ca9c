import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { installation } from '../../src/mta/haraka/install.ts';
import { freePort } from '../../src/mta/ready.ts';
import type { Summary } from '../../src/report/summary.ts';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { startFaultyMta } from '../support/faulty-mta.ts';
import { fixedRetry } from '../support/pacing.ts';
import { writeProduction } from '../support/production-haraka.ts';
import { sealHere } from '../support/seal-ground.ts';

const ISPS = `
isps:
  gmail: { share: 50%, limits: unlimited }
  yahoo: { share: 50%, limits: unlimited }
load: { vus: 4, iterations: 80 }
drain: { timeout: 30s }
thresholds:
  lost: ['count==0']
  unaccounted: ['count==0']
  duplicated: ['count==0']
`;

/** How many recipients came to one of these ends. */
function endings({ conservation }: Summary, ...outcomes: readonly string[]): number {
  return conservation
    .filter(({ outcome }) => outcomes.includes(outcome))
    .reduce((sum, { count }) => sum + count, 0);
}

test('an MTA with its production configuration runs in the seal', async (t) => {
  if (!(await sealHere(t))) return;
  const folder = workFolder(t);
  writeProduction(join(folder, 'mail'));
  writeFileSync(join(folder, 'mail', 'old.log'), 'of yesterday\n');
  const path = scenarioFile(
    folder,
    `# Does our own MTA deliver?
mta:
  adapter: external
  sources: [198.18.128.1]
  external:
    start: [sh, -c, '${process.execPath} ${installation().program} -c . | tee -a old.log']
    queue: [sh, -c, 'ls queue | wc -l']
    cwd: mail
    logs: [mail/old.log, mail/never.log]
    submission: 127.0.0.1:2525
${ISPS}`,
  );
  const out = join(folder, 'runs');
  const { code, stdout, stderr } = await cli(['run', path, '--out', out]);
  assert.equal(code, 0, `${stdout}${stderr}`);
  const { summary, folder: run } = onlyRun(out);
  assert.equal(summary.run.lab, 'sealed');
  assert.equal(summary.mta.adapter, 'external');
  assert.equal(endings(summary, 'delivered', 'bounced', 'expired'), 80);
  assert.match(stderr, /note: the MTA runs in the seal.*take mail in at 127\.0\.0\.1:2525/);
  const kept = readFileSync(join(run, 'mta', 'old.log'), 'utf8');
  assert.match(kept, /Listening on 0\.0\.0\.0:2525/);
  assert.doesNotMatch(kept, /yesterday/, 'only what the run has added');
  assert.match(readFileSync(join(run, 'timeline.csv'), 'utf8'), /queue/);
});

test('an MTA that can’t be started in the seal ends with exit code 106 and a reason', async (t) => {
  if (!(await sealHere(t))) return;
  const folder = workFolder(t);
  const table: { name: string; external: string; message: RegExp }[] = [
    {
      name: 'no such command',
      external: 'start: [no-such-mta, -c, x]',
      message: /no-such-mta ended with exit code 127\n.*not found[\s\S]*there is no no-such-mta in the path/,
    },
    {
      name: 'it goes into the background',
      external: "start: [sh, -c, 'echo on my way; sleep 60 & exit 0']",
      message: /sh ended with exit code 0\non my way\n[\s\S]*sh must stay in the foreground/,
    },
    {
      name: 'it ends at once',
      external: "start: [sh, -c, 'echo bad configuration; exit 3']",
      message: /sh ended with exit code 3\nbad configuration/,
    },
    {
      name: 'it never listens',
      external: "start: [sh, -c, 'echo thinking; sleep 60'], ready: 1s",
      message: /sh did not listen on port 25\nthinking/,
    },
  ];
  for (const { name, external, message } of table) {
    const path = scenarioFile(
      folder,
      `# Is it there?\nmta: { adapter: external, external: { ${external} } }\n${ISPS}`,
    );
    const { code, stderr } = await cli(['run', path, '--out', join(folder, 'runs')]);
    assert.equal(code, 106, name);
    assert.match(stderr, message, name);
  }
});

/** The first of several ports in a row that are free. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort(['127.0.0.1']);
    const taken = await Promise.all(
      Array.from({ length: count }, (_, i) => {
        const server = createServer();
        return new Promise<boolean>((resolve) => {
          server.once('error', () => resolve(true));
          server.listen(first + i, '127.0.0.1', () => server.close(() => resolve(false)));
        });
      }),
    );
    if (!taken.includes(true)) return first;
  }
}

test('an MTA that runs on this machine already is flooded there', async (t) => {
  const folder = workFolder(t);
  const firstPort = await freePorts(4);
  const mailroom = { address: '127.0.0.1', port: firstPort };
  const port = firstPort + 3;
  const mta = await startFaultyMta({
    listen: { address: '127.0.0.1', port },
    route: (domain) => ({
      address: '127.0.0.1',
      port: firstPort + (/sender/.test(domain) ? 0 : /gmail|googlemail/.test(domain) ? 1 : 2),
    }),
    mailroom,
    faults: { drop: () => false, duplicate: () => false, forgetDsn: () => false },
    pace: () => fixedRetry(1000),
    attempts: 5,
    connections: 4,
    // Slower than it is fed, so that the run must wait for it.
    restMs: 100,
  });
  t.after(() => mta.stop());
  const path = scenarioFile(
    folder,
    `# Does the MTA that runs here deliver?
mta:
  adapter: external
  sources: [127.0.0.1]
  external: { submission: '127.0.0.1:${port}', routed: true, firstPort: ${firstPort} }
${ISPS}`,
  );
  const out = join(folder, 'runs');
  const { code, stdout, stderr } = await cli(['run', path, '--out', out]);
  assert.equal(code, 0, `${stdout}${stderr}`);
  const { summary } = onlyRun(out);
  assert.equal(endings(summary, 'delivered', 'bounced', 'expired'), 80);
  assert.equal(summary.run.lab, 'loopback');
  assert.match(
    stderr,
    new RegExp(`gmail\\.com, googlemail\\.com to 127\\.0\\.0\\.1 port ${firstPort + 1} \\(gmail\\)`),
  );
  assert.match(stderr, /without a seal: what the MTA does not send to windtunnel really leaves/);
});

test('where no MTA runs the run says what it has waited for', async (t) => {
  const folder = workFolder(t);
  const port = await freePorts(4);
  const path = scenarioFile(
    folder,
    `# Is it there?
mta:
  adapter: external
  sources: [127.0.0.1]
  external: { submission: '127.0.0.1:${port + 3}', routed: true, firstPort: ${port}, ready: 500ms }
${ISPS}`,
  );
  const { code, stderr } = await cli(['run', path, '--out', join(folder, 'runs')]);
  assert.equal(code, 106);
  assert.match(stderr, new RegExp(`no mail server greets at 127\\.0\\.0\\.1 port ${port + 3}`));
});
