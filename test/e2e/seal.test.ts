import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sleepMs } from '../../src/core/clock.ts';
import { isRoot, nodeBinary, runCommand } from '../../src/core/process.ts';
import { probeSeal, proveSealed, type SealPrivilege, spawnSealed } from '../../src/lab/ground/seal.ts';
import { workFolder } from '../support/cli.ts';
import { NOBODY, nobodyCanRead } from '../support/nobody.ts';
import type { SealedTask } from '../support/sealed-program.ts';

// As root, everything is tested with root's rights, and then this file runs itself as a user without any.
const privilege: SealPrivilege = isRoot() ? 'root' : 'user-namespace';
const support = (name: string): string => fileURLToPath(new URL(`../support/${name}.js`, import.meta.url));
const mark = `seal-test-${process.pid}`;
const probe = await probeSeal();
const skip = probe.ok ? false : `skipped: no seal here (${probe.step}: ${probe.reason})`;
const options = { skip, timeout: 60_000 };
if (skip && process.env.CI === 'true') throw new Error(skip);

test('the probe finds the strongest privilege', options, () => {
  assert.deepEqual(probe, { ok: true, privilege });
});

test('nothing leaves, and names are looked up in the lab alone', options, async () => {
  const outer = createServer((socket) => socket.end('the real machine')).listen(0, '0.0.0.0');
  const resolver = createSocket('udp4', () => strays++).bind(0, '127.0.0.53');
  let strays = 0;
  await Promise.all([once(outer, 'listening'), once(resolver, 'listening')]);
  const { port } = outer.address() as { port: number };
  const targets = [
    ...['8.8.8.8', '1.1.1.1', '10.0.0.1', '192.168.0.1', '169.254.169.254'].map((address) => ({
      address,
      port: 443,
    })),
    { address: '2606:4700::1111', port: 25 },
    { address: 'fd00::1', port: 53 },
    // What the machine itself listens on, at its own addresses.
    ...Object.values(networkInterfaces()).flatMap((all = []) =>
      all.filter(({ family }) => family === 'IPv4').map(({ address }) => ({ address, port })),
    ),
  ];
  const answer = await perform({ do: 'escape', targets, outerResolver: resolver.address().port });
  assert.deepEqual(answer, {
    fromHost: targets.map(() => 'ECONNREFUSED'),
    fromInternet: targets.map(() => 'ECONNREFUSED'),
    getent: '203.0.113.7',
    lookup: '203.0.113.7',
    datagram: 'sent',
    asked: ['gmail.com', 'yahoo.com'],
    visible: [],
  });
  assert.equal(strays, 0);
  outer.close();
  resolver.close();
});

test('a mail server on port 25 of all its 132 addresses runs beside ISPs on port 25', options, async () => {
  const sources = [
    ...Array.from({ length: 64 }, (_, i) => `198.18.128.${i + 1}`),
    ...Array.from({ length: 64 }, (_, i) => `2001:2:0:1::${(i + 1).toString(16)}`),
    // Addresses of other people's networks are sources like any other.
    ...['203.0.113.99', '8.8.4.4', '192.168.0.7', '2620:fe::99'],
  ];
  assert.deepEqual(await perform({ do: 'mail', sources }), {
    seenByIsp: sources,
    unbound: ['198.18.128.1', '2001:2:0:1::1'],
    overLoopback: ['the MTA'],
    fromInternet: sources.map(() => 'the MTA'),
  });
});

test('a blackholed address is silent where an unserved one refuses', options, async () => {
  const answer = await perform({
    do: 'silence',
    blackholes: ['198.18.16.66', '2001:2:0:100::66'],
    unserved: ['198.18.16.67', '2001:2:0:100::67'],
  });
  assert.deepEqual(answer, { ended: ['ECONNREFUSED', 'ECONNREFUSED'], connecting: [true, true] });
});

test(
  'a mail host can begin to listen while an incident has its route, and is heard afterwards',
  options,
  async () => {
    const heard = [['after timeout'], ['after no-route']];
    assert.deepEqual(await perform({ do: 'outage' }), [...heard, ...heard]);
  },
);

test('the proof holds in both namespaces and nowhere else', options, async () => {
  assert.deepEqual(await perform({ do: 'prove' }), Array(3).fill({ lab: 'sealed', addresses: [] }));
  assert.throws(() => proveSealed(), {
    kind: 'lab',
    message: /^this process is not in the sealed internet: /,
  });
});

test('both namespaces have room for connections', options, async () => {
  const roomy = ['1024', '65535', '65535'];
  assert.deepEqual(await perform({ do: 'room' }), [roomy, roomy]);
});

test(
  'a socket that is bound to its source shares its port with none; one that is not, with other endpoints',
  options,
  async () => {
    // What lab/shortfalls.ts reckons with.
    assert.deepEqual(await perform({ do: 'ports' }), { unbound: 40, bound: 20 });
  },
);

test('orphans are reaped while the lab lives', options, async () => {
  assert.deepEqual(await perform({ do: 'orphan' }), { parent: 'sh' });
});

const endings: [name: string, hang: boolean, end: (lab: ChildProcess) => unknown][] = [
  ['a normal end', false, (lab) => lab.send('end')],
  ['the channel closes', false, (lab) => lab.disconnect()],
  ['unshare is killed', false, (lab) => lab.kill('SIGKILL')],
  ['unshare is killed while the lab hangs', true, (lab) => lab.kill('SIGKILL')],
];
for (const [name, hang, end] of endings) {
  test(`nothing outlives the lab: ${name}`, options, async () => {
    const before = interfaces();
    const lab = start({ do: 'linger', hang });
    assert.equal(await answerOf(lab), 'lingering');
    // unshare, sh and node; what holds `host`; a daemon in each namespace.
    await untilMarked(6);
    end(lab);
    await untilMarked(0);
    assert.equal(interfaces(), before);
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /windtunnel/);
  });
}

test('nothing outlives the lab: what started it is killed while the lab hangs', options, async () => {
  const task: SealedTask = { do: 'linger', hang: true };
  const starter = spawn(nodeBinary, [support('seal-starter'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WINDTUNNEL_MARK: mark },
  });
  await once(starter.stdout, 'data');
  await untilMarked(7);
  starter.kill('SIGKILL');
  await untilMarked(0);
});

// Each changes a throwaway copy of the machine's mounts, and then asks what the starter makes of it.
const machines: [name: string, change: string, task: SealedTask | 'probe', expected: unknown][] = [
  [
    'a dangling link for resolv.conf',
    'ln -s ../run/no/such/folder/resolv.conf "$etc/resolv.conf"',
    { do: 'names' },
    ['nameserver 198.18.0.53\n', 'hosts: files dns'],
  ],
  [
    'no resolv.conf at all',
    ':',
    'probe',
    {
      ok: false,
      step: 'name lookups',
      reason: '/etc/resolv.conf does not exist',
      fix: 'Create an empty /etc/resolv.conf; inside the seal it is replaced.',
    },
  ],
  [
    'no ip',
    'cp /etc/hosts "$etc/resolv.conf"; mount --bind /dev/null "$(readlink -f "$(command -v ip)")"',
    'probe',
    {
      ok: false,
      step: 'wire',
      reason: 'there is no ip that can be used',
      fix: 'Install iproute2.',
    },
  ],
  [
    'no unshare',
    'mount --bind /dev/null "$(readlink -f "$(command -v unshare)")"',
    'probe',
    {
      ok: false,
      step: 'namespaces',
      reason: 'setpriv: failed to execute unshare: Permission denied',
      fix: 'Install util-linux 2.33 or newer (unshare, nsenter, setpriv).',
    },
  ],
];
for (const [name, change, task, expected] of machines) {
  test(`a machine with ${name}`, options, async (t) => {
    const folder = workFolder(t);
    const script = `
      PATH="$PATH:/usr/sbin:/sbin"
      etc='${folder}'
      mount -t tmpfs windtunnel-test "$etc"
      cp -a /etc/. "$etc" 2> /dev/null
      rm -f "$etc/resolv.conf"
      ${change}
      mount --bind "$etc" /etc
      exec "$@"`;
    const asked = task === 'probe' ? task : JSON.stringify(task);
    const { stdout, stderr } = await runCommand([
      ...['unshare', ...(isRoot() ? [] : ['--map-root-user']), '--mount', '--propagation', 'private'],
      ...['sh', '-c', script, 'sh', nodeBinary, support('seal-starter'), asked],
    ]);
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), expected);
  });
}

if (isRoot()) {
  test('all of this without root', options, async (t) => {
    const file = fileURLToPath(import.meta.url);
    if (!nobodyCanRead(file)) return t.skip(`skipped: user 65534 can't read ${file}`);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const argv = [...NOBODY, nodeBinary, '--enable-source-maps', '--test-reporter=spec', file];
    const { code, stdout, stderr } = await runCommand(argv, { env });
    assert.equal(code, 0, stdout + stderr);
    const reason = /# (skipped: .*)/.exec(stdout)?.[1];
    return reason === undefined ? undefined : t.skip(reason);
  });
}

/** Starts the test program in a seal, where every process carries this test's mark in its environment. */
function start(task: SealedTask): ChildProcess {
  const lab = spawnSealed(support('sealed-program'), [JSON.stringify(task)], {
    privilege,
    env: { WINDTUNNEL_MARK: mark },
  });
  lab.stderr?.pipe(process.stderr);
  return lab;
}

/** The first message; undefined if the program ended without one. */
function answerOf(lab: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    lab.once('message', resolve);
    lab.once('exit', () => resolve(undefined));
  });
}

async function perform(task: SealedTask): Promise<unknown> {
  const lab = start(task);
  const exited = once(lab, 'exit');
  const answer = await answerOf(lab);
  assert.deepEqual(await exited, [0, null]);
  return answer;
}

/** Waits until so many processes of this test's labs are there. A test that waits in vain is ended by its runner. */
async function untilMarked(count: number): Promise<void> {
  for (;;) {
    const found = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isMarked(pid));
    if (found.length === count) return;
    await sleepMs(5);
  }
}

function isMarked(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`WINDTUNNEL_MARK=${mark}\0`);
  } catch {
    // It has ended, or belongs to someone else.
    return false;
  }
}

function interfaces(): string {
  return readFileSync('/proc/net/dev', 'utf8').replace(/:.*/g, '');
}
