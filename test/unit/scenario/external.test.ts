import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import { chooseGround } from '../../../src/lab/ground/ground.ts';
import { describePlan } from '../../../src/scenario/describe.ts';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';

/** A scenario with an MTA of the user's own. */
function scenario(mta: string, more = ''): string {
  return `# q?\nmta: { adapter: external, ${mta} }\nisps: { gmail: { share: 50% }, yahoo: { share: 50% } }\nload: { rate: 1/s, duration: 5s }\n${more}`;
}

function planOf(text: string): Plan {
  return planRun(parseScenario(text, '/home/me/mine.yaml'));
}

const OUTSIDE = 'sources: [127.0.0.1], external: { submission: 127.0.0.1:2525, routed: true }';

test('what a scenario says of an external MTA', () => {
  const defaults = {
    stop: undefined,
    queue: undefined,
    cwd: '/home/me',
    logs: [],
    submission: { address: '127.0.0.1', port: 25 },
    readyWithin: 60e6,
    firstPort: 2600,
  };
  const { submission: _, ...overHttp } = defaults;
  assert.deepEqual(planOf(scenario('external: { start: [mta, -c, conf] }')).mta.external, {
    ...defaults,
    start: ['mta', '-c', 'conf'],
  });
  assert.deepEqual(
    planOf(
      scenario(
        'external: { start: [mta], stop: [mta, stop], queue: [mta, count], cwd: ../mta, logs: [/var/log/mta.log, log], submission: "[::1]:587", ready: 5s, firstPort: 3000, scaled: true }',
        'clock: { scale: 60 }',
      ),
    ).mta.external,
    {
      start: ['mta'],
      stop: ['mta', 'stop'],
      queue: ['mta', 'count'],
      cwd: '/home/mta',
      logs: ['/var/log/mta.log', '/home/me/log'],
      submission: { address: '::1', port: 587 },
      readyWithin: 5e6,
      firstPort: 3000,
    },
  );
  assert.deepEqual(planOf(scenario(OUTSIDE)).mta.external, {
    ...defaults,
    start: undefined,
    submission: { address: '127.0.0.1', port: 2525 },
  });
  assert.deepEqual(
    planOf(
      scenario(
        'external: { start: [mta], http: { address: "[::1]:8000", api: kumomta, key: "me:secret" } }',
      ).replace('rate: 1/s', 'engine: k6, api: kumomta, rate: 1/s'),
    ).mta.external,
    {
      ...overHttp,
      start: ['mta'],
      http: { address: '::1', port: 8000, api: 'kumomta', key: 'me:secret' },
    },
  );
  const http = 'external: { start: [mta], http: { address: 127.0.0.1:8000, api: kumomta } }';
  const smtp = { address: '127.0.0.1', port: 25 };
  const k6 = (text: string) => text.replace('rate: 1/s', 'engine: k6, api: kumomta, rate: 1/s');
  const rows: readonly (readonly [text: string, submission: unknown, why: string])[] = [
    [k6(scenario(http)), undefined, 'nobody speaks SMTP'],
    [scenario(http), smtp, 'the load speaks SMTP'],
    [k6(scenario(http, 'checks: { relay: closed }')), smtp, 'a check speaks SMTP'],
  ];
  for (const [text, submission, why] of rows)
    assert.deepEqual(planOf(text).mta.external?.submission, submission, why);
  const other = planOf(
    scenario('external: { start: [mta] }').replace('adapter: external', 'adapter: haraka'),
  );
  assert.equal(other.mta.external, undefined, 'with another MTA it says nothing');
});

test('what an external MTA can’t be is said before the run', () => {
  const table: { name: string; text: string; problems: RegExp[] }[] = [
    {
      name: 'nothing is said of it',
      text: scenario('sources: [198.18.128.1]'),
      problems: [/mta\.adapter: expected mta\.external beside it: how the MTA is started/],
    },
    {
      name: 'scaled time',
      text: scenario('external: { start: [mta] }', 'clock: { scale: 60 }'),
      problems: [/clock\.scale: found 60; expected 1, .* or mta\.external\.scaled: true if .* divided by 60/],
    },
    {
      name: 'outside of the seal, without a word on routes',
      text: scenario('sources: [127.0.0.1], external: { submission: 127.0.0.1:25 }'),
      problems: [/mta\.external: expected start, .* or routed: true, your word .* really leaves/],
    },
    {
      name: 'outside, elsewhere, from elsewhere, with a command to stop it',
      text: scenario(
        'sources: [198.18.128.1], external: { submission: 192.0.2.1:25, routed: true, stop: [mta, stop] }',
      ),
      problems: [
        /mta\.sources\.0: found 198\.18\.128\.1; expected the loopback address that the MTA sends from/,
        /mta\.external\.submission: found 192\.0\.2\.1; expected a loopback address, or start beside it/,
        /mta\.external\.stop: expected start beside it/,
      ],
    },
    {
      name: 'over HTTP elsewhere, in a form that no load speaks',
      text: scenario(
        OUTSIDE.replace('routed', 'http: { address: "192.0.2.1:80", api: sparkpost }, routed'),
      ).replace('rate: 1/s', 'engine: k6, api: kumomta, rate: 1/s'),
      problems: [
        /mta\.external\.http: found 192\.0\.2\.1; expected a loopback address, or start beside it/,
        /load\.api: found kumomta; expected sparkpost/,
      ],
    },
    {
      name: 'nowhere over HTTP, and a load that is to come there',
      text: scenario(OUTSIDE)
        .replace('load:', 'loads:')
        .replace('rate: 1/s, duration: 5s', 'one: { engine: k6, api: powermta, rate: 1/s, duration: 5s }'),
      problems: [
        /loads\.one\.api: found powermta; expected mta\.external\.http, where the MTA takes mail in/,
      ],
    },
    {
      name: 'misspelt over HTTP',
      text: scenario('external: { start: [mta], http: { address: here, api: smtp, key: "" } }'),
      problems: [/http\.address: found "here"/, /http\.api: /, /http\.key: .*expected a key/],
    },
    {
      name: 'ports beyond the last',
      text: scenario(OUTSIDE.replace('routed', 'firstPort: 65000, routed'), ''),
      problems: [],
    },
    {
      name: 'misspelt',
      text: scenario(
        'external: { start: mta -c conf, stop: [], queue: [""], submission: "localhost:25", routed: 1, firstPort: 65001, beginn: 1 }',
      ),
      problems: [
        /external\.start: found "mta -c conf"; expected a command and its arguments as a list/,
        /external\.stop: .*expected a command/,
        /external\.queue\.0: .*expected no empty word/,
        /external\.submission: found "localhost:25"; expected an address and a port/,
        /external\.routed: .*expected true or false/,
        /external\.firstPort: .*expected at most 65000/,
        /beginn/,
      ],
    },
  ];
  for (const { name, text, problems } of table) {
    if (problems.length === 0) {
      planOf(text);
      continue;
    }
    assert.throws(
      () => planOf(text),
      (error: unknown) => {
        assert.ok(error instanceof InvalidScenario, name);
        for (const problem of problems) assert.match(error.message, problem, name);
        assert.equal(error.problems.length, problems.length, `${name}\n${error.message}`);
        return true;
      },
    );
  }
});

test('check says what the MTA is to be pointed at', () => {
  const byHttp =
    'sources: [127.0.0.1], external: { routed: true, http: { address: 127.0.0.1:8000, api: kumomta } }';
  assert.match(
    describePlan(planOf(scenario(byHttp).replace('rate: 1/s', 'engine: k6, api: kumomta, rate: 1/s'))),
    /it must take mail in over HTTP at 127\.0\.0\.1:8000 from 127\.0\.0\.1, and send/,
  );
  const outside = describePlan(planOf(scenario(OUTSIDE)));
  // What the MTA was not told is not said of it.
  assert.doesNotMatch(outside, /gives up after/);
  for (const line of [
    /it must take mail in at 127\.0\.0\.1:2525 from 127\.0\.0\.1, and send/,
    /news\.sender\.test to 127\.0\.0\.1 port 2600 \(DSNs and reports to the sender\)/,
    /gmail\.com, googlemail\.com to 127\.0\.0\.1 port 2601 \(gmail\)/,
    /yahoo\.com, .* to 127\.0\.0\.1 port 2602 \(yahoo\)/,
  ])
    assert.match(outside, line);
  const http = 'http: { address: 127.0.0.1:8000, api: kumomta }';
  const sealed = describePlan(
    planOf(scenario(`external: { start: [mta], submission: "[::1]:25", ${http} }`)),
  );
  assert.match(
    sealed,
    /the MTA runs in the seal, .*; it must take mail in at \[::1\]:25 and over HTTP at 127\.0\.0\.1:8000$/m,
  );
  assert.doesNotMatch(sealed, /port 2601/);
});

test('an MTA that runs on this machine needs no seal; one that is started here needs one', async () => {
  const outside = planOf(scenario(OUTSIDE));
  for (const sealWanted of [true, false]) {
    const { lab, warnings } = await chooseGround(outside, sealWanted);
    assert.equal(lab, 'loopback');
    assert.match(warnings[0] ?? '', /runs on this machine.*really leaves/);
  }
  const refused = (message: RegExp) => (error: unknown) =>
    error instanceof HarnessError && error.kind === 'lab' && message.test(`${error.message} ${error.hint}`);
  await assert.rejects(
    chooseGround(planOf(scenario('external: { start: [mta] }')), false),
    refused(
      /external can't be tested without a seal: with its own configuration it would send to the real ISPs/,
    ),
  );
  const dns = planOf(scenario(OUTSIDE, 'incidents: [{ isp: gmail, at: 1s, for: 1s, dns: servfail }]'));
  await assert.rejects(
    chooseGround(dns, true),
    refused(/needs a seal.*let mta\.external\.start start the MTA/),
  );
});
