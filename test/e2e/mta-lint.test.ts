import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lint } from '../../src/lab/mta/pattern-lint.ts';
import { cli, scenarioFile, workFolder } from '../support/cli.ts';
import { PLAIN_SCENARIO } from '../support/planned-mta.ts';

const PATTERNS = `<smtp-pattern-list all>
    reply /\\[TS01\\] Messages from/ mode=backoff
    reply /try again later/ mode=backoff
    reply /rate limited due to IP/ bounce-queue
</smtp-pattern-list>
<domain *>
    smtp-pattern-list all
    backoff-to-normal-after 1h
    backoff-max-msg-rate 10/m
</domain>
`;

test('a configuration with gaps fails, and each gap is named', async (t) => {
  const file = scenarioFile(workFolder(t), PATTERNS, 'config');
  const { code, stdout, stderr } = await cli(['mta', 'lint', file]);
  assert.deepEqual([code, stderr], [99, '']);
  assert.match(
    stdout,
    /^✗ yahoo: slows down for 0 of \d+ throttling replies \(all\)\n {2}no pattern slows down for:\n {4}Y1 {11}421 4\.7\.0 \[TSS04\] Messages from/m,
  );
  assert.match(
    stdout,
    /throttling that bounces the queue or ends its backoff:\n {4}O1 {11}451 4\.7\.650 .* \(line 4\)/,
  );
  assert.match(stdout, /slows down, though this is not about pace:\n {4}G41 .* \(line 3\)/);
  const json = await cli(['mta', 'lint', file, '--json']);
  const { isps, notes } = JSON.parse(json.stdout) as Lint;
  assert.equal(json.code, 99);
  assert.deepEqual(
    isps.map(({ isp, missed }) => [isp, missed.length > 0]),
    [
      ['gmail', true],
      ['outlook', true],
      ['yahoo', true],
    ],
  );
  assert.deepEqual(notes, []);
});

test('the configuration that windtunnel prints passes', async (t) => {
  const folder = workFolder(t);
  const scenario = scenarioFile(folder, PLAIN_SCENARIO);
  const printed = await cli(['mta', 'config', 'powermta', scenario]);
  const { code, stdout } = await cli(['mta', 'lint', scenarioFile(folder, printed.stdout, 'config')]);
  assert.equal(code, 0);
  assert.match(stdout, /^✓ gmail: slows down for (\d+) of \1 throttling replies \(gmail\)\n\n✓ outlook/);
});

test('what is no file is said', async () => {
  const { code, stderr } = await cli(['mta', 'lint', '/nowhere/config']);
  assert.equal(code, 2);
  assert.match(stderr, /^can't read the configuration \/nowhere\/config: ENOENT/);
});
