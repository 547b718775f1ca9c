import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { asset } from '../../src/core/assets.ts';
import type { Dialogue } from '../../src/report/dialogue.ts';
import type { Summary } from '../../src/report/summary.ts';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { NOBODY, nobodyCanRead } from '../support/nobody.ts';
import { sealHere } from '../support/seal-ground.ts';
import { lacking } from '../support/skip.ts';

const bin = fileURLToPath(new URL('../../src/cli/bin.js', import.meta.url));

/** A small quickstart: a few seconds, with all three fates and a retry. */
const small = `# Does it work?
name: small
seed: 3
clock: { scale: 60 }
mta: { adapter: haraka, sources: [198.18.128.1, 198.18.128.2, "2001:2:0:1::1"], retry: [1m], expire: 2m }
isps:
  gmail: { share: 50%, mailboxes: { unknown: 10%, full: 3% } }
  yahoo: { share: 30%, mailboxes: { unknown: 10% } }
  outlook: { share: 20%, mailboxes: { unknown: 10% } }
load: { vus: 10, iterations: 240, maxDuration: 2m, message: { size: 1KB..8KB, recipients: 2 } }
drain: { timeout: 30s }
thresholds:
  injection_failed: ['rate==0']
  lost: ['count==0']
  duplicated: ['count==0']
  pending: ['count==0']
`;

function assertWhole(summary: Summary, folder: string): void {
  const { totals, conservation, isps } = summary;
  assert.equal(totals.injectedMessages, 240);
  const injected = totals.injectedMessages * 2;
  assert.equal(totals.injectedRecipients, injected);
  assert.equal(
    conservation.reduce((sum, o) => sum + o.count, 0),
    injected,
  );
  assert.equal(
    isps.reduce((sum, isp) => sum + isp.recipients, 0),
    injected,
  );
  const outcomes = Object.fromEntries(conservation.map((o) => [o.outcome, o.count]));
  assert.deepEqual([outcomes.lost, outcomes.pending, outcomes.unaccounted], [0, 0, 0]);
  assert.ok((outcomes.bounced ?? 0) > 10 && (outcomes.expired ?? 0) > 0, JSON.stringify(outcomes));
  for (const name of [
    'summary.json',
    'summary.md',
    'junit.xml',
    'k6-summary.json',
    'timeline.csv',
    'histograms.hlog',
    'scenario.yaml',
    'report.html',
    'run.json',
    'authentication.json',
    'transcripts.json',
    'evidence.ndjson',
  ]) {
    assert.ok(existsSync(join(folder, name)), name);
  }
  const dialogues = JSON.parse(readFileSync(join(folder, 'transcripts.json'), 'utf8')) as Dialogue[];
  for (const { id, messagesPerConnection, connectionsOpened, authentication } of isps) {
    const carried = messagesPerConnection.reduce((all, { count }) => all + count, 0);
    assert.ok(carried > 0 && carried <= connectionsOpened, `${id}: ${carried} of ${connectionsOpened}`);
    assert.equal(authentication?.check, 'sampled');
    const own = dialogues.filter(({ isp }) => isp === id);
    assert.ok(own.some(({ answers }) => answers.some(({ outcome }) => outcome === 'accepted')));
    assert.ok(own.every(({ lines }) => lines.length > 2 && lines.length < 80));
  }
  assert.match(readFileSync(join(folder, 'timeline.csv'), 'utf8'), /^t_s,isp,/);
  assert.match(readFileSync(join(folder, 'histograms.hlog'), 'utf8'), /Tag=injection,/);
  const readme = readFileSync(asset('reports', 'README.md'), 'utf8');
  for (const name of readdirSync(folder)) assert.match(readme, new RegExp(`\\| .*\`${name}/?\`.* \\|`), name);
  assert.ok(readdirSync(join(folder, 'mta')).some((name) => name.endsWith('.log')));
}

test('a whole run against Haraka in a seal; its report can be made again from the folder', async (t) => {
  if (!(await sealHere(t))) return;
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const { code, stdout, stderr } = await cli(['run', scenarioFile(folder, small), '--out', out]);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /report: .*report\.html\n$/);
  const run = onlyRun(out);
  assert.equal(run.summary.run.lab, 'sealed');
  assertWhole(run.summary, run.folder);
  // Haraka found the ISPs by MX in the lab's DNS, and every source was used.
  assert.match(readFileSync(join(run.folder, 'dns.log'), 'utf8'), / MX gmail\.com NOERROR/);

  const reports = [
    'report.html',
    'summary.json',
    'summary.md',
    'junit.xml',
    'k6-summary.json',
    'timeline.csv',
    'evidence.ndjson',
  ];
  const texts = (): string[] => reports.map((name) => readFileSync(join(run.folder, name), 'utf8'));
  const before = texts();
  for (const name of reports) rmSync(join(run.folder, name));
  const again = await cli(['report', run.folder, '--json', '--attempts']);
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(JSON.parse(again.stdout), run.summary);
  assert.deepEqual(texts(), before);
  const attempts = run.summary.isps.reduce((sum, isp) => sum + isp.attempts, 0);
  assert.ok(again.stderr.startsWith(`${attempts} attempts: `), again.stderr);
  const exported = gunzipSync(readFileSync(join(run.folder, 'attempts.ndjson.gz'))).toString('utf8');
  assert.equal(exported.trimEnd().split('\n').length, attempts);
});

test('the same without a seal, as anyone', async (t) => {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const { code, stdout, stderr } = await cli([
    'run',
    scenarioFile(folder, small),
    '--out',
    out,
    '--no-seal',
    '--json',
  ]);
  assert.equal(code, 0, stdout + stderr);
  const run = onlyRun(out);
  assert.deepEqual(JSON.parse(stdout), run.summary);
  assert.equal(run.summary.run.lab, 'loopback');
  assert.match(run.summary.warnings.join('\n'), /on loopback with mapped ports/);
  assertWhole(run.summary, run.folder);
});

test('the same in a seal without root', async (t) => {
  if (process.getuid?.() !== 0) return lacking(t, 'root, to become somebody else from');
  if (!(await sealHere(t))) return;
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  mkdirSync(out);
  chmodSync(folder, 0o755);
  chownSync(out, 65534, 65534);
  const file = scenarioFile(folder, small);
  // Not a program that is missing, but a place that is private; so it is a skip in CI too.
  if (!nobodyCanRead(bin)) return t.skip(`skipped: user 65534 can't read ${bin}`);
  const [command = '', ...rest] = NOBODY;
  const argv = [...rest, process.execPath, bin, 'run', file, '--out', out];
  const { status, stdout, stderr } = spawnSync(command, argv, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  const run = onlyRun(out);
  assert.equal(run.summary.run.lab, 'sealed');
  assertWhole(run.summary, run.folder);
});

test('an MTA that runs into a rate limit: allowance, attempts above it, and the words of the ISP', async (t) => {
  if (!(await sealHere(t))) return;
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const scenario = fileURLToPath(new URL('../../../scenarios/gmail-rate-limit.yaml', import.meta.url));
  const changes = [
    'load.duration=12s',
    'warmup=1s',
    'incidents.0.at=4s',
    'incidents.0.for=4s',
    'mta.retry=[1m]',
    'mta.expire=6m',
    'isps.gmail.penalties=off',
  ];
  const { code, stdout, stderr } = await cli([
    'run',
    scenario,
    '--out',
    out,
    ...changes.flatMap((c) => ['--set', c]),
  ]);
  assert.equal(code, 0, stdout + stderr);
  const { folder: runFolder, summary } = onlyRun(out);
  const gmail = summary.isps.find((isp) => isp.id === 'gmail');
  const limited = gmail?.replies.find((reply) => reply.id === 'G2');
  assert.ok((limited?.count ?? 0) > 20, JSON.stringify(gmail));
  assert.match(limited?.text.join(' ') ?? '', /unusual rate of (421.4\.7\.28 )?unsolicited mail/);
  const rows = readFileSync(join(runFolder, 'timeline.csv'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const column = (name: string): number => (rows[0] as string[]).indexOf(name);
  const during = rows.filter((r) => r[1] === 'gmail' && Number(r[0]) >= 5 && Number(r[0]) < 8);
  for (const row of during) assert.equal(Number(row[column('allowance_per_s')]), 10);
  assert.ok(during.some((row) => Number(row[column('attempts_per_s')]) > 10));
  const after = rows.find((r) => r[1] === 'gmail' && Number(r[0]) === 10);
  assert.equal(Number(after?.[column('allowance_per_s')]), 50);
});

test('a threshold that can not hold: exit code 99, and a line that says by how much', async (t) => {
  const folder = workFolder(t);
  const file = scenarioFile(
    folder,
    "mta: { adapter: none }\nload: { rate: 100/s, duration: 1s }\nthresholds: { delivered: ['count>1000'] }\n",
  );
  const { code, stdout } = await cli(['run', file, '--no-seal', '--out', join(folder, 'runs')]);
  assert.equal(code, 99);
  assert.match(
    stdout,
    /delivered: count is \d+, \d+ \(\d+(\.\d+)? %\) below what count>1000 asks \(limit 1,000\)/,
  );
});

test('several loads over several processes that drive them: every message once', async (t) => {
  if (!(await sealHere(t))) return;
  const scenario = scenarioFile(
    workFolder(t),
    `# Is the work shared without a remainder?
mta: { adapter: none, sources: [198.18.128.1, "2001:2:0:1::1"] }
isps: { gmail: { share: 70%, mailboxes: { unknown: 0, full: 0 } }, yahoo: { share: 30%, mailboxes: { unknown: 0 } } }
workers: { drivers: 3 }
loads:
  arrivals: { rate: 10/s, duration: 1s, connections: 9 }
  shared: { vus: 6, iterations: 10 }
  each: { executor: per-vu-iterations, vus: 7, iterations: 2 }
  held: { vus: 9, duration: 1s, action: noop, pause: 300ms }
`,
  );
  const out = join(workFolder(t), 'runs');
  const { code, stdout, stderr } = await cli(['run', scenario, '--out', out]);
  assert.equal(code, 0, `${stdout}${stderr}`);
  const { summary } = onlyRun(out);
  assert.equal(summary.totals.injectedMessages + summary.totals.droppedIterations, 34);
  assert.equal(summary.totals.injectedMessages, summary.totals.delivered);
  assert.equal(summary.injector.noopsFailed, 0);
  assert.ok(summary.injector.noops >= 9);
  assert.deepEqual(
    summary.harness.workers.map(({ name }) => name),
    ['lab', 'isps', 'driver 1', 'driver 2', 'driver 3'],
  );
});

test('a reader that has seen enough does not end the command', async () => {
  const child = spawn(process.execPath, [bin, 'check', asset('scenarios', 'quickstart.yaml')]);
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  assert.deepEqual([code, stderr], [0, '']);
});
