/**
 * The two network namespaces of a sealed lab and the wire between them. The caller is in `internet`, where AnyIP makes
 * every address local, so that ISPs listen on their own. `host` holds the mail server under test: the sources on
 * eth0, and a default route into `internet`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { BlockList, isIPv6 } from 'node:net';
import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';
import { GATEWAY, GATEWAY6, HOST_MAC, WIRE_MAC } from './leaks.ts';

export interface WireOptions {
  /** The addresses that the mail server sends from. */
  readonly sources: readonly string[];
  /** Addresses that answer nothing at all, so that a connection attempt times out. */
  readonly blackholes?: readonly string[];
}

/** The namespace `host`. It lives until `stop`, or until this process ends. */
export interface SealedHost {
  /** A process in it, as this PID namespace numbers it. */
  readonly pid: number;
  /** The command that runs `argv` in it. */
  enter(argv: readonly string[]): string[];
  stop(): Promise<void>;
}

/** The host always owns this address; it sends from it if it has no IPv4 source. */
export const HOST_ADDRESS = '198.18.128.1';

/** What `internet` itself sends from where a program binds no address. */
const INTERNET_ADDRESS6 = '2001:2::1';

/**
 * Raises both namespaces' devices, addresses and routes. To be called once, in a fresh network namespace.
 * @throws HarnessError of kind `lab`, or `invalid-scenario` for a source that no machine can have
 */
export async function raiseWires({ sources, blackholes = [] }: WireOptions): Promise<SealedHost> {
  const ipv6 = existsSync('/proc/net/if_inet6');
  for (const source of sources) requireUsable(source, ipv6);
  const owned = [...new Set([...sources, HOST_ADDRESS])];
  const anchor = await startAnchor();
  const pid = anchor.pid as number;
  const enter = (argv: readonly string[]): string[] => ['nsenter', '-t', `${pid}`, '-n', '--', ...argv];
  const stop = async (): Promise<void> => {
    anchor.stdin?.end();
    if (anchor.exitCode === null && anchor.signalCode === null) await once(anchor, 'exit');
  };
  try {
    const anyAddress = ipv6 ? [...ANY_ADDRESS, ...ANY_ADDRESS6] : ANY_ADDRESS;
    await configure([], anyAddress, internetCommands(owned, blackholes, ipv6, pid));
    await configure(enter([]), [], hostCommands(owned));
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid, enter, stop };
}

/** Commands of `ip` for the side of the ISPs. */
export function internetCommands(
  owned: readonly string[],
  blackholes: readonly string[],
  ipv6: boolean,
  hostPid: number,
): string[] {
  const any = ipv6 ? ['0.0.0.0/0', '::/0'] : ['0.0.0.0/0'];
  return [
    'link set lo up',
    `link add wire0 address ${WIRE_MAC} type veth peer name eth0 address ${HOST_MAC} netns ${hostPid}`,
    // No link-local address: detecting duplicates of it would take a second.
    'link set wire0 addrgenmode none up',
    `address replace ${GATEWAY}/32 dev wire0`,
    ...(ipv6 ? [`address replace ${INTERNET_ADDRESS6}/128 dev wire0 nodad`] : []),
    // All in the table `local`: it is asked first, and there the longer prefix wins.
    ...any.map((prefix) => `route replace local ${prefix} dev lo table local`),
    ...owned.map((address) => `route replace ${address} dev wire0 table local`),
    ...owned.map((address) => neighbour(address, HOST_MAC, 'wire0')),
    ...blackholes.map((address) => `route replace blackhole ${address} table local`),
  ];
}

/** Commands of `ip` for the side of the mail server. Without an IPv6 source it has no way to IPv6. */
export function hostCommands(owned: readonly string[]): string[] {
  const ipv4 = owned.find((address) => !isIPv6(address)) ?? HOST_ADDRESS;
  const ipv6 = owned.find((address) => isIPv6(address));
  return [
    'link set lo up',
    'link set eth0 addrgenmode none up',
    ...owned.map((address) => `address replace ${address}/${isIPv6(address) ? '128 nodad' : '32'} dev eth0`),
    neighbour(GATEWAY, WIRE_MAC, 'eth0'),
    `route replace 0.0.0.0/0 via ${GATEWAY} dev eth0 onlink src ${ipv4}`,
    ...(ipv6
      ? [neighbour(GATEWAY6, WIRE_MAC, 'eth0'), `route replace ::/0 via ${GATEWAY6} dev eth0 src ${ipv6}`]
      : []),
  ];
}

/** Both ends are known, so that nothing is ever asked for, waited for or forgotten. */
function neighbour(address: string, mac: string, device: string): string {
  return `neighbour replace ${address} lladdr ${mac} dev ${device} nud permanent`;
}

/** Local ports that connections come from in both namespaces, both included. */
export const SEALED_PORTS = { from: 1024, to: 65_535 };

/** Connections that a listener in either namespace may have waiting. */
export const SEALED_ACCEPT_QUEUE = 65_535;

type Setting = readonly [path: string, value: string];

/**
 * To listen on any address. For IPv4 the AnyIP route would do, but for a host that listens again while an incident has its
 * route taken away.
 */
const ANY_ADDRESS: readonly Setting[] = [['ipv4/ip_nonlocal_bind', '1']];
const ANY_ADDRESS6: readonly Setting[] = [['ipv6/ip_nonlocal_bind', '1']];

/** More ports and connections. A kernel that refuses them still carries a lab, only a smaller one. */
const ROOMY: readonly Setting[] = [
  ['ipv6/conf/all/disable_ipv6', '0'],
  ['ipv6/conf/default/disable_ipv6', '0'],
  ['ipv4/ip_unprivileged_port_start', '0'],
  ['ipv4/ip_local_port_range', `${SEALED_PORTS.from} ${SEALED_PORTS.to}`],
  ['ipv4/tcp_tw_reuse', '1'],
  ['core/somaxconn', `${SEALED_ACCEPT_QUEUE}`],
];

/** Applies settings (of /proc/sys/net) and commands of `ip` in the namespace that `enter` leads to, in one process. */
async function configure(
  enter: readonly string[],
  required: readonly Setting[],
  commands: readonly string[],
): Promise<void> {
  const script = [
    ...ROOMY.map(([path, value]) => `{ echo ${value} > /proc/sys/net/${path}; } 2> /dev/null`),
    ...required.map(([path, value]) => `echo ${value} > /proc/sys/net/${path} || exit 1`),
    'exec ip -batch -',
  ];
  const { code, stderr } = await runCommand([...enter, 'sh', '-c', script.join('\n')], {
    input: `${commands.join('\n')}\n`,
  });
  if (code === 0) return;
  // The shell's codes for a command that is not there or can't be run; BusyBox has an ip without -batch.
  if (code === 126 || code === 127 || /busybox/i.test(stderr)) {
    throw new HarnessError('lab', 'there is no ip that can be used', { hint: 'install iproute2' });
  }
  const failed = commands[Number(/^Command failed -:(\d+)/m.exec(stderr)?.[1]) - 1];
  throw new HarnessError(
    'lab',
    `${failed ? `ip ${failed}` : 'network settings'}: ${stderr.trim().split('\n')[0]}`,
    {
      hint: /not supported|unknown device type/i.test(stderr)
        ? 'load the kernel module veth: sudo modprobe veth'
        : 'this place forbids to configure a network; in a container, run it with --privileged',
    },
  );
}

/** Holds the namespace `host` open. It reads a pipe of this process, so that it ends with it. */
async function startAnchor(): Promise<ChildProcess> {
  const anchor = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec cat'], { stdio: 'pipe' });
  let complaint = '';
  anchor.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ready = await Promise.race([
    once(anchor.stdout, 'data').then(() => true),
    once(anchor, 'close').then(() => false),
  ]);
  if (ready) return anchor;
  throw new HarnessError('lab', `the network namespace of the mail server: ${complaint.trim()}`);
}

const unusable = new BlockList();
unusable.addSubnet('0.0.0.0', 8, 'ipv4');
unusable.addSubnet('127.0.0.0', 8, 'ipv4');
unusable.addSubnet('224.0.0.0', 4, 'ipv4');
unusable.addAddress('255.255.255.255', 'ipv4');
unusable.addAddress(GATEWAY, 'ipv4');
unusable.addAddress('::', 'ipv6');
unusable.addAddress('::1', 'ipv6');
unusable.addAddress(INTERNET_ADDRESS6, 'ipv6');
unusable.addSubnet('fe80::', 10, 'ipv6');
unusable.addSubnet('ff00::', 8, 'ipv6');

function requireUsable(source: string, ipv6: boolean): void {
  if (unusable.check(source, isIPv6(source) ? 'ipv6' : 'ipv4')) {
    throw new HarnessError('invalid-scenario', `${source} can't be a source in the sealed internet`, {
      hint: 'use addresses that a mail server can have in public, such as those of 198.18.128.0/17 and 2001:2:0:1::/64',
    });
  }
  if (isIPv6(source) && !ipv6) {
    throw new HarnessError('lab', `the source ${source} needs IPv6, and this kernel runs without it`, {
      hint: 'remove ipv6.disable=1 from the boot options, or the IPv6 sources from the scenario',
    });
  }
}
