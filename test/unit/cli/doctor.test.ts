import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeMachine } from '../../../src/cli/doctor-text.ts';
import { diagnose } from '../../../src/lab/machine/diagnosis.ts';
import type { MachineFacts } from '../../../src/lab/machine/machine.ts';
import { cli, scenarioFile, workFolder } from '../../support/cli.ts';

const machine: MachineFacts = {
  platform: 'linux',
  kernel: 'Linux 6.1',
  node: 'v20.19.0',
  container: 'docker',
  cores: 2,
  memory: { bytes: 16e9, availableBytes: 12e9 },
  limits: {
    descriptors: { soft: 20_000, hard: 20_000, ceiling: 1_048_576, raisable: false },
    systemDescriptors: 2_100_000,
    processes: undefined,
    ports: { from: 32_768, to: 60_999 },
    acceptQueue: 4096,
    synBacklog: 2048,
    synCookies: true,
    tcpPages: 600_000,
    conntrack: undefined,
  },
  seal: { ok: true, privilege: 'root' },
  programs: {
    found: [
      { name: 'haraka', path: '/x/haraka', version: '3.3.4' },
      { name: 'pmta', path: '/x/pmtad', version: undefined },
    ],
    missing: ['k6'],
  },
};

test('the text for people: the machine, a table, then ok, to change, not known', () => {
  assert.equal(
    describeMachine(machine, diagnose(machine, 500_000), 500_000),
    `this machine
  Linux 6.1, in a container (docker); Node v20.19.0; 2 cores, 16 GB of memory
  programs: haraka 3.3.4, pmta
  not here, and needed by those who test with them: k6

what sessions held at once take here
  sessions   workers (driver + ISPs)  sources  memory
  10,000     1 + 1                    1        0.4 GB
  100,000    6 + 6                    2        3.8 GB
  1,000,000  52 + 52                  16       37 GB, more than is available

ok for 500,000 sessions
  seal                       can be made as root
  haraka                     3.3.4, the MTA that comes with windtunnel
  descriptors of the system  2,100,000; 500,000 sessions have 1,000,000 ends
  local ports                64,512 a source in the seal, which has its own range; 500,000 take 8 sources
  memory of TCP              2.5 GB for bytes in flight; 500,000 sessions that speak at once have 2.0 GB, idle ones none
  accept queue               65,535 connections may wait for a listener in the seal, which sets it

to change for 500,000 sessions
  memory                     12 GB available, enough for about 320,000 sessions; 500,000 take 19 GB, without an MTA
                             > take fewer sessions, or a machine with 15 GB available
  descriptors of a process   20,000: 19,500 sessions each; 500,000 take 26 workers a side
                             > for this container: docker run --ulimit nofile=65536:65536 …
                             > for a login: "* - nofile 65536" in /etc/security/limits.conf ("root - nofile 65536" for root), then log in again
                             > for a service: LimitNOFILE=65536 in the section [Service] of its unit

not known
  processes and threads      this system does not tell
`,
  );
});

test('doctor judges this machine; it fails if the sessions asked for can not be held', async () => {
  const rows: [string[], number, RegExp, RegExp][] = [
    [['doctor'], 0, /^this machine\n[\s\S]*\nok for 100,000 sessions\n/, /^$/],
    [['doctor', '--connections', '1'], 0, /\nok for 1 session\n/, /^$/],
    [
      ['doctor', '--connections', '99999999'],
      106,
      /\nto change for 99,999,999 sessions\n/,
      /^this machine can't hold 99,999,999 sessions\n[\s\S]*^memory: .* available, enough for about /m,
    ],
    [['doctor', '--connections', '1e5'], 2, /^$/, /--connections 1e5: expected a whole number/],
    [['doctor', '--connections', '0'], 2, /^$/, /--connections 0: expected a whole number/],
  ];
  for (const [argv, code, stdout, stderr] of rows) {
    const result = await cli(argv);
    assert.equal(result.code, code, `${argv.join(' ')}\n${result.stderr}`);
    assert.match(result.stdout, stdout, argv.join(' '));
    assert.match(result.stderr, stderr, argv.join(' '));
  }
});

test('doctor --json has the facts and the judgements', async () => {
  const { sessions, facts, judgements } = JSON.parse((await cli(['doctor', '--json'])).stdout);
  assert.equal(sessions, 100_000);
  assert.equal(facts.node, process.version);
  assert.ok('soft' in facts.limits.descriptors);
  for (const { name, state, finding, fix } of judgements) {
    assert.ok(name !== '' && finding !== '');
    assert.ok(['ok', 'change', 'short', 'unknown'].includes(state));
    assert.equal(Array.isArray(fix), true);
  }
});

test('check names what a plan falls short of, in text and as JSON', async (t) => {
  const text = 'load: { rate: 50/s, duration: 10s, connections: 1900000 }\n';
  const file = scenarioFile(workFolder(t), text);
  const { code, stdout } = await cli(['check', file]);
  assert.equal(code, 0);
  assert.match(stdout, / {2}note {7}1,900,000 connections to the MTA from 1 source to 1 address and port: /);
  const { notes } = JSON.parse((await cli(['check', file, '--json'])).stdout);
  assert.match(notes.join('\n'), /^1,900,000 connections to the MTA from 1 source/m);
  const small = scenarioFile(workFolder(t), 'load: { rate: 50/s, duration: 10s }\n');
  assert.deepEqual(JSON.parse((await cli(['check', small, '--json'])).stdout).notes, []);
});
