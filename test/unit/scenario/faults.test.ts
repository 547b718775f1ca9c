import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePlan } from '../../../src/scenario/describe.ts';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';

const plan = (faults: string, head = ''): Plan =>
  planRun(parseScenario(`load: { rate: 5/s, duration: 60s }\n${head}faults: [${faults}]\n`, 's.yaml'));

/** What is wrong with the faults. */
function problems(faults: string, head = ''): string[] {
  try {
    plan(faults, head);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidScenario)) throw error;
    return error.message.split('\n');
  }
}

test('faults as planned', () => {
  const rows: [string, string][] = [
    ['{ at: 30s, kill: SIGKILL, restart: 5s }', '30 to 35: SIGKILL, started again after 5 s'],
    ['{ at: 30s, kill: SIGTERM }', '30 to undefined: SIGTERM, stays down'],
    ['{ at: 1s, for: 5s, pause: true }', '1 to 6: paused'],
    ['{ at: 55s, for: 10s, disk: full }', "55 to 65: the queue's disk is full"],
    ['{ at: 1s, for: 500ms, dns: servfail }', '1 to 1.5: DNS: servfail'],
    // What is about different things may happen at the same time.
    [
      '{ at: 1s, for: 5s, dns: timeout }, { at: 2s, for: 5s, pause: true }, { at: 7s, kill: SIGKILL, restart: 1s }',
      '1 to 6: DNS: timeout, 2 to 7: paused, 7 to 8: SIGKILL, started again after 1 s',
    ],
  ];
  for (const [faults, planned] of rows) {
    const told = plan(faults).faults.map(
      ({ start, end, label }) => `${start / 1e6} to ${end === undefined ? end : end / 1e6}: ${label}`,
    );
    assert.equal(told.join(', '), planned, faults);
  }
});

test('faults take part in the phases, and check prints them', () => {
  const planned = plan('{ at: 30s, kill: SIGKILL, restart: 5s }, { at: 50s, kill: SIGTERM }');
  assert.deepEqual(
    planned.phases.map(({ name, from, to }) => `${name} ${from / 1e6}-${to / 1e6}`),
    ['baseline 0-30', 'incident 30-35', 'recovery 35-50', 'incident 50-60'],
  );
  const text = describePlan(planned);
  assert.match(text, /^ {2}fault {6}30 s to 35 s: SIGKILL, started again after 5 s$/m);
  assert.match(text, /^ {2}fault {6}50 s on: SIGTERM, stays down$/m);
});

test('a fault that fills the disk gives the queue one of its own', () => {
  const full = '{ at: 1s, for: 5s, disk: full }';
  assert.equal(plan('').queueDisk, undefined);
  assert.equal(plan(full).queueDisk, 256e6);
  assert.equal(plan(full, 'mta: { queueDisk: 8MB }\n').queueDisk, 8e6);
  assert.match(describePlan(plan('', 'mta: { queueDisk: 8MB }\n')), /on a disk of its own of 8 MB/);
});

test('what can be wrong with a fault, with line and column', () => {
  const none = 'mta: { adapter: none }\n';
  const rows: [faults: string, problems: string[], head?: string][] = [
    [
      '{ at: 60s, kill: SIGKILL }',
      ["s.yaml:2:12: faults.0.at: found 1 min; expected a moment within the load's 1 min"],
    ],
    [
      '{ at: 1s }',
      ['s.yaml:2:10: faults.0: this fault does nothing; expected "kill", "pause", "disk" or "dns"'],
    ],
    [
      '{ at: 1s, for: 1s, pause: true, dns: timeout }',
      [
        's.yaml:2:42: faults.0.dns: a fault does one thing, and this one has "pause" already; expected a fault of its own',
      ],
    ],
    ['{ at: 1s, pause: true }', ['s.yaml:2:10: faults.0: expected "for", how long pause lasts']],
    ['{ at: 1s, for: 0s, pause: true }', ['s.yaml:2:20: faults.0.for: expected a time above 0']],
    ['{ at: 1s, kill: SIGKILL, restart: 0s }', ['s.yaml:2:35: faults.0.restart: expected a time above 0']],
    [
      '{ at: 1s, kill: SIGKILL, for: 5s }',
      ['s.yaml:2:35: faults.0.for: means nothing with "kill"; expected "restart" or nothing'],
    ],
    [
      '{ at: 1s, for: 1s, pause: true, restart: 5s }',
      ['s.yaml:2:42: faults.0.restart: means nothing with "pause"; expected "for"'],
    ],
    [
      '{ at: 1s, kill: SIGSTOP }',
      ['s.yaml:2:20: faults.0.kill: found "SIGSTOP"; expected one of SIGKILL, SIGTERM'],
    ],
    ['{ at: 1s, for: 1s, pause: false }', ['s.yaml:2:29: faults.0.pause: found false; expected true']],
    ['{ at: 1s, for: 1s, disk: empty }', ['s.yaml:2:29: faults.0.disk: found "empty"; expected full']],
    [
      '{ at: 1s, for: 1s, dns: slow }',
      ['s.yaml:2:29: faults.0.dns: found "slow"; expected one of servfail, nxdomain, timeout'],
    ],
    ['{ at: 1s, kil: SIGKILL }', ['s.yaml:2:20: faults.0.kil: unknown key "kil"; did you mean kill?']],
    [
      '{ at: 1s, kill: SIGKILL, restart: 5s }, { at: 5s, for: 1s, pause: true }',
      ['s.yaml:2:50: faults.1: pause while faults.0 (kill) still lasts'],
    ],
    [
      '{ at: 9s, kill: SIGKILL, restart: 5s }, { at: 1s, kill: SIGKILL }',
      ['s.yaml:2:50: faults.1: kill while faults.0 (kill) still lasts'],
    ],
    [
      '{ at: 1s, for: 5s, dns: timeout }, { at: 2s, for: 1s, dns: nxdomain }',
      ['s.yaml:2:45: faults.1: dns while faults.0 (dns) still lasts'],
    ],
    [
      '{ at: 1s, kill: SIGKILL }',
      ['s.yaml:3:10: faults.0: with mta.adapter none there is no MTA that could have a fault'],
      none,
    ],
    [
      '{ at: 1s, kill: SIGKILL }',
      [
        's.yaml:3:20: faults.0.kill: expected mta.external.start: only an MTA that is started here can have such a fault',
      ],
      'mta: { adapter: external, sources: [127.0.0.1], external: { routed: true, submission: "127.0.0.1:2525" } }\n',
    ],
    [
      '',
      ["s.yaml:2:23: mta.queueDisk: the queue of none can't be put on a disk of its own"],
      'mta: { adapter: none, queueDisk: 8MB }\n',
    ],
    ['', ['s.yaml:2:8: mta.queueDisk: found "8KB"; expected 1MB to 4000MB'], 'mta: { queueDisk: 8KB }\n'],
  ];
  for (const [faults, expected, head] of rows) assert.deepEqual(problems(faults, head), expected, faults);
});
