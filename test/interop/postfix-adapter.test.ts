import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sleepMs } from '../../src/core/clock.ts';
import { isRoot } from '../../src/core/process.ts';
import type { MtaEvent } from '../../src/mta/adapter.ts';
import { postfix } from '../../src/mta/postfix/adapter.ts';
import { type InteropLab, openInteropLab } from '../support/interop-lab.ts';
import { lacking } from '../support/skip.ts';

const ALL_THERE = 'mailboxes: { unknown: 0, full: 0, disabled: 0 }, penalties: off, reputation: off';
/** In two minutes a slow machine sends all that a test asks for. */
const MOST_LOOKS = 2400;
const EASY = `limits: unlimited, ${ALL_THERE}`;

/** A lab whose MTA and ISPs are these; the test is skipped where it can't be. */
async function openLab(t: TestContext, scenario: string): Promise<InteropLab | undefined> {
  if (isRoot()) return openInteropLab(t, `${scenario}\nload: { rate: 1/s, duration: 1s }\n`, ['postfix']);
  lacking(t, 'root, since Postfix switches users');
  return undefined;
}

/** Waits until nothing is left to send; what never leaves is named. */
async function untilEmpty({ mta }: InteropLab): Promise<void> {
  let empty = 0;
  for (let looks = 0; empty < 2 && looks < MOST_LOOKS; looks += 1) {
    empty = (await mta.queueDepth()) === 0 ? empty + 1 : 0;
    await sleepMs(50);
  }
  if (empty < 2) assert.fail(`Postfix still has ${JSON.stringify(await mta.listQueue())}`);
}

async function eventsOf({ folder }: InteropLab): Promise<MtaEvent[]> {
  const events: MtaEvent[] = [];
  for await (const event of postfix.events?.(join(folder, 'mta')) ?? []) events.push(event);
  return events;
}

function numberOf(sender: string): number {
  return Number(/^b-(\d+)@/.exec(sender)?.[1]);
}

function counted(list: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of [...list].sort()) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}

/** How many of the processes whose lines these are have lived at once; each from its first line to its last. */
function mostAtOnce(pids: readonly string[]): number {
  const lives = [...new Set(pids)].map((pid) => [pids.indexOf(pid), pids.lastIndexOf(pid)] as const);
  return Math.max(...lives.map(([at]) => lives.filter(([first, last]) => first <= at && at <= last).length));
}

test('virtual MTAs send from their sources, chosen by header, pool and weight', async (t) => {
  const lab = await openLab(
    t,
    `
mta:
  adapter: postfix
  sources:
    - { ip: 198.18.128.1, vmta: dual }
    - { ip: "2001:2:0:1::1", vmta: dual }
    - { ip: 198.18.128.2, vmta: four }
    - { ip: "2001:2:0:1::3", vmta: six }
    - { ip: 198.18.128.4, vmta: Four }
  pools: { mixed: { dual: 3, four: 1 }, only: [six] }
  pool: mixed
isps: { gmail: { share: 50%, ${EASY} }, yahoo: { share: 50%, ${EASY} } }`,
  );
  if (!lab) return;
  await lab.mta.start();
  const rows: { name: string; vmta?: string; first: number; messages: number }[] = [
    { name: 'the default pool', first: 0, messages: 400 },
    { name: 'one that is named', vmta: 'four', first: 1000, messages: 20 },
    { name: 'another, by the case of its name', vmta: 'Four', first: 2000, messages: 20 },
    { name: 'of both families', vmta: 'dual', first: 3000, messages: 20 },
    { name: 'a pool that is named, of IPv6, which Yahoo lacks', vmta: 'only', first: 4000, messages: 20 },
    { name: 'a name that nobody has', vmta: 'nobody', first: 5000, messages: 20 },
  ];
  for (const { name, ...row } of rows) {
    const { taken } = await lab.inject({ ...row, connections: 5, domains: ['gmail.com', 'yahoo.com'] });
    assert.equal(taken.length, row.messages, name);
  }
  await untilEmpty(lab);
  await lab.mta.stop();
  const { isps, mailroom } = await lab.observe();
  const sources = (isp: string, first: number): Record<string, number> => {
    const own = isps[isp]?.attempts.filter(
      ({ sender }) => Math.floor(numberOf(sender) / 1000) === first / 1000,
    );
    return counted(own?.map(({ source }) => source) ?? []);
  };
  assert.deepEqual(sources('gmail', 1000), { '198.18.128.2': 10 });
  assert.deepEqual(sources('yahoo', 1000), { '198.18.128.2': 10 });
  assert.deepEqual(sources('gmail', 2000), { '198.18.128.4': 10 });
  assert.deepEqual(sources('yahoo', 2000), { '198.18.128.4': 10 });
  assert.deepEqual(sources('yahoo', 3000), { '198.18.128.1': 10 });
  assert.deepEqual(sources('gmail', 4000), { '2001:2:0:1::3': 10 });
  assert.deepEqual(sources('yahoo', 4000), {});
  assert.equal(mailroom, 10, 'a DSN for each that has no way to Yahoo');
  for (const isp of ['gmail', 'yahoo']) {
    const { '198.18.128.2': four = 0, ...others } = sources(isp, 0);
    const dual = Object.values(others).reduce((sum, count) => sum + count, 0);
    assert.equal(dual + four, 200);
    // A quarter of 200; six standard deviations, 6 * sqrt(200 * 3/16), so that chance fails no test.
    assert.ok(Math.abs(four - 50) < 37, `${four} of 200 from the virtual MTA that has a quarter`);
    const expected = isp === 'gmail' ? ['198.18.128.1', '2001:2:0:1::1'] : ['198.18.128.1'];
    assert.deepEqual(Object.keys(others), expected, 'of both families where the ISP has both');
    const chosen = Object.keys(sources(isp, 5000));
    assert.ok(
      chosen.every((source) => [...expected, '198.18.128.2'].includes(source)),
      `${chosen}`,
    );
  }
  const events = await eventsOf(lab);
  assert.deepEqual(counted(events.map(({ kind, source }) => `${kind} by ${source}`)), {
    ...counted(
      events
        .filter(({ source }) => source === 'dual' || source === 'four')
        .map(({ source }) => `delivered by ${source}`),
    ),
    'bounced by six': 10,
    'delivered by Four': 20,
    'delivered by six': 10,
    'delivered by undefined': 10,
  });
});

test('every attempt for a message leaves from the same source, and the log agrees with the ISPs', async (t) => {
  const lab = await openLab(
    t,
    `
mta: { adapter: postfix, sources: [198.18.128.1, 198.18.128.2, 198.18.128.3], retry: [1s], isps: { yahoo: { concurrency: 6 } } }
isps: { yahoo: { share: 100%, limits: { ip-rate: { rate: 5/s, burst: 2 } }, ${ALL_THERE} } }`,
  );
  if (!lab) return;
  await lab.mta.start();
  const { taken } = await lab.inject({
    first: 0,
    messages: 60,
    connections: 5,
    domains: ['yahoo.com', 'aol.com'],
  });
  assert.equal(taken.length, 60);
  await untilEmpty(lab);
  await lab.mta.stop();
  const attempts = (await lab.observe()).isps.yahoo?.attempts ?? [];
  const sources = new Map<string, Set<string>>();
  for (const { sender, source } of attempts)
    sources.set(sender, (sources.get(sender) ?? new Set()).add(source));
  assert.equal(sources.size, 60);
  assert.ok(attempts.length > 80, `some were tried again: ${attempts.length} attempts`);
  assert.deepEqual(
    [...sources].filter(([, own]) => own.size > 1),
    [],
  );

  const events = await eventsOf(lab);
  const addressOf: Record<string, string> = {
    vmta1: '198.18.128.1',
    vmta2: '198.18.128.2',
    vmta3: '198.18.128.3',
  };
  assert.deepEqual(
    events
      .filter(({ kind }) => kind === 'delivered')
      .map(({ sender, recipient, source = '' }) => `${sender} ${recipient} ${addressOf[source]}`)
      .sort(),
    attempts
      .filter(({ outcome }) => outcome === 'accepted')
      .map(({ sender, recipient, source }) => `${sender} ${recipient} ${source}`)
      .sort(),
  );
  const deferrals = events.filter(({ kind }) => kind === 'deferred');
  assert.ok(deferrals.length > 20);
  assert.ok(deferrals.every(({ code = 0 }) => code >= 400 && code < 500));
  // A process holds one connection: no more of them at a time, no more connections.
  const log = readFileSync(join(lab.folder, 'mta', 'mail.log'), 'utf8');
  for (const vmta of Object.keys(addressOf))
    assert.equal(mostAtOnce(log.match(new RegExp(`(?<= postfix/${vmta}/smtp\\[)\\d+`, 'g')) ?? []), 2, vmta);
});

test('what Postfix confirmed before it was killed is delivered after its restart', async (t) => {
  const lab = await openLab(
    t,
    `
mta: { adapter: postfix, sources: [198.18.128.1], retry: [1s], concurrency: 10 }
isps: { gmail: { share: 100%, latency: { dot: 200ms }, ${EASY} } }`,
  );
  if (!lab) return;
  await lab.mta.start();
  const seen = async () =>
    (await lab.observe()).isps.gmail?.attempts.map(({ sender }) => numberOf(sender)) ?? [];
  const injection = lab.inject({ first: 0, messages: 5000, connections: 20, domains: ['gmail.com'] });
  while ((await seen()).length < 20) await sleepMs(20);
  await lab.mta.kill();
  const { taken } = await injection;
  assert.ok(taken.length < 5000, 'it was killed in full flow');
  const before = new Set(await seen());
  const listed = new Set((await lab.mta.listQueue())?.map(({ sender }) => numberOf(sender)));
  assert.deepEqual(
    taken.filter((number) => !before.has(number) && !listed.has(number)),
    [],
    'its queue has all that it had confirmed and not delivered',
  );
  await lab.mta.restart();
  await untilEmpty(lab);
  await lab.mta.stop();
  const after = new Set(await seen());
  assert.deepEqual(
    taken.filter((number) => !after.has(number)),
    [],
  );
  assert.deepEqual(await lab.mta.listQueue(), []);
});

test('strangers may write to the sender’s domains alone, and not reach a submission that is on loopback', async (t) => {
  const lab = await openLab(
    t,
    `mta: { adapter: postfix, sources: [198.18.128.1] }\nisps: { gmail: { share: 100% } }`,
  );
  if (!lab) return;
  const submission = {
    addresses: ['127.0.0.1'],
    port: 25,
    tlsPort: undefined,
    certificate: undefined,
    users: [],
  };
  await lab.mta.start({ submission: { ...submission, listen: 'loopback', relayFrom: ['198.18.128.1'] } });
  const domains = ['gmail.com', 'news.sender.test'];
  assert.deepEqual(await lab.inject({ first: 0, messages: 2, connections: 1, domains }), {
    taken: [1],
    refusals: ['554 5.7.1 <u0.0@gmail.com>: Relay access denied'],
  });
  const outside = { first: 10, messages: 1, connections: 1, domains, address: '198.18.128.1' };
  assert.deepEqual(await lab.inject(outside), { taken: [], refusals: [] });
  await untilEmpty(lab);
  await lab.mta.stop();
  assert.equal((await lab.observe()).mailroom, 1);
});

test('a Postfix that can’t start says why, and leaves nothing', async (t) => {
  const lab = await openLab(
    t,
    `mta: { adapter: postfix, sources: [198.18.128.1] }\nisps: { gmail: { share: 100% } }`,
  );
  if (!lab) return;
  const holder = "require('node:net').createServer((s) => s.end('220 somebody else')).listen(25)";
  // 0019 is port 25, and 0A a socket that listens.
  const held = 'until grep -qE ":0019 .* 0A" /proc/net/tcp /proc/net/tcp6; do sleep 0.05; done';
  await lab.run(['sh', '-c', `"$0" -e "$1" > /dev/null 2>&1 & ${held}`, process.execPath, holder]);
  await assert.rejects(
    lab.mta.start(),
    /Postfix ended with exit code 1\n[\s\S]*fatal: bind .* port 25: Address already in use/,
  );
  assert.equal((await lab.run(['pgrep', '-x', 'qmgr'])).code, 1);
});
