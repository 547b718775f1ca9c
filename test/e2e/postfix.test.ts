import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isRoot, runCommand } from '../../src/core/process.ts';
import type { MtaEvent } from '../../src/mta/adapter.ts';
import { unpacked } from '../../src/mta/packages/unpacked.ts';
import { postfix } from '../../src/mta/postfix/adapter.ts';
import { installation } from '../../src/mta/postfix/installation.ts';
import type { Summary } from '../../src/report/summary.ts';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { BIN } from '../support/flight.ts';
import { sealHere } from '../support/seal-ground.ts';
import { lacking } from '../support/skip.ts';

/** True where Postfix can be flown; else the test is skipped, or fails in CI. */
async function postfixHere(t: TestContext): Promise<boolean> {
  if (!isRoot()) lacking(t, 'root, since Postfix switches users');
  else if (postfix.program?.() === undefined) lacking(t, 'Postfix (not found)');
  else return sealHere(t);
  return false;
}

/** Two virtual MTAs, one of both families, and mail that is throttled, refused and undeliverable. */
const SCENARIO = `# Does Postfix account for all that it takes?
seed: 11
mta:
  adapter: postfix
  sources:
    - { ip: 198.18.128.1, vmta: dual }
    - { ip: "2001:2:0:1::1", vmta: dual }
    - { ip: 198.18.128.2, vmta: four }
  tls: required
  retry: [1s, 2s]
  expire: 8s
isps:
  gmail: { share: 40%, mailboxes: { unknown: 20% } }
  yahoo: { share: 40%, limits: { ip-rate: { rate: 10/s, burst: 1 } }, mailboxes: { unknown: 20% } }
  outlook: { share: 20%, limits: { ip-rate: { rate: 1/h, burst: 3 } }, penalties: off }
`;

async function fly(
  t: TestContext,
  load: string,
  thresholds: string,
): Promise<{ folder: string; summary: Summary; text: string; code: number }> {
  const work = workFolder(t);
  const out = join(work, 'runs');
  const text = `${SCENARIO}load: { ${load} }\ndrain: { timeout: 60s }\nthresholds: { ${thresholds} }\n`;
  const { code, stdout, stderr } = await cli(['run', scenarioFile(work, text), '--out', out]);
  return { ...onlyRun(out), text: stdout + stderr, code };
}

const ACCOUNTED = [
  'lost',
  'unaccounted',
  'pending',
  'duplicated',
  'false_bounce',
  'missing_dsn',
  'mismatched',
]
  .map((name) => `${name}: ['count==0']`)
  .join(', ');

async function eventsOf(folder: string): Promise<MtaEvent[]> {
  const events: MtaEvent[] = [];
  for await (const event of postfix.events?.(join(folder, 'mta')) ?? []) events.push(event);
  return events;
}

test('Postfix delivers, bounces and expires what it took, with TLS on both sides, and loses nothing', async (t) => {
  if (!(await postfixHere(t))) return;
  const { summary, folder, text, code } = await fly(
    t,
    'executor: shared-iterations, vus: 8, iterations: 160, tls: starttls',
    ACCOUNTED,
  );
  assert.equal(code, 0, text);
  const { totals, conservation, isps, mta } = summary;
  assert.equal(totals.injectedMessages, 160);
  const outcomes = Object.fromEntries(conservation.map(({ outcome, count }) => [outcome, count]));
  for (const outcome of ['delivered', 'bounced', 'expired'] as const)
    assert.ok((outcomes[outcome] ?? 0) > 0, `${outcome}: ${JSON.stringify(outcomes)}`);
  assert.ok(isps.every(({ attempts }) => attempts > 0));
  assert.equal(mta.version, `Postfix ${(await installation()).version}`);
  assert.deepEqual(
    mta.config.map(({ name }) => name),
    ['config/cert.pem', 'config/main.cf', 'config/master.cf'],
  );
  assert.equal(statSync(join(folder, 'mta', 'config', 'key.pem')).mode & 0o777, 0o600);

  const events = await eventsOf(folder);
  const ofMessages = events.filter(({ sender }) => sender !== '');
  const count = (kind: MtaEvent['kind']): number => ofMessages.filter((event) => event.kind === kind).length;
  assert.deepEqual(
    { delivered: count('delivered'), bounced: count('bounced'), expired: count('expired') },
    { delivered: outcomes.delivered, bounced: outcomes.bounced, expired: outcomes.expired },
    'its log says the same as the ISPs',
  );
  const dsns = events.filter(({ sender, kind }) => sender === '' && kind === 'delivered');
  assert.equal(dsns.length, (outcomes.bounced ?? 0) + (outcomes.expired ?? 0));
  assert.deepEqual([...new Set(ofMessages.map(({ source }) => source))].sort(), ['dual', 'four']);
});

test('Postfix takes mail with TLS from the first byte', async (t) => {
  if (!(await postfixHere(t))) return;
  const { summary, folder, text, code } = await fly(
    t,
    'executor: shared-iterations, vus: 2, iterations: 10, tls: implicit',
    ACCOUNTED,
  );
  assert.equal(code, 0, text);
  assert.equal(summary.totals.injectedMessages, 10);
  assert.match(readFileSync(join(folder, 'mta', 'config', 'master.cf'), 'utf8'), /^465 inet /m);
});

test('a Postfix that was unpacked flies where none is installed', async (t) => {
  if (!(await postfixHere(t))) return;
  const work = workFolder(t);
  const { prefix, commandDirectory, daemonDirectory, metaDirectory, shlibDirectory } = await installation();
  if (prefix !== undefined) return t.skip('skipped: it is the unpacked one that all the tests here fly');
  // As `windtunnel mta install` leaves it, from what is installed here.
  const cache = join(work, 'cache');
  const copy = join(cache, 'windtunnel', 'mta', 'postfix-9.9');
  for (const folder of new Set([daemonDirectory, metaDirectory, shlibDirectory]))
    cpSync(folder, join(copy, folder), { recursive: true });
  mkdirSync(join(copy, 'usr', 'sbin'), { recursive: true });
  for (const name of ['postconf', 'postfix', 'postqueue', 'postsuper', 'postlog'])
    cpSync(join(commandDirectory, name), join(copy, 'usr', 'sbin', name));
  assert.equal(unpacked('postfix', { XDG_CACHE_HOME: cache })?.prefix, copy);
  const out = join(work, 'runs');
  const scenario = scenarioFile(
    work,
    `${SCENARIO}load: { executor: shared-iterations, vus: 2, iterations: 10 }\ndrain: { timeout: 60s }\nthresholds: { ${ACCOUNTED} }\n`,
  );
  // In a mount namespace of its own the installed one is hidden.
  const hide = [
    `mount --bind /dev/null ${join(commandDirectory, 'postconf')}`,
    ...[shlibDirectory, metaDirectory].map((folder) => `mount -t tmpfs none ${folder}`),
    'exec "$@"',
  ].join(' && ');
  const { code, stdout, stderr } = await runCommand(
    ['unshare', '--mount', 'sh', '-c', hide, 'sh', process.execPath, BIN, 'run', scenario, '--out', out],
    { env: { ...process.env, XDG_CACHE_HOME: cache } },
  );
  assert.equal(code, 0, stdout + stderr);
  const { folder, summary } = onlyRun(out);
  assert.equal(summary.totals.injectedMessages, 10);
  const main = readFileSync(join(folder, 'mta', 'config', 'main.cf'), 'utf8');
  assert.ok(main.includes(`daemon_directory = ${copy}`), main);
});
