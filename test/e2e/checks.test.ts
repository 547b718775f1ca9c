/** Security checks on a real MTA in a seal: what passes, what fails, and what was tried. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { asset } from '../../src/core/assets.ts';
import { isRoot } from '../../src/core/process.ts';
import { cli, onlyRun, workFolder } from '../support/cli.ts';
import { sealHere } from '../support/seal-ground.ts';

interface Case {
  readonly name: string;
  readonly set: readonly string[];
  readonly code: number;
  /** Check by check. */
  readonly found: Readonly<
    Record<string, { readonly passed: boolean; readonly sentence: string; readonly tried: RegExp }>
  >;
}

const cases: readonly Case[] = [
  {
    name: 'a hardened MTA passes',
    set: [],
    code: 0,
    found: {
      injection: {
        passed: true,
        sentence: 'The injection port answers on 127.0.0.1:25 alone.',
        tried:
          /^127\.0\.0\.1:25 from the MTA’s own machine answered: 220 [\s\S]*^198\.18\.128\.1:25 from 203\.0\.113\.77 closed \(ECONNREFUSED\)$/m,
      },
      relay: {
        passed: true,
        sentence: 'Strangers do not reach it at all.',
        tried:
          /^MAIL FROM:<>, RCPT TO:<victim@gmail\.com> at 198\.18\.128\.1:25 from 203\.0\.113\.77: ECONNREFUSED$/m,
      },
      tls: {
        passed: true,
        sentence: 'It offers TLSv1.2 and TLSv1.3, nothing older than TLSv1.2.',
        tried: /^TLSv1\.3 at 127\.0\.0\.1:25 after STARTTLS: TLSv1\.3 TLS_/m,
      },
    },
  },
  {
    name: 'an MTA that listens on all addresses is reached from outside, and still relays for nobody',
    set: ['mta.listen=all', 'checks={ injection: loopback, relay: closed, user: unprivileged }'],
    code: 99,
    found: {
      injection: {
        passed: false,
        sentence: 'The injection port answers outside of loopback, on 198.18.128.1:25 and 198.18.128.2:25.',
        tried: /^198\.18\.128\.1:25 from 203\.0\.113\.77 answered: 220 /m,
      },
      relay: { passed: true, sentence: 'Strangers are refused.', tried: /victim@gmail\.com> at .*: 5\d\d /m },
      user: isRoot()
        ? {
            passed: false,
            sentence: '',
            tried: /^process \d+ \(.*\) has the effective user id 0$/m,
          }
        : { passed: true, sentence: '', tried: /effective user id [1-9]/ },
    },
  },
  {
    name: 'a management port that nobody has is not what was asked for',
    set: ['checks={ management: { port: 8080, from: [127.0.0.1] } }'],
    code: 99,
    found: {
      management: {
        passed: false,
        sentence: 'The management port does not answer 127.0.0.1, who may.',
        tried: /^127\.0\.0\.1:8080 from the MTA’s own machine closed \(ECONNREFUSED\)$/m,
      },
    },
  },
  {
    name: 'the submission port is not for managers',
    set: ['mta.listen=all', 'checks={ management: { port: 25, from: [198.18.128.2, 192.0.2.9] } }'],
    code: 99,
    found: {
      management: {
        passed: false,
        sentence:
          'The management port answers 127.0.0.1 at 127.0.0.1:25, 203.0.113.77 at 198.18.128.1:25 and 203.0.113.77 at 198.18.128.2:25, who may not.',
        tried: /^198\.18\.128\.2:25 from 192\.0\.2\.9 answered/m,
      },
    },
  },
];

for (const { name, set, code, found } of cases) {
  test(name, async (t) => {
    if (!(await sealHere(t))) return;
    const out = join(workFolder(t), 'runs');
    const scenario = asset('scenarios', 'hardening.yaml');
    const settings = ['load.duration=1s', ...set].flatMap((setting) => ['--set', setting]);
    const run = await cli(['run', scenario, '--out', out, ...settings]);
    assert.equal(run.code, code, `${run.stdout}${run.stderr}`);
    const { summary } = onlyRun(out);
    const made = Object.fromEntries((summary.checks ?? []).map((check) => [check.name, check]));
    assert.deepEqual(Object.keys(made), Object.keys(found));
    for (const [key, { passed, sentence, tried }] of Object.entries(found)) {
      assert.equal(made[key]?.passed, passed, key);
      if (key !== 'user') assert.equal(made[key]?.sentence, sentence);
      assert.match(made[key]?.evidence.join('\n') ?? '', tried);
      const threshold = summary.thresholds.find(({ metric }) => metric === `checks{check:${key}}`);
      assert.equal(threshold?.passed, passed);
    }
  });
}

test('without a seal there are no strangers to knock', async (t) => {
  const out = join(workFolder(t), 'runs');
  const run = await cli(['run', asset('scenarios', 'hardening.yaml'), '--out', out, '--no-seal']);
  assert.equal(run.code, 106);
  assert.match(run.stderr, /a security check needs a seal/);
});
