import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { asset } from '../../../../src/core/assets.ts';
import type { MtaPlan } from '../../../../src/mta/adapter.ts';
import { configFiles } from '../../../../src/mta/kumomta/config.ts';
import { lua, toml } from '../../../../src/mta/kumomta/lua.ts';
import { rate, shapingToml } from '../../../../src/mta/kumomta/shaping.ts';
import { assertGolden } from '../../../support/golden.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';
import { FULL_SCENARIO, PLAIN_SCENARIO, plannedMta, withHttp } from '../../../support/planned-mta.ts';

const settings = z
  .array(
    z.strictObject({
      name: z.string().min(1),
      source: z.string().regex(/^(reference|userguide)\/.*\.md$/),
      since: z.string().optional(),
      says: z.string().min(1),
    }),
  )
  .parse(parse(readFileSync(asset('src', 'mta', 'kumomta', 'settings.yaml'), 'utf8')));

/** KumoMTA has no TLS from the first byte. */
const plans = {
  plain: await plannedMta(PLAIN_SCENARIO),
  full: withHttp(await plannedMta(FULL_SCENARIO.replace('implicit', 'starttls')), 'kumomta'),
};

function textOf(plan: MtaPlan, name: string): string {
  return configFiles(plan).find((file) => file.name === name)?.text ?? '';
}

/** Names of entries in the outermost braces of a text that begins with one. */
function keysOf(table: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const [token, key] of table.matchAll(/'(?:[^'\\]|\\.)*'|[{}]|\b(\w+) = /g)) {
    if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    else if (key !== undefined && depth === 1) keys.push(key);
    if (depth === 0) break;
  }
  return keys;
}

/** Everything of KumoMTA's that a policy uses. */
function usedInPolicy(policy: string): string[] {
  const code = policy.replace(/--.*$/gm, '');
  const used: string[] = [];
  for (const match of code.matchAll(/\bkumo\.on\('(\w+)'/g)) used.push(`event ${match[1]}`);
  for (const match of code.matchAll(/\b(kumo(?:\.\w+)+|(?:shaping|log_hooks):\w+) ?\(?(?=(\{)?)/g)) {
    const [all, name = '', table] = match;
    if (name === 'kumo.on') continue;
    used.push(name);
    if (table) used.push(...keysOf(code.slice(match.index + all.length)).map((key) => `${name}.${key}`));
  }
  for (const [, object = '', method] of code.matchAll(/\b(msg|report|conn_meta):(\w+)/g))
    used.push(`${object === 'conn_meta' ? object : 'message'}:${method}`);
  if (code.includes('shaper.get_egress_path_config')) used.push('shaping.get_egress_path_config');
  return used;
}

function usedInShaping(text: string): string[] {
  return [
    ...[...text.matchAll(/^(\w+) = /gm)].map(([, key]) => `shaping.${key}`),
    ...(text.includes('[provider.') ? ['shaping.provider'] : []),
  ];
}

test('the configurations are as they were', () => {
  for (const [name, plan] of Object.entries(plans)) {
    assertGolden(`test/golden/kumomta-${name}.lua`, textOf(plan, 'policy/init.lua'));
    assertGolden(`test/golden/kumomta-${name}-shaping.toml`, textOf(plan, 'policy/shaping.toml'));
  }
});

test('nothing is used that is not in the facts, and no fact is left unused', () => {
  const used = new Set(
    [...Object.values(plans), mtaPlan({ retry: [2e6] })].flatMap((plan) => [
      ...usedInPolicy(textOf(plan, 'policy/init.lua')),
      ...usedInShaping(textOf(plan, 'policy/shaping.toml')),
    ]),
  );
  assert.deepEqual([...used].sort(), settings.map(({ name }) => name).sort());
});

test('passwords and keys are in files of their own', () => {
  const files = configFiles(plans.full);
  assert.deepEqual(
    files.map(({ name, secret }) => [name, secret]),
    [
      ['policy/init.lua', false],
      ['policy/shaping.toml', false],
      ['policy/smtp-certificate.pem', false],
      ['policy/smtp-key.pem', true],
      ['policy/users.json', true],
    ],
  );
  for (const { text, secret } of files) if (!secret) assert.doesNotMatch(text, /s3cret|PRIVATE KEY/);
  assert.deepEqual(JSON.parse(files[4]?.text ?? ''), { 'letters@sender.test': 's3cret!' });
});

test('listeners, waits, TLS, limits', () => {
  const isp = { id: 'my-isp', domains: ['isp.test'], hosts: ['mx1.isp.test', 'mx2.isp.test'], replies: [] };
  const six = { index: 0, address: '2001:2:0:1::1', helo: 'six.sender.test', vmta: 'six' };
  const table: { name: string; plan: Parameters<typeof mtaPlan>[0]; lines: string[] }[] = [
    {
      name: 'all addresses of IPv4; waits in a list become a range',
      plan: { retry: [60e6, 3600e6, 300e6], expire: 86400e6, tls: 'none' },
      lines: [
        "listen = '0.0.0.0:25',",
        "retry_interval = '60 seconds',",
        "max_retry_interval = '3600 seconds',",
        "max_age = '86400 seconds',",
        'enable_tls = "Disabled"',
        'additional_connection_limits = {all-destinations = 20}',
      ],
    },
    {
      name: 'of both families where there is a source of IPv6; short waits',
      plan: { sources: [six], retry: [0.5e6], expire: 4e6 },
      lines: [
        "listen = '0.0.0.0:25',",
        "listen = '[::]:25',",
        "retry_interval = '1 seconds',",
        "max_retry_interval = '1 seconds',",
        "max_age = '4 seconds',",
        "strategy = 'SkipList',",
        'enable_tls = "OpportunisticInsecure"',
        'additional_connection_limits = {all-destinations = 20}',
      ],
    },
    {
      name: 'loopback alone; an ISP by its mail hosts',
      plan: {
        submission: { listen: 'loopback', addresses: ['127.0.0.1', '::1'], port: 2525 },
        tls: 'required',
        isps: [
          { ...isp, concurrency: 5, rate: 0.25 },
          { ...isp, id: 'other', concurrency: undefined, rate: undefined },
        ],
      },
      lines: [
        "listen = '127.0.0.1:2525',",
        "listen = '[::1]:2525',",
        "retry_interval = '60 seconds',",
        "max_retry_interval = '60 seconds',",
        "max_age = '3600 seconds',",
        'enable_tls = "RequiredInsecure"',
        'additional_connection_limits = {all-destinations = 20}',
        '[provider."my-isp"]',
        'match = [{HostName = "mx1.isp.test"}, {HostName = "mx2.isp.test"}]',
        'connection_limit = 5',
        'provider_connection_limit = 5',
        'provider_max_message_rate = "15/min"',
      ],
    },
  ];
  const wanted =
    /^(\[provider|match|listen|retry_|max_retry|max_age|strategy|enable_tls|.*connection_limit|provider_max)/;
  for (const { name, plan, lines } of table) {
    const full = mtaPlan(plan);
    const text = `${textOf(full, 'policy/init.lua')}${shapingToml(full)}`;
    const found = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => wanted.test(line) && !line.includes('127.0.0.1:8000'));
    assert.deepEqual(found, lines, name);
  }
});

test('one listener has metrics and mail, two where they are to be apart', () => {
  const http = { port: 8000, apis: ['kumomta'] as const, key: '' };
  const table: [string, Parameters<typeof mtaPlan>[0], string[]][] = [
    ['nobody speaks HTTP', {}, ['127.0.0.1:8000']],
    ['as planned', { submission: { http } }, ['127.0.0.1:8000']],
    ['at another port', { submission: { http: { ...http, port: 81 } } }, ['127.0.0.1:8000', '127.0.0.1:81']],
  ];
  for (const [name, wish, expected] of table) {
    const policy = textOf(mtaPlan(wish), 'policy/init.lua');
    const listeners = [...policy.matchAll(/kumo\.start_http_listener \{\s*listen = '([^']+)'/g)];
    assert.deepEqual(
      listeners.map(([, at]) => at),
      expected,
      name,
    );
    const takes = policy.includes("kumo.on('http_message_generated', take)");
    assert.equal(takes, wish?.submission?.http !== undefined, name);
  }
});

test('rates are whole numbers in the shortest period that comes near', () => {
  const table: [number, string][] = [
    [420, '420/s'],
    [1, '1/s'],
    [1.5, '90/min'],
    [0.3, '18/min'],
    [0.01, '36/hr'],
    [0.0001, '9/day'],
    [0.000001, '1/day'],
  ];
  for (const [perSecond, text] of table) assert.equal(rate(perSecond), text, String(perSecond));
});

test('values are written so that nothing ends their text', () => {
  assert.equal(lua("it's \\ a\nb\0"), "'it\\'s \\\\ a\\010b\\000'");
  assert.equal(lua({ 'a-b': [], c: {}, d: true }), "{\n  ['a-b'] = {},\n  c = {},\n  d = true,\n}");
  assert.equal(lua([{ a: 1 }, ['x'.repeat(80)]]), `{\n  { a = 1 },\n  {\n    '${'x'.repeat(80)}',\n  },\n}`);
  assert.equal(toml({ 'a b': ['x"\n', 1, false], c: {} }), '{"a b" = ["x\\"\\n", 1, false], c = {}}');
});
