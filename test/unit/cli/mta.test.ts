import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adapters } from '../../../src/mta/registry.ts';
import { cli } from '../../support/cli.ts';

test('mta list has every MTA that a scenario can name, and says which are here', async () => {
  const rows = JSON.parse((await cli(['mta', 'list', '--json'])).stdout);
  assert.deepEqual(
    rows.map(({ name }: { name: string }) => name),
    adapters().map(({ name }) => name),
  );
  const haraka = rows.find(({ name }: { name: string }) => name === 'haraka');
  assert.match(haraka.version, /^Haraka \d/);
  assert.match(haraka.program, /\/Haraka\/bin\/haraka$/);
  assert.deepEqual([haraka.needs, haraka.installable, haraka.untested], ['any', false, null]);
  const { code, stdout } = await cli(['mta', 'list']);
  assert.equal(code, 0);
  for (const { name, version } of rows) {
    const shown = (version ?? 'not here').replace(/[.+]/g, '\\$&');
    assert.match(stdout, new RegExp(`^${name} +${shown}`, 'm'));
  }
});

test('what mta can not do is a mistake of usage', async () => {
  const rows: [string[], RegExp][] = [
    [['mta'], /Usage: windtunnel mta/],
    [['mta', 'remove'], /unknown command 'remove'/],
    [['mta', 'install'], /missing required argument 'name'/],
    [['mta', 'install', 'sendmail'], /mta install sendmail: expected postfix, exim, opensmtpd/],
    [['mta', 'list', '--yaml'], /unknown option '--yaml'/],
  ];
  for (const [argv, stderr] of rows) {
    const result = await cli(argv);
    assert.equal(result.code, 2, argv.join(' '));
    assert.match(result.stderr, stderr, argv.join(' '));
    assert.equal(result.stdout, '', argv.join(' '));
  }
});
