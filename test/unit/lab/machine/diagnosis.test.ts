import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SealProbe } from '../../../../src/lab/ground/seal.ts';
import { diagnose, type Judgement } from '../../../../src/lab/machine/diagnosis.ts';
import type { MachineFacts, MachineLimits } from '../../../../src/lab/machine/machine.ts';
import { UNTOLD_LIMITS } from '../../../support/untold-limits.ts';

const NO_SEAL: SealProbe = { ok: false, step: 'namespaces', reason: 'not permitted', fix: 'Run it as root.' };

const limits: MachineLimits = {
  descriptors: { soft: 20_000, hard: 20_000, ceiling: 1_048_576, raisable: false },
  systemDescriptors: 2_000_000,
  processes: 96_365,
  ports: { from: 32_768, to: 60_999 },
  acceptQueue: 4096,
  synBacklog: 2048,
  synCookies: true,
  tcpPages: 600_000,
  conntrack: 262_144,
};

const machine: MachineFacts = {
  platform: 'linux',
  kernel: 'Linux 6.1',
  node: 'v20.19.0',
  container: undefined,
  cores: 2,
  memory: { bytes: 16e9, availableBytes: 12e9 },
  limits,
  seal: { ok: true, privilege: 'root' },
  programs: { found: [{ name: 'haraka', path: '/x', version: '3.3.4' }], missing: [] },
};

const mac: MachineFacts = {
  ...machine,
  platform: 'darwin',
  seal: { ok: false, step: 'system', reason: 'darwin has no network namespaces', fix: 'Run it on Linux.' },
  limits: {
    descriptors: { soft: 256, hard: Number.POSITIVE_INFINITY, ceiling: 10_240, raisable: false },
    systemDescriptors: 184_320,
    processes: 2666,
    ports: { from: 49_152, to: 65_535 },
    acceptQueue: 128,
    synBacklog: undefined,
    synCookies: undefined,
    tcpPages: undefined,
    conntrack: undefined,
  },
};

function judged(facts: MachineFacts, sessions: number, name: string): Judgement | undefined {
  return diagnose(facts, sessions).find((judgement) => judgement.name === name);
}

const withLimits = (change: Partial<MachineLimits>, more: Partial<MachineFacts> = {}): MachineFacts => ({
  ...machine,
  ...more,
  limits: { ...limits, ...change },
});

const few = { descriptors: { soft: 1024, hard: 1024, ceiling: 1_048_576, raisable: false } };

const rows: [
  what: string,
  facts: MachineFacts,
  sessions: number,
  name: string,
  state: Judgement['state'] | 'absent',
  finding: RegExp,
  fix: string[],
][] = [
  ['a seal as root', machine, 1e5, 'seal', 'ok', /^can be made as root$/, []],
  [
    'a seal without root',
    { ...machine, seal: { ok: true, privilege: 'user-namespace' } },
    1e5,
    'seal',
    'ok',
    /without root; MTAs that switch users need root$/,
    [],
  ],
  [
    'no seal',
    { ...machine, seal: NO_SEAL },
    1e5,
    'seal',
    'change',
    /namespaces: not permitted/,
    ['Run it as root.'],
  ],
  [
    'no Haraka',
    { ...machine, programs: { found: [], missing: ['haraka'] } },
    1e5,
    'haraka',
    'change',
    /^is not installed$/,
    ['npm ci'],
  ],
  ['no k6', machine, 1e5, 'k6', 'absent', /^$/, []],
  ...(
    [
      ['a k6', '2.3.0', 'ok', /^2\.3\.0, for loads of engine: k6$/],
      ['an old k6', '0.57.0', 'change', /^0\.57\.0; loads of engine: k6 need 1\.7 or newer, below 3$/],
      ['a k6 that says nothing', undefined, 'change', /^does not tell its version \(\/k6\); loads/],
    ] as const
  ).map(([what, version, state, finding]): (typeof rows)[number] => [
    what,
    { ...machine, programs: { found: [{ name: 'k6', path: '/k6', version }], missing: [] } },
    1e5,
    'k6',
    state,
    finding,
    [],
  ]),
  [
    'descriptors in six workers',
    machine,
    1e5,
    'descriptors of a process',
    'ok',
    /^20,000: 19,500 sessions each; 100,000 take 6 workers a side$/,
    [],
  ],
  [
    'descriptors that workers raise',
    withLimits({ descriptors: { ...limits.descriptors, raisable: true } }),
    1e6,
    'descriptors of a process',
    'ok',
    /^1,048,576, to which workers raise their limit of 20,000: .* take 1 worker a side$/,
    [],
  ],
  [
    'too few descriptors',
    withLimits(few),
    1e5,
    'descriptors of a process',
    'change',
    /take 191 workers a side/,
    [
      'for a login: "* - nofile 16384" in /etc/security/limits.conf ("root - nofile 16384" for root), then log in again',
      'for a service: LimitNOFILE=16384 in the section [Service] of its unit',
    ],
  ],
  [
    'too few descriptors in a container, below a low ceiling',
    withLimits({ descriptors: { ...few.descriptors, ceiling: 8192 } }, { container: 'podman' }),
    1e5,
    'descriptors of a process',
    'change',
    /take 191 workers/,
    [
      'on the host of this container: sudo sysctl -w fs.nr_open=16384',
      'for this container: podman run --ulimit nofile=16384:16384 …',
      'for a login: "* - nofile 16384" in /etc/security/limits.conf ("root - nofile 16384" for root), then log in again',
      'for a service: LimitNOFILE=16384 in the section [Service] of its unit',
    ],
  ],
  [
    'descriptors of macOS',
    mac,
    1e6,
    'descriptors of a process',
    'change',
    /^10,240: /,
    [
      'sudo sysctl -w kern.maxfilesperproc=131072',
      'sudo launchctl limit maxfiles 131072 131072',
      'ulimit -n 131072',
    ],
  ],
  [
    'no descriptors to speak of',
    withLimits({ descriptors: { ...few.descriptors, hard: 256 } }),
    10,
    'descriptors of a process',
    'short',
    /^256: 0 sessions each$/,
    [
      'for a login: "* - nofile 512" in /etc/security/limits.conf ("root - nofile 512" for root), then log in again',
      'for a service: LimitNOFILE=512 in the section [Service] of its unit',
    ],
  ],
  [
    'files of the system',
    machine,
    1e5,
    'descriptors of the system',
    'ok',
    /^2,000,000; .* 200,000 ends$/,
    [],
  ],
  [
    'files without limit',
    withLimits({ systemDescriptors: 2 ** 63 }),
    1e5,
    'descriptors of the system',
    'ok',
    /^no limit; /,
    [],
  ],
  [
    'too few files of the system',
    machine,
    1e6,
    'descriptors of the system',
    'short',
    /^2,000,000; 1,000,000 sessions have 2,000,000 ends$/,
    [
      'sudo sysctl -w fs.file-max=2020000',
      'to keep it: "fs.file-max = 2020000" in /etc/sysctl.d/90-windtunnel.conf',
    ],
  ],
  [
    'ports of a seal',
    machine,
    1e5,
    'local ports',
    'ok',
    /^64,512 a source in the seal.* take 2 sources$/,
    [],
  ],
  [
    'ports without a seal',
    { ...machine, seal: NO_SEAL },
    1e5,
    'local ports',
    'change',
    /^28,232 a source; 100,000 take 4 sources$/,
    [
      'sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
      'to keep it: "net.ipv4.ip_local_port_range = 1024 65535" in /etc/sysctl.d/90-windtunnel.conf',
    ],
  ],
  [
    'ports of a container',
    { ...machine, seal: NO_SEAL, container: 'docker' },
    1e5,
    'local ports',
    'change',
    /^28,232 a source/,
    ['for this container: docker run --sysctl "net.ipv4.ip_local_port_range=1024 65535" …'],
  ],
  [
    'ports of a pod',
    { ...machine, seal: NO_SEAL, container: 'kubernetes' },
    1e5,
    'local ports',
    'change',
    /^28,232 a source/,
    ['in the settings of this container: the sysctl "net.ipv4.ip_local_port_range = 1024 65535"'],
  ],
  [
    'enough ports without a seal',
    { ...machine, seal: NO_SEAL },
    20_000,
    'local ports',
    'ok',
    /1 source$/,
    [],
  ],
  [
    'the widest ports without a seal',
    withLimits({ ports: { from: 1024, to: 65_535 } }, { seal: NO_SEAL }),
    1e6,
    'local ports',
    'ok',
    /16 sources$/,
    [],
  ],
  [
    'ports of macOS',
    mac,
    20_000,
    'local ports',
    'short',
    /2 sources$/,
    ['sudo sysctl -w net.inet.ip.portrange.first=1024'],
  ],
  ['more than macOS has ports', mac, 1e5, 'local ports', 'short', /7 sources$/, ['Run it on Linux.']],
  [
    'memory',
    machine,
    1e5,
    'memory',
    'ok',
    /^12 GB available, enough for about 320,000 sessions; 100,000 take 3\.8 GB, without an MTA$/,
    [],
  ],
  [
    'too little memory',
    machine,
    1e6,
    'memory',
    'short',
    /1,000,000 take 37 GB/,
    ['take fewer sessions, or a machine with 30 GB available'],
  ],
  [
    'memory eaten by workers',
    withLimits(few),
    1e5,
    'memory',
    'short',
    /100,000 take 30 GB/,
    ['raise the descriptors of a process: fewer workers take less, 3.1 GB at least'],
  ],
  [
    'memory of TCP',
    machine,
    1e5,
    'memory of TCP',
    'ok',
    /^2\.5 GB for bytes in flight; .* 0\.4 GB, idle ones none$/,
    [],
  ],
  [
    'too little memory of TCP',
    machine,
    900_000,
    'memory of TCP',
    'change',
    /have 3\.7 GB/,
    [
      'sudo sysctl -w net.ipv4.tcp_mem="900000 1200000 1800000"',
      'to keep it: "net.ipv4.tcp_mem = 900000 1200000 1800000" in /etc/sysctl.d/90-windtunnel.conf',
    ],
  ],
  ['memory of TCP of macOS', mac, 1e5, 'memory of TCP', 'unknown', /does not tell/, []],
  [
    'the accept queue of a seal',
    machine,
    1e5,
    'accept queue',
    'ok',
    /^65,535 connections .* in the seal/,
    [],
  ],
  [
    'the accept queue',
    { ...machine, seal: NO_SEAL },
    1e5,
    'accept queue',
    'ok',
    /^4,096 connections may wait for a listener$/,
    [],
  ],
  [
    'a short accept queue, no cookies',
    withLimits({ acceptQueue: 128, synCookies: false, synBacklog: 512 }, { seal: NO_SEAL }),
    1e5,
    'accept queue',
    'change',
    /^128 connections may wait for a listener, 512 half-open$/,
    [
      'sudo sysctl -w net.core.somaxconn=1024',
      'to keep it: "net.core.somaxconn = 1024" in /etc/sysctl.d/90-windtunnel.conf',
      'sudo sysctl -w net.ipv4.tcp_syncookies=1',
      'to keep it: "net.ipv4.tcp_syncookies = 1" in /etc/sysctl.d/90-windtunnel.conf',
    ],
  ],
  [
    'the accept queue of macOS',
    mac,
    1e4,
    'accept queue',
    'change',
    /^128 /,
    ['sudo sysctl -w kern.ipc.somaxconn=1024'],
  ],
  ['threads', machine, 1e5, 'processes and threads', 'ok', /^96,365 for this user; 12 workers have 144$/, []],
  [
    'threads without limit',
    withLimits({ processes: Number.POSITIVE_INFINITY }),
    1e5,
    'processes and threads',
    'ok',
    /^no limit/,
    [],
  ],
  [
    'too few threads',
    withLimits({ processes: 600 }),
    1e5,
    'processes and threads',
    'short',
    /^600 for this user/,
    ['ulimit -u 1024'],
  ],
  ['tracking in a seal', machine, 1e6, 'connection tracking', 'absent', /^$/, []],
  [
    'tracking without a seal',
    { ...machine, seal: NO_SEAL },
    1e5,
    'connection tracking',
    'ok',
    /^262,144 connections/,
    [],
  ],
  [
    'too little tracking',
    { ...machine, seal: NO_SEAL, container: 'docker' },
    1e6,
    'connection tracking',
    'change',
    /^262,144 connections/,
    ['on the host of this container: sudo sysctl -w net.netfilter.nf_conntrack_max=1048576'],
  ],
];

for (const [what, facts, sessions, name, state, finding, fix] of rows) {
  test(`${what}, for ${sessions} sessions: ${state}`, () => {
    const judgement = judged(facts, sessions, name);
    assert.equal(judgement?.state ?? 'absent', state, judgement?.finding);
    assert.match(judgement?.finding ?? '', finding);
    assert.deepEqual(judgement?.fix ?? [], fix);
  });
}

test('a system that tells nothing is judged nonetheless', () => {
  const states = diagnose({ ...machine, seal: NO_SEAL, limits: UNTOLD_LIMITS }, 1e5).map(
    ({ name, state }) => [name, state],
  );
  assert.deepEqual(Object.fromEntries(states), {
    seal: 'change',
    haraka: 'ok',
    'descriptors of a process': 'unknown',
    'descriptors of the system': 'unknown',
    'local ports': 'unknown',
    memory: 'ok',
    'memory of TCP': 'unknown',
    'accept queue': 'unknown',
    'processes and threads': 'unknown',
  });
});
