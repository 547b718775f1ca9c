/** What the tests run inside a seal, in the namespace `internet`: one task, its answer over IPC. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, isIPv6, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { decode, encode } from 'dns-packet';
import { exit, nodeBinary, parentChannel, runCommand } from '../../src/core/process.ts';
import { HIDDEN_FOLDERS } from '../../src/lab/ground/names.ts';
import { proveSealed, raiseInternet } from '../../src/lab/ground/seal.ts';
import { routeAway } from '../../src/lab/isps/outages.ts';
import { type Attempt, begin, listenEverywhere, tryAll } from './connection.ts';
import type { HostTask } from './host-program.ts';

export type SealedTask =
  /** Tries to get out; `outerResolver` is a UDP port on 127.0.0.53 of the real machine. */
  | { readonly do: 'escape'; readonly targets: readonly Attempt[]; readonly outerResolver: number }
  /** Mail servers on both sides; a connection from each source to an ISP, and back. */
  | { readonly do: 'mail'; readonly sources: readonly string[] }
  | { readonly do: 'silence'; readonly blackholes: readonly string[]; readonly unserved: readonly string[] }
  /** A mail host begins to listen while its route is taken away; what the other side hears once it is back. */
  | { readonly do: 'outage' }
  | { readonly do: 'names' }
  | { readonly do: 'prove' }
  /** How much room for connections both namespaces have. */
  | { readonly do: 'room' }
  /** How many connections twenty local ports allow to two endpoints, bound to a source and not. */
  | { readonly do: 'ports' }
  | { readonly do: 'orphan' }
  /** Leaves a daemon in each namespace and waits for an end; `hang` makes it deaf. */
  | { readonly do: 'linger'; readonly hang: boolean };

const RESOLVER = '198.18.0.53';
const ISP = '198.18.16.10';
const ISP6 = '2001:2:0:100::1';

const channel = parentChannel<unknown, 'end'>();
channel.onDisconnect(() => exit(0));
channel.onMessage(() => exit(0));
const task = JSON.parse(process.argv[2] ?? '') as SealedTask;
const sources = task.do === 'mail' ? task.sources : ['198.18.128.1', '2001:2:0:1::1'];
const blackholes = task.do === 'silence' ? task.blackholes : [];
const host = await raiseInternet({ sources, blackholes, resolver: RESOLVER });
const answer = await perform(task);
await channel.flush(answer);
if (task.do !== 'linger') exit(0);
while (task.do === 'linger' && task.hang);

async function perform(task: SealedTask): Promise<unknown> {
  switch (task.do) {
    case 'escape':
      return breakOut(task.targets, task.outerResolver);
    case 'mail':
      return mail(task.sources);
    case 'silence':
      return inHost({
        do: 'wait',
        silent: task.blackholes.map((address) => ({ address, port: 25 })),
        attempts: task.unserved.map((address) => ({ address, port: 25 })),
      });
    case 'outage':
      return outages();
    case 'names':
      return [
        readFileSync('/etc/resolv.conf', 'utf8'),
        readFileSync('/etc/nsswitch.conf', 'utf8')
          .split('\n')
          .find((line) => line.startsWith('hosts')),
      ];
    case 'prove':
      return [proveSealed(), proveSealed(host.pid), await inHost({ do: 'prove' })];
    case 'room':
      return Promise.all([room([]), room(host.enter([]))]);
    case 'ports':
      return ports();
    case 'orphan':
      return orphan();
    case 'linger':
      // Twice forked and in a session of its own, as daemons are.
      for (const enter of [(argv: readonly string[]) => argv, host.enter]) {
        await runCommand(enter(['sh', '-c', 'setsid sh -c "sleep 1000000 &" > /dev/null 2>&1 &']));
      }
      return 'lingering';
  }
}

async function breakOut(targets: readonly Attempt[], outerResolver: number): Promise<unknown> {
  const asked = await serveNames();
  const getent = await runCommand(host.enter(['getent', 'ahostsv4', 'gmail.com']));
  return {
    fromHost: await inHost({ do: 'connect', attempts: targets }),
    fromInternet: await tryAll(targets),
    getent: getent.stdout.split(/\s/)[0],
    lookup: await inHost({ do: 'lookup', name: 'yahoo.com' }),
    datagram: await inHost({ do: 'datagram', address: '127.0.0.53', port: outerResolver }),
    asked: [...asked].sort(),
    visible: HIDDEN_FOLDERS.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : [])),
  };
}

/** A resolver that answers everything with one address; the names that it was asked for. */
async function serveNames(): Promise<Set<string>> {
  const asked = new Set<string>();
  const socket = createSocket('udp4', (message, from) => {
    const { id = 0, questions = [] } = decode(message);
    for (const { name } of questions) asked.add(name);
    const answers = questions.map(({ name }) => ({ type: 'A' as const, name, data: '203.0.113.7' }));
    socket.send(encode({ type: 'response', id, questions, answers }), from.port, from.address);
  });
  socket.bind(53, RESOLVER);
  await once(socket, 'listening');
  return asked;
}

async function mail(sources: readonly string[]): Promise<unknown> {
  await listenEverywhere(25, (socket) => socket.end(`${socket.remoteAddress}`));
  const mta = startInHost({ do: 'serve' });
  await once(mta.stdout ?? mta, 'data');
  return {
    seenByIsp: await inHost({
      do: 'connect',
      attempts: sources.map((source) => ({ address: isIPv6(source) ? ISP6 : ISP, port: 25, source })),
    }),
    unbound: await inHost({ do: 'connect', attempts: [ISP, ISP6].map((address) => ({ address, port: 25 })) }),
    overLoopback: await inHost({ do: 'connect', attempts: [{ address: '127.0.0.1', port: 25 }] }),
    fromInternet: await tryAll(sources.map((address) => ({ address, port: 25 }))),
  };
}

async function outages(): Promise<unknown> {
  const heard: unknown[] = [];
  for (const address of [ISP, ISP6])
    for (const how of ['timeout', 'no-route'] as const) {
      await routeAway(how, address, true);
      const server = createServer((socket) => socket.end(`after ${how}`)).listen(25, address);
      await once(server, 'listening');
      await routeAway(how, address, false);
      heard.push(await inHost({ do: 'connect', attempts: [{ address, port: 25 }] }));
      server.close();
    }
  return heard;
}

async function room(enter: readonly string[]): Promise<string[]> {
  const settings = ['ipv4/ip_local_port_range', 'core/somaxconn'].map((name) => `/proc/sys/net/${name}`);
  const { stdout } = await runCommand([...enter, 'cat', ...settings]);
  return stdout.trim().split(/\s+/);
}

async function ports(): Promise<unknown> {
  writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', '40000 40019');
  const endpoints = ['127.0.5.1', '127.0.5.2'];
  for (const address of endpoints) {
    // Those that are reset below end with an error.
    const server = createServer((socket) => socket.on('error', () => {}));
    await once(server.listen(25, address), 'listening');
  }
  const opened = async (source?: string): Promise<number> => {
    const sockets: Socket[] = [];
    for (const address of [...endpoints, ...endpoints].flatMap((a) => Array<string>(20).fill(a))) {
      const { socket, end } = begin({ address, port: 25, ...(source === undefined ? {} : { source }) });
      const connected = once(socket, 'connect').then(() => sockets.push(socket));
      await Promise.race([connected.catch(() => {}), end]);
    }
    for (const socket of sockets) socket.resetAndDestroy();
    return sockets.length;
  };
  return { unbound: await opened(), bound: await opened('127.0.7.1') };
}

/** Makes an orphan that ends at once, and waits until nothing of it is left in the process table. */
async function orphan(): Promise<unknown> {
  const { stdout } = await runCommand(['sh', '-c', '(read line; exit 3) > /dev/null 2>&1 & echo $!']);
  const pid = stdout.trim();
  const parent = readFileSync('/proc/1/comm', 'utf8').trim();
  while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate);
  return { parent };
}

function startInHost(task: HostTask): ChildProcess {
  const program = fileURLToPath(new URL('./host-program.js', import.meta.url));
  const [command = '', ...args] = host.enter([nodeBinary, program, JSON.stringify(task)]);
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function inHost(task: HostTask): Promise<unknown> {
  const child = startInHost(task);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(child, 'close');
  return JSON.parse(text);
}
