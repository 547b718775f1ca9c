import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  containerKind,
  coresOfGroup,
  type FactSource,
  readLimits,
  readMachine,
} from '../../../../src/lab/machine/machine.ts';
import { UNTOLD_LIMITS } from '../../../support/untold-limits.ts';

function machine(
  platform: NodeJS.Platform,
  files: Record<string, string>,
  commands: Record<string, string> = {},
): FactSource {
  return {
    platform,
    read: (path) => files[path],
    print: (argv) => Promise.resolve(commands[argv.join(' ')]),
  };
}

test('the limits of Linux', async () => {
  const limits = await readLimits(
    machine('linux', {
      '/proc/self/limits':
        'Max processes             96365                unlimited            processes \nMax open files            1024                 524288               files     \n',
      '/proc/sys/fs/nr_open': '1048576\n',
      '/proc/sys/fs/file-max': '9223372036854775807\n',
      '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
      '/proc/sys/net/core/somaxconn': '4096\n',
      '/proc/sys/net/ipv4/tcp_max_syn_backlog': '2048\n',
      '/proc/sys/net/ipv4/tcp_syncookies': '1\n',
      '/proc/sys/net/ipv4/tcp_mem': '287901\t383869\t575802\n',
      '/proc/sys/net/netfilter/nf_conntrack_max': '262144\n',
    }),
  );
  assert.deepEqual(limits, {
    descriptors: { soft: 1024, hard: 524_288, ceiling: 1_048_576, raisable: false },
    systemDescriptors: 2 ** 63,
    processes: 96_365,
    ports: { from: 32_768, to: 60_999 },
    acceptQueue: 4096,
    synBacklog: 2048,
    synCookies: true,
    tcpPages: 575_802,
    conntrack: 262_144,
  });
});

test('the limits of macOS', async () => {
  const limits = await readLimits(
    machine(
      'darwin',
      {},
      {
        'sh -c ulimit -Sn': '256\n',
        'sh -c ulimit -Hn': 'unlimited\n',
        'sh -c ulimit -Su': '2666\n',
        'sysctl -n kern.maxfilesperproc': '92160\n',
        'sysctl -n kern.maxfiles': '184320\n',
        'sysctl -n net.inet.ip.portrange.first': '49152\n',
        'sysctl -n net.inet.ip.portrange.last': '65535\n',
        'sysctl -n kern.ipc.somaxconn': '128\n',
      },
    ),
  );
  assert.deepEqual(limits, {
    ...UNTOLD_LIMITS,
    descriptors: { soft: 256, hard: Number.POSITIVE_INFINITY, ceiling: 92_160, raisable: false },
    systemDescriptors: 184_320,
    processes: 2666,
    ports: { from: 49_152, to: 65_535 },
    acceptQueue: 128,
  });
});

for (const platform of ['linux', 'darwin', 'freebsd', 'win32'] as const) {
  test(`where ${platform} tells nothing, nothing is known and nothing fails`, async () => {
    assert.deepEqual(await readLimits(machine(platform, {})), UNTOLD_LIMITS);
  });
}

test('the kind of a container', () => {
  const rows: [files: Record<string, string>, env: NodeJS.ProcessEnv, kind: string | undefined][] = [
    [{}, {}, undefined],
    [{ '/.dockerenv': '' }, {}, 'docker'],
    [{ '/run/.containerenv': '' }, {}, 'podman'],
    [{ '/.dockerenv': '' }, { KUBERNETES_SERVICE_HOST: '198.18.0.1' }, 'kubernetes'],
    [{ '/run/systemd/container': 'lxc\n' }, {}, 'lxc'],
  ];
  for (const [files, env, kind] of rows)
    assert.equal(
      containerKind((path) => files[path], env),
      kind,
    );
});

test("the cores of a control group: the least of its own limit and its ancestors'", () => {
  const rows: [files: Record<string, string>, cores: number | undefined][] = [
    [{}, undefined],
    [{ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, undefined],
    [{ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '150000 100000\n' }, 1.5],
    [
      {
        '/proc/self/cgroup': '0::/a.slice/b.service\n',
        '/sys/fs/cgroup/a.slice/cpu.max': '200000 100000\n',
        '/sys/fs/cgroup/a.slice/b.service/cpu.max': '400000 100000\n',
      },
      2,
    ],
    [
      {
        '/proc/self/cgroup': '4:memory:/x\n3:cpuset:/\n2:cpu,cpuacct:/docker/1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
        '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us': '100000\n',
      },
      0.5,
    ],
  ];
  for (const [files, cores] of rows)
    assert.equal(
      coresOfGroup((path) => files[path]),
      cores,
    );
});

test('this machine has cores, memory and the MTA that comes with windtunnel', async () => {
  const { cores, memory, programs, node } = await readMachine();
  assert.ok(cores > 0);
  assert.ok(memory.availableBytes > 0 && memory.availableBytes <= memory.bytes);
  assert.ok(programs.found.some(({ name }) => name === 'haraka'));
  assert.equal(node, process.version);
});
