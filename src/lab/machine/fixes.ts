/** What to type to change a limit: commands, and lines of the files that keep it changed. */
import type { MachineFacts } from './machine.ts';

type Place = Pick<MachineFacts, 'platform' | 'container' | 'limits'>;

/** Settings that each network namespace, and so each container, has of its own. */
const OWN_OF_A_CONTAINER = ['net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.core.somaxconn'];

/** Sets a value of the kernel now, and at every boot. */
export function sysctl(
  { platform, container }: Pick<Place, 'platform' | 'container'>,
  name: string,
  value: number | string,
): string[] {
  const command = `sudo sysctl -w ${name}=${typeof value === 'number' ? value : `"${value}"`}`;
  if (platform !== 'linux') return [command];
  if (container === undefined) {
    return [command, `to keep it: "${name} = ${value}" in /etc/sysctl.d/90-windtunnel.conf`];
  }
  if (!OWN_OF_A_CONTAINER.includes(name)) return [`on the host of this container: ${command}`];
  return canRun(container)
    ? [`for this container: ${container} run --sysctl "${name}=${value}" …`]
    : [`in the settings of this container: the sysctl "${name} = ${value}"`];
}

/** Raises RLIMIT_NOFILE, soft and hard, to so many. */
export function raiseDescriptors(place: Place, wanted: number): string[] {
  const { limits, platform, container } = place;
  const low = limits.descriptors.ceiling !== undefined && limits.descriptors.ceiling < wanted;
  if (platform !== 'linux') {
    return [
      ...(low ? sysctl(place, 'kern.maxfilesperproc', wanted) : []),
      `sudo launchctl limit maxfiles ${wanted} ${wanted}`,
      `ulimit -n ${wanted}`,
    ];
  }
  return [
    ...(low ? sysctl(place, 'fs.nr_open', wanted) : []),
    ...(container !== undefined && canRun(container)
      ? [`for this container: ${container} run --ulimit nofile=${wanted}:${wanted} …`]
      : []),
    `for a login: "* - nofile ${wanted}" in /etc/security/limits.conf ("root - nofile ${wanted}" for root), then log in again`,
    `for a service: LimitNOFILE=${wanted} in the section [Service] of its unit`,
  ];
}

function canRun(container: string): boolean {
  return container === 'docker' || container === 'podman';
}

/** The power of two that is at least so much: limits are set in round numbers. */
export function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}
