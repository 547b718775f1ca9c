import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { spawnSealed } from '../../src/lab/ground/seal.ts';
import type { MtaEvent } from '../../src/mta/adapter.ts';
import { exim } from '../../src/mta/exim/adapter.ts';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import type { CrashReport, EximTask } from '../support/exim-program.ts';
import { mtaHere } from '../support/mta-here.ts';

/** Outlook has IPv4 alone, Gmail both; `six` can't reach Outlook. */
const SCENARIO = `# Does Exim send from the addresses that it should, and is every recipient accounted for?
name: exim
seed: 3
mta:
  adapter: exim
  sources:
    - { ip: 198.18.128.1, vmta: four, helo: out4.news.sender.test }
    - { ip: 198.18.128.2, vmta: both }
    - { ip: "2001:2:0:1::2", vmta: both }
    - { ip: "2001:2:0:1::3", vmta: six, helo: out6.news.sender.test }
  pools: { main: { four: 1, both: 1 } }
  pool: main
  isps: { outlook: { concurrency: 3 } }
  retry: [1s]
  expire: 4s
isps:
  gmail: { share: 1, mailboxes: { unknown: 20%, full: 0%, disabled: 0% } }
  outlook: { share: 1, limits: { ip-rate: { rate: 2/s, burst: 5 } }, mailboxes: { unknown: 0%, full: 0%, disabled: 0% } }
loads:
  pool: { vus: 4, iterations: 45, maxDuration: 60s, tls: starttls, auth: { mechanism: plain, user: "joe@x", password: "a $b{c}\\\\d:e" } }
  six: { vus: 2, iterations: 15, maxDuration: 60s, tls: implicit, auth: { mechanism: login, user: ann, password: "p}w" }, message: { headers: { x-virtual-mta: six } } }
  four: { vus: 2, iterations: 15, maxDuration: 60s, auth: { mechanism: cram-md5, user: bob, password: "päss" }, message: { headers: { x-virtual-mta: four } } }
drain: { timeout: 60s }
thresholds: { lost: ['count==0'], duplicated: ['count==0'], pending: ['count==0'], injection_failed: ['rate==0'] }
`;

test('a run with Exim: throttling, DSNs, virtual MTAs of both families; nothing is lost', async (t) => {
  if (!(await mtaHere(t, exim))) return;
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const { code, stdout, stderr } = await cli(['run', scenarioFile(folder, SCENARIO), '--out', out]);
  assert.equal(code, 0, stdout + stderr);
  const { folder: runFolder, summary } = onlyRun(out);
  const outcomes = Object.fromEntries(summary.conservation.map(({ outcome, count }) => [outcome, count]));
  const { delivered = 0, bounced = 0, expired = 0 } = outcomes;
  assert.equal(delivered + bounced + expired, 75, JSON.stringify(outcomes));

  const mta = join(runFolder, 'mta');
  const told: MtaEvent[] = [];
  for await (const event of exim.events?.(mta) ?? []) told.push(event);
  const kinds = (kind: MtaEvent['kind']): MtaEvent[] =>
    told.filter((event) => event.kind === kind && event.sender !== '');
  assert.equal(kinds('received').length, 75);
  assert.equal(kinds('delivered').length, delivered);
  assert.ok(
    kinds('deferred').some(({ code: reply }) => reply === 451),
    'Outlook throttles',
  );
  assert.ok(
    kinds('bounced').some(({ code: reply }) => reply === 550),
    'Gmail does not know a mailbox',
  );

  // Each message left from its own virtual MTA, in every attempt; the mailroom is reached from whatever address.
  const vmtaOf: Readonly<Record<string, string>> = {
    '198.18.128.1': 'four',
    '198.18.128.2': 'both',
    '2001:2:0:1::2': 'both',
    '2001:2:0:1::3': 'six',
  };
  const used = new Map<string, Set<string>>();
  for (const { sender = '', source, recipient } of told) {
    if (source === undefined || recipient.endsWith('@news.sender.test')) continue;
    used.set(sender, (used.get(sender) ?? new Set()).add(vmtaOf[source] ?? source));
  }
  for (const [sender, vmtas] of used) assert.equal(vmtas.size, 1, `${sender}: ${[...vmtas].join(', ')}`);
  assert.deepEqual([...new Set([...used.values()].flatMap((vmtas) => [...vmtas]))].sort(), [
    'both',
    'four',
    'six',
  ]);
  const unreachable = told.filter(
    ({ text }) => text === 'all relevant MX records point to non-existent hosts',
  );
  assert.ok(unreachable.length > 0, 'the virtual MTA with IPv6 alone has mail for Outlook');
  for (const { recipient } of unreachable) assert.doesNotMatch(recipient, /@(gmail|googlemail)\.com$/);

  const log = readFileSync(join(mta, 'log', 'mainlog'), 'utf8');
  for (const how of ['A=plain:joe@x', 'A=login:ann', 'A=cram_md5:bob'])
    assert.ok(log.includes(` ${how} `), how);
  assert.match(log, / => u\S+@g(?:oogle)?mail\.com .* X=TLS/);
  assert.equal(statSync(join(mta, 'config', 'exim.conf')).mode & 0o007, 0, "passwords are nobody else's");
});

test('Exim killed in full flow loses nothing; what comes twice is what it had no time to write down', async (t) => {
  if (!(await mtaHere(t, exim))) return;
  const folder = workFolder(t);
  chmodSync(folder, 0o755);
  const task: EximTask = { folder, messages: 150, killAfter: 60 };
  const program = fileURLToPath(new URL('../support/exim-program.js', import.meta.url));
  const seal = spawnSealed(program, [JSON.stringify(task)], { privilege: 'root' });
  t.after(() => seal.kill('SIGKILL'));
  let stderr = '';
  seal.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const report = await new Promise<CrashReport>((resolve, reject) => {
    seal.once('message', (message) => resolve(message as CrashReport));
    seal.once('exit', () => reject(new Error(`the program ended: ${stderr}`)));
  });
  if (seal.exitCode === null) await once(seal, 'exit');

  const { confirmed, confirmedBefore, listed, acceptedBefore, accepted } = report;
  assert.ok(confirmed.length >= 60);
  const lost = confirmed.filter((recipient) => !accepted.includes(recipient));
  assert.deepEqual(lost, []);
  const unlisted = confirmedBefore.filter(
    (recipient) => !acceptedBefore.includes(recipient) && !listed.includes(recipient),
  );
  assert.deepEqual(unlisted, [], 'what no ISP had accepted was in the queue that Exim left');
  assert.ok(listed.length > 0, 'it was killed with mail in its queue');
  const twice = accepted.filter((recipient, i) => accepted.indexOf(recipient) !== i);
  assert.deepEqual(twice.sort(), listed.filter((recipient) => acceptedBefore.includes(recipient)).sort());
  t.diagnostic(
    `${confirmed.length} confirmed, ${listed.length} in the queue when killed, ${lost.length} lost, ${twice.length} twice`,
  );
  assert.match(report.second, /^lab: Exim ended with exit code 1\n[\s\S]*Address already in use/);
  // unshare tells of a kill in one way or the other, as its version has it.
  assert.match(report.ends[0] ?? '', /^Exim (?:was ended by SIGKILL|ended with exit code 1)$/);
  assert.deepEqual(report.ends.slice(1), ['Exim ended with exit code 1', 'Exim ended with exit code 0']);
  assert.deepEqual(report.left, []);
});
