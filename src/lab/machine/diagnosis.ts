/** What a machine's facts mean for a number of sessions held at once, and what to change. Pure. */
import { isKnown, KNOWN_K6 } from '../../driver/k6/binary.ts';
import { SEALED_ACCEPT_QUEUE, SEALED_PORTS } from '../ground/wire.ts';
import {
  bytesFor,
  counted,
  PAGE_BYTES,
  portCount,
  processesFor,
  RESERVED_DESCRIPTORS,
  sessionsIn,
  sessionsPerProcess,
  THREADS_PER_WORKER,
  whole,
} from './capacity.ts';
import { attainableDescriptors } from './descriptors.ts';
import { powerOfTwo, raiseDescriptors, sysctl } from './fixes.ts';
import type { MachineFacts } from './machine.ts';

/**
 * One thing that was looked at.
 * ok: the sessions can be held · change: they can, but not well, or not in a seal · short: they can't · unknown: this
 * system doesn't tell
 */
export interface Judgement {
  readonly name: string;
  readonly state: 'ok' | 'change' | 'short' | 'unknown';
  readonly finding: string;
  /** Commands and lines of files, as they are to be typed. Empty if nothing is to be changed, or nothing can be. */
  readonly fix: readonly string[];
}

/** More workers than this a core only take memory and time from each other. */
const WORKERS_PER_CORE = 4;

/** Files that the rest of the system has open. */
const OTHER_FILES = 20_000;

/** Processes and threads that a user has besides. */
const OTHER_THREADS = 500;

/** A listener takes its connections several times a second; this many come in between when a flood begins. */
const ENOUGH_WAITING = 1024;

/** The descriptors to reckon with where the limit can't be read. */
const ASSUMED_DESCRIPTORS = 10_240;

/** Judges whether a machine can hold so many sessions at once, driver and ISPs both on it. */
export function diagnose(facts: MachineFacts, sessions: number): Judgement[] {
  return [
    seal(facts),
    haraka(facts),
    ...k6(facts),
    descriptors(facts, sessions),
    systemDescriptors(facts, sessions),
    ports(facts, sessions),
    memory(facts, sessions),
    tcpMemory(facts, sessions),
    acceptQueue(facts),
    threads(facts, sessions),
    ...conntrack(facts, sessions),
  ];
}

/** The descriptors of one worker, as far as this machine tells. */
export function workerDescriptors({ limits }: MachineFacts): number {
  return attainableDescriptors(limits.descriptors) ?? ASSUMED_DESCRIPTORS;
}

/** The local ports of a source: a seal has its own range. */
export function sourcePorts({ seal, limits }: MachineFacts): number | undefined {
  if (seal.ok) return portCount(SEALED_PORTS);
  return limits.ports && portCount(limits.ports);
}

function seal({ seal: probe }: MachineFacts): Judgement {
  const name = 'seal';
  if (!probe.ok) {
    const finding = `can't be made (${probe.step}: ${probe.reason}), so runs are on loopback with mapped ports`;
    return { name, state: 'change', finding, fix: [probe.fix] };
  }
  if (probe.privilege === 'root') return ok(name, 'can be made as root');
  return ok(name, 'can be made in a user namespace, without root; MTAs that switch users need root');
}

function haraka({ programs }: MachineFacts): Judgement {
  const name = 'haraka';
  const found = programs.found.find((program) => program.name === name);
  if (!found) return { name, state: 'change', finding: 'is not installed', fix: ['npm ci'] };
  return ok(name, `${found.version}, the MTA that comes with windtunnel`);
}

/** Nothing where it is not: only loads of `engine: k6` need it. */
function k6({ programs }: MachineFacts): Judgement[] {
  const name = 'k6';
  const found = programs.found.find((program) => program.name === name);
  if (!found) return [];
  const { version, path } = found;
  if (version !== undefined && isKnown(version)) return [ok(name, `${version}, for loads of engine: k6`)];
  const what = version ?? `does not tell its version (${path})`;
  return [{ name, state: 'change', finding: `${what}; loads of engine: k6 need ${KNOWN_K6}`, fix: [] }];
}

function descriptors(facts: MachineFacts, sessions: number): Judgement {
  const name = 'descriptors of a process';
  const { hard } = facts.limits.descriptors;
  const most = attainableDescriptors(facts.limits.descriptors);
  if (most === undefined) return unknown(name);
  const each = sessionsPerProcess(most);
  const workers = processesFor(sessions, most);
  const raised =
    hard !== undefined && hard < most ? `, to which workers raise their limit of ${whole(hard)}` : '';
  const needed = each === 0 ? '' : `; ${whole(sessions)} take ${counted(workers, 'worker')} a side`;
  const finding = `${whole(most)}${raised}: ${whole(each)} sessions each${needed}`;
  const bearable = WORKERS_PER_CORE * facts.cores;
  if (workers <= bearable) return ok(name, finding);
  const wanted = powerOfTwo(sessions / bearable + RESERVED_DESCRIPTORS);
  return { name, state: each === 0 ? 'short' : 'change', finding, fix: raiseDescriptors(facts, wanted) };
}

function systemDescriptors(facts: MachineFacts, sessions: number): Judgement {
  const name = 'descriptors of the system';
  const most = facts.limits.systemDescriptors;
  if (most === undefined) return unknown(name);
  // systemd sets it to the largest number there is.
  const finding = `${most > 1e15 ? 'no limit' : whole(most)}; ${whole(sessions)} sessions have ${whole(2 * sessions)} ends`;
  const needed = 2 * sessions + OTHER_FILES;
  if (most >= needed) return ok(name, finding);
  const setting = facts.platform === 'linux' ? 'fs.file-max' : 'kern.maxfiles';
  return { name, state: 'short', finding, fix: sysctl(facts, setting, needed) };
}

function ports(facts: MachineFacts, sessions: number): Judgement {
  const name = 'local ports';
  const count = sourcePorts(facts);
  if (count === undefined) return unknown(name);
  const sources = Math.ceil(sessions / count);
  const where = facts.seal.ok ? ' in the seal, which has its own range' : '';
  const finding = `${whole(count)} a source${where}; ${whole(sessions)} take ${counted(sources, 'source')}`;
  const { from, to } = SEALED_PORTS;
  const widest = portCount(SEALED_PORTS);
  // Linux has 16 million loopback addresses to send from, others have one.
  if (facts.platform !== 'linux' && sources > 1) {
    const fix =
      sessions <= widest ? sysctl(facts, 'net.inet.ip.portrange.first', from) : ['Run it on Linux.'];
    return { name, state: 'short', finding, fix };
  }
  if (sources === 1 || count >= widest) return ok(name, finding);
  return {
    name,
    state: 'change',
    finding,
    fix: sysctl(facts, 'net.ipv4.ip_local_port_range', `${from} ${to}`),
  };
}

function memory(facts: MachineFacts, sessions: number): Judgement {
  const name = 'memory';
  const { availableBytes } = facts.memory;
  const each = workerDescriptors(facts);
  const needed = bytesFor(sessions, each);
  const has = `${gigabytes(availableBytes)} available`;
  // Without descriptors there are no sessions, whatever the memory.
  if (!Number.isFinite(needed)) return ok(name, has);
  const most = whole(roundDown(sessionsIn(availableBytes, each)));
  const finding = `${has}, enough for about ${most} sessions; ${whole(sessions)} take ${gigabytes(needed)}, without an MTA`;
  if (needed <= availableBytes) return ok(name, finding);
  // With enough descriptors one worker a side would do, and leave the memory to sessions.
  const least = bytesFor(sessions, Number.POSITIVE_INFINITY);
  const fix =
    least <= availableBytes
      ? `raise the descriptors of a process: fewer workers take less, ${gigabytes(least)} at least`
      : `take fewer sessions, or a machine with ${gigabytes(least)} available`;
  return { name, state: 'short', finding, fix: [fix] };
}

function tcpMemory(facts: MachineFacts, sessions: number): Judgement {
  const name = 'memory of TCP';
  const { tcpPages } = facts.limits;
  if (tcpPages === undefined) return unknown(name);
  const finding =
    `${gigabytes(tcpPages * PAGE_BYTES)} for bytes in flight; ${whole(sessions)} sessions that speak at once have ` +
    `${gigabytes(sessions * PAGE_BYTES)}, idle ones none`;
  if (tcpPages >= sessions) return ok(name, finding);
  // Least, pressure and most in the proportions that the kernel chooses.
  const pages = [sessions, Math.ceil((sessions * 4) / 3), 2 * sessions];
  return { name, state: 'change', finding, fix: sysctl(facts, 'net.ipv4.tcp_mem', pages.join(' ')) };
}

function acceptQueue(facts: MachineFacts): Judgement {
  const name = 'accept queue';
  const { acceptQueue: length, synBacklog, synCookies } = facts.limits;
  const waiting = (count: number): string => `${whole(count)} connections may wait for a listener`;
  if (facts.seal.ok) return ok(name, `${waiting(SEALED_ACCEPT_QUEUE)} in the seal, which sets it`);
  if (length === undefined) return unknown(name);
  // With SYN cookies, half-open connections don't count.
  const halfOpen = synCookies === false ? synBacklog : undefined;
  const finding = `${waiting(length)}${halfOpen === undefined ? '' : `, ${whole(halfOpen)} half-open`}`;
  const fix = [
    ...(length < ENOUGH_WAITING
      ? sysctl(
          facts,
          facts.platform === 'linux' ? 'net.core.somaxconn' : 'kern.ipc.somaxconn',
          ENOUGH_WAITING,
        )
      : []),
    ...((halfOpen ?? ENOUGH_WAITING) < ENOUGH_WAITING ? sysctl(facts, 'net.ipv4.tcp_syncookies', 1) : []),
  ];
  return fix.length === 0 ? ok(name, finding) : { name, state: 'change', finding, fix };
}

function threads(facts: MachineFacts, sessions: number): Judgement {
  const name = 'processes and threads';
  const most = facts.limits.processes;
  if (most === undefined) return unknown(name);
  const workers = 2 * processesFor(sessions, workerDescriptors(facts));
  const has = `${Number.isFinite(most) ? whole(most) : 'no limit'} for this user`;
  if (!Number.isFinite(workers)) return ok(name, has);
  const finding = `${has}; ${counted(workers, 'worker')} have ${whole(workers * THREADS_PER_WORKER)}`;
  const needed = workers * THREADS_PER_WORKER + OTHER_THREADS;
  if (most >= needed) return ok(name, finding);
  return { name, state: 'short', finding, fix: [`ulimit -u ${powerOfTwo(needed)}`] };
}

function conntrack(facts: MachineFacts, sessions: number): Judgement[] {
  const name = 'connection tracking';
  const most = facts.limits.conntrack;
  if (most === undefined || facts.seal.ok) return [];
  const finding = `${whole(most)} connections, if a firewall rule tracks those of loopback`;
  if (most >= sessions) return [ok(name, finding)];
  const fix = sysctl(facts, 'net.netfilter.nf_conntrack_max', powerOfTwo(sessions));
  return [{ name, state: 'change', finding, fix }];
}

function ok(name: string, finding: string): Judgement {
  return { name, state: 'ok', finding, fix: [] };
}

function unknown(name: string): Judgement {
  return { name, state: 'unknown', finding: 'this system does not tell', fix: [] };
}

/** Two digits: more would promise more than is known. */
function roundDown(value: number): number {
  if (value < 100) return value;
  const step = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.floor(value / step) * step;
}

/** 24 GB, 0.4 GB. */
export function gigabytes(bytes: number): string {
  return `${bytes >= 10e9 ? Math.round(bytes / 1e9) : (bytes / 1e9).toFixed(1)} GB`;
}
