import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { version } from '../../../src/cli/version.ts';
import { cli, scenarioFile, workFolder } from '../../support/cli.ts';

test('help, version and mistakes in usage', async () => {
  const rows: [string[], number, RegExp, RegExp][] = [
    [['--version'], 0, new RegExp(`^${version()}\n$`), /^$/],
    [['--help'], 0, /Usage: windtunnel[\s\S]*run[\s\S]*check[\s\S]*104 {2}invalid scenario/, /^$/],
    [['run', '--help'], 0, /--no-seal/, /^$/],
    [['run', '--help'], 0, /can be repeated\s+\(default: none\)/, /^$/],
    [['fly'], 2, /^$/, /unknown command 'fly'/],
    [['run'], 2, /^$/, /missing required argument 'scenario'/],
    [['run', 'x.yaml', '--sead', '1'], 2, /^$/, /unknown option '--sead'[\s\S]*--seed/],
    [['run', '/nowhere/x.yaml'], 2, /^$/, /can't read the scenario \/nowhere\/x.yaml/],
    [['check', 'package.json', '--set', 'load'], 2, /^$/, /--set load: expected path=value/],
    [['run', 'package.json', '--repeat', '0'], 2, /^$/, /--repeat 0: expected a whole number from 1 to 999/],
    [['compare', '/nowhere'], 2, /^$/, /missing required argument 'run'/],
    [['compare', '/nowhere', '/nowhere'], 2, /^$/, /\/nowhere: no such file or folder/],
    [['compare', 'a', 'b', '--tolerance', '10'], 2, /^$/, /--tolerance 10: expected a share such as 10%/],
    [['compare', 'a', 'b', '--json', '--markdown'], 2, /^$/, /--json and --markdown: expected one of them/],
    [
      ['compare', 'a', 'b', '--side-by-side', '--junit', 'c'],
      2,
      /^$/,
      /--side-by-side and --junit: nothing gates/,
    ],
    [['report', '/nowhere'], 2, /^$/, /\/nowhere is not the folder of a run/],
  ];
  for (const [argv, code, stdout, stderr] of rows) {
    const result = await cli(argv);
    assert.equal(result.code, code, `${argv.join(' ')}\n${result.stderr}`);
    assert.match(result.stdout, stdout, argv.join(' '));
    assert.match(result.stderr, stderr, argv.join(' '));
  }
});

test('a scenario with mistakes in every layer: all are named, exit code 104, and nothing is started', async (t) => {
  const folder = workFolder(t);
  const rows: [string, string[]][] = [
    [
      'lod: {}\nseed: x\nload: { rate: 50 , duration: 10s }\n',
      [
        ':1:1: lod: unknown key "lod"; did you mean load?',
        ':2:1: seed: found "x"; expected a number',
        ':3:9: load.rate: found 50; expected a rate such as 50/s, 20/m or 5000/d',
      ],
    ],
    [
      [
        'load: { rate: 50/s, duration: 10s }',
        'mta: { adapter: harka, sources: [198.18.128.1, 198.18.0.53] }',
        'isps: { gmail: { limits: { ip-rat: 4/s } }, yahoo: {} }',
        'incidents: [{ isp: yaho, at: 20s, for: 1s, limits: { ip-rate: 1/s } }]',
        'warmup: 30s',
        'thresholds:',
        '  lost{isp:gmial}: [count==0]',
        '  delivered: [p(99)<5]',
      ].join('\n'),
      [
        ':2:8: mta.adapter: unknown MTA "harka"; did you mean haraka?',
        ':2:48: mta.sources.1: 198.18.0.53 belongs to the resolver in the lab',
        ':3:9: isps.gmail: limits.ip-rat: unknown limit of Gmail "ip-rat"; did you mean ip-rate?',
        ':4:15: incidents.0.isp: no ISP "yaho" in this scenario; did you mean yahoo?',
        ":4:26: incidents.0.at: found 20 s; expected a moment within the load's 10 s",
        ":5:1: warmup: found 30 s; expected less than the load's 10 s",
        ':7:3: thresholds.lost{isp:gmial}: unknown isp "gmial"; did you mean gmail?',
        ':8:15: thresholds.delivered.0: delivered is a counter, which has no p(99); expected count, rate',
      ],
    ],
    [
      'load: { rate: 50/s, duration: 10s }\nclock: { scale: 600 }\nmta: { retry: [1m], expire: 1d }\n',
      [
        ":3:8: mta.retry: 100 ms of real time is below haraka's smallest step of 1 s; the largest clock.scale that works here is 60",
      ],
    ],
    [
      'load: { rate: 1/h, duration: 25h }\n',
      [':1:1: load: load and drain may take 1 d 1 h 1 min; expected at most 1 d'],
    ],
    [
      [
        'load: { rate: 50/s, duration: 10s }',
        'incidents:',
        '  - { isp: gmail, at: 1s, for: 1s }',
        '  - { isp: gmail, at: 1s, for: 1s, unreachable: refused, mx: alt1.gmail-smtp-in.l.gogle.com }',
        '  - { isp: gmail, at: 1s, for: 1s, limits: { ip-rate: 1/s }, mx: gmail-smtp-in.l.google.com }',
      ].join('\n'),
      [
        ':3:5: incidents.0: this incident changes nothing; expected "limits", "reply", "effect", "unreachable", "dns" or "feedback"',
        ':4:58: incidents.1.mx: no mail host "alt1.gmail-smtp-in.l.gogle.com" at gmail; did you mean alt1.gmail-smtp-in.l.google.com?',
        ':5:62: incidents.2.mx: only means something with "unreachable"',
      ],
    ],
    [
      'load: { executor: constant-arrival-rate, stages: [{ duration: 1s, target: 5/s }] }\n',
      [
        ':1:1: load: constant-arrival-rate needs "rate", such as 50/s',
        ':1:1: load: constant-arrival-rate needs "duration", such as 30s',
        ':1:42: load.stages: constant-arrival-rate has no "stages"',
      ],
    ],
  ];
  for (const [text, expected] of rows) {
    const file = scenarioFile(folder, text);
    for (const argv of [
      ['check', file],
      ['run', file, '--out', join(folder, 'out')],
    ]) {
      const { code, stderr } = await cli(argv);
      assert.deepEqual(stderr.trimEnd().replaceAll(file, '').split('\n'), expected);
      assert.equal(code, 104);
    }
  }
  assert.deepEqual(readdirSync(folder), ['scenario.yaml']);
});

test('check prints the plan with both clocks, and as JSON', async (t) => {
  const file = scenarioFile(
    workFolder(t),
    '# Does it?\nname: small\nclock: { scale: 60 }\nload: { rate: 50/s, duration: 10s }\nmta: { retry: [5m], expire: 1h }\n',
  );
  const { code, stdout } = await cli(['check', file, '--seed', '7']);
  assert.equal(code, 0);
  for (const line of [
    /^small \(/,
    /load {7}constant-arrival-rate, 10 s, 20 connections/,
    /messages {3}500 \(500 recipients, about 1 MB\)/,
    /gmail {6}50 %, about 250 recipients; 5 mail hosts/,
    /retry {6}5 s \(simulated 5 min\); gives up after 1 min \(simulated 1 h\)/,
    /phases {5}baseline 0 s to 10 s/,
    /seed {7}7/,
  ]) {
    assert.match(stdout, line);
  }
  const json = JSON.parse((await cli(['check', file, '--json'])).stdout);
  assert.deepEqual([json.name, json.messages, json.retry, json.seed], ['small', 500, [5e6], 1]);
});
