import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asset } from '../../src/core/assets.ts';
import { adapterNamed, adapterNames } from '../../src/mta/registry.ts';
import { cli, scenarioFile, workFolder } from '../support/cli.ts';
import { FULL_SCENARIO, PLAIN_SCENARIO } from '../support/planned-mta.ts';

/** All but the one that is configured by its user. */
const NAMES = adapterNames().filter((name) => adapterNamed(name) && name !== 'external');

test('every MTA has a configuration for a scenario, whether it is installed or not', async (t) => {
  const file = scenarioFile(workFolder(t), PLAIN_SCENARIO);
  assert.ok(NAMES.includes('powermta') && NAMES.includes('kumomta'));
  for (const name of NAMES) {
    const { code, stdout, stderr } = await cli(['mta', 'config', name, file]);
    assert.equal(code, 0, `${name}: ${stderr}`);
    assert.match(stdout, /198\.18\.128\.1/, name);
    const untested = adapterNamed(name)?.untested;
    assert.equal(stderr.includes('not tested against the real binary'), untested !== undefined, name);
  }
});

test('one file is printed as it is, so that it can be kept as one', async (t) => {
  const file = scenarioFile(workFolder(t), PLAIN_SCENARIO);
  const { stdout, stderr } = await cli(['mta', 'config', 'powermta', file]);
  assert.match(stdout, /^host-name mta\.news\.sender\.test\n/);
  assert.doesNotMatch(stdout, /==>/);
  assert.match(
    stderr,
    /^powermta: not tested against the real binary.*\n\/run-folder stands for the folder of a run\n$/,
  );
});

test('of several files each has its name; what is secret is named and left out', async (t) => {
  const file = scenarioFile(workFolder(t), FULL_SCENARIO);
  const { code, stdout } = await cli(['mta', 'config', 'powermta', file]);
  assert.equal(code, 0);
  assert.deepEqual(
    [...stdout.matchAll(/^==> (\S+) <==$/gm)].map((match) => match[1]),
    ['config', 'smtp-certificate.pem', 'users'],
  );
  assert.equal(stdout.match(/^\(secret, left out\)$/gm)?.length, 2);
  assert.doesNotMatch(stdout, /s3cret|PRIVATE KEY/);

  const json = await cli(['mta', 'config', 'powermta', file, '--json']);
  const files = JSON.parse(json.stdout) as { name: string; secret: boolean; text: string | null }[];
  assert.deepEqual(
    files.map(({ name, secret, text }) => [name, secret, text === null]),
    [
      ['config', false, false],
      ['smtp-certificate.pem', true, true],
      ['users', true, true],
    ],
  );
});

test('what its user configures has nothing to print', async (t) => {
  const mta = '{ adapter: external, external: { start: [my-mta], submission: "127.0.0.1:25" } }';
  const file = scenarioFile(workFolder(t), `mta: ${mta}\nload: { rate: 1/s, duration: 1s }\n`);
  const { code, stdout, stderr } = await cli(['mta', 'config', 'external', file]);
  assert.deepEqual([code, stdout], [0, ''], stderr);
  assert.match(stderr, /^external: its configuration is its user's own$/m);
});

test('a scenario is changed as for a run', async () => {
  const { stdout } = await cli([
    'mta',
    'config',
    'powermta',
    asset('scenarios', 'quickstart.yaml'),
    '--set',
    'mta.retry=[7m@real]',
  ]);
  assert.match(stdout, /^ {4}retry-after 7m$/m);
});

test('mistakes are told before anything is printed', async (t) => {
  const file = scenarioFile(workFolder(t), PLAIN_SCENARIO);
  const implicit = scenarioFile(workFolder(t), FULL_SCENARIO);
  const rows: [string[], number, RegExp][] = [
    [['mta', 'config'], 2, /missing required argument 'name'/],
    [['mta', 'config', 'powermta'], 2, /missing required argument 'scenario'/],
    [['mta', 'config', 'none', file], 2, /mta config none: expected one of haraka, /],
    [['mta', 'config', 'pmta', file], 2, /mta config pmta: expected one of haraka, .*powermta/],
    [['mta', 'config', 'powermta', '/nowhere.yaml'], 2, /can't read the scenario \/nowhere\.yaml/],
    [['mta', 'config', 'powermta', file, '--mta', 'haraka'], 2, /unknown option '--mta'/],
    [['mta', 'config', 'kumomta', implicit], 104, /found implicit; kumomta can do none, starttls/],
    [['mta', 'configure', 'powermta', file], 2, /unknown command 'configure'/],
    [['mta'], 2, /Usage: windtunnel mta/],
  ];
  for (const [argv, code, stderr] of rows) {
    const result = await cli(argv);
    assert.equal(result.code, code, `${argv.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, stderr, argv.join(' '));
    assert.equal(result.stdout, '', argv.join(' '));
  }
});
