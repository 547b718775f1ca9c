import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Capabilities } from '../../../src/mta/adapter.ts';
import { capabilitiesOf } from '../../../src/mta/registry.ts';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { planRun } from '../../../src/scenario/plan.ts';
import { checkSubmission, passwordNotes, usersOf } from '../../../src/scenario/submission.ts';

const PLAIN = { mechanism: 'plain', user: 'u', password: 'p' } as const;
const NOTHING = { tls: 'none', auth: undefined, sources: [] } as const;
const SOURCES = ['198.18.128.1', '2001:2:0:1::1'];

/** An MTA that can do less than Haraka. */
function modest(submission: Partial<Capabilities['submission']>): Capabilities {
  const haraka = capabilitiesOf('haraka') as Capabilities;
  return {
    ...haraka,
    submission: { tls: ['starttls'], auth: ['plain'], authInClear: 'nobody', ...submission },
  };
}

test('what a front door can do and what not', () => {
  type Wish = Parameters<typeof checkSubmission>[1];
  const rows: [adapter: string, Partial<Wish>, Capabilities | undefined, string[]][] = [
    ['haraka', {}, undefined, []],
    ['haraka', { tls: 'implicit', auth: { ...PLAIN, mechanism: 'cram-md5' } }, undefined, []],
    ['haraka', { auth: PLAIN, sources: ['127.0.0.5', '::1'] }, undefined, []],
    ['haraka', { tls: 'starttls', auth: PLAIN, sources: ['198.18.128.1', '2001:2:0:1::1'] }, undefined, []],
    [
      'haraka',
      { auth: PLAIN, sources: ['127.0.0.5', '198.18.128.1'] },
      undefined,
      [
        'auth: haraka offers AUTH without TLS to loopback addresses alone; expected tls to be starttls or implicit',
      ],
    ],
    [
      'haraka',
      { sources: ['::1', '198.18.128.9'] },
      undefined,
      [
        "sources.1: 198.18.128.9 is no address of the MTA's machine, where the driver runs; expected one of 127.0.0.0/8, ::1 or mta.sources",
      ],
    ],
    [
      'modest',
      { tls: 'implicit', auth: { ...PLAIN, mechanism: 'login' } },
      modest({}),
      ['tls: found implicit; modest can do none, starttls', 'auth: found login; modest can do AUTH plain'],
    ],
    [
      'modest',
      { auth: PLAIN },
      modest({}),
      ['auth: modest offers AUTH without TLS to nobody; expected tls to be starttls'],
    ],
    ['modest', { auth: PLAIN, sources: SOURCES }, modest({ authInClear: 'anybody' }), []],
    ['unheard of', { tls: 'implicit', auth: PLAIN, sources: ['192.0.2.1'] }, undefined, []],
    ['none', { tls: 'starttls' }, undefined, []],
    [
      'none',
      { tls: 'implicit', auth: PLAIN, sources: ['127.0.0.2'] },
      undefined,
      [
        'tls: found implicit; the simulated ISPs can do none, starttls',
        'auth: found plain; the simulated ISPs can do no AUTH',
        'sources: without an MTA the driver connects from mta.sources',
      ],
    ],
  ];
  for (const [adapter, wish, capabilities = capabilitiesOf(adapter), expected] of rows) {
    const found: string[] = [];
    checkSubmission({ adapter, capabilities, sources: SOURCES }, { ...NOTHING, ...wish }, (below, text) =>
      found.push(`${below.join('.')}: ${text}`),
    );
    assert.deepEqual(found, expected, adapter);
  }
});

test('a scenario that asks for too much is told where', () => {
  const text = `mta: { adapter: none }
loads:
  a: { rate: 1/s, duration: 1s }
  b: { rate: 1/s, duration: 1s, tls: implicit }
`;
  assert.throws(
    () => planRun(parseScenario(text, 's.yaml')),
    (error: unknown) =>
      error instanceof InvalidScenario &&
      error.message === 's.yaml:4:33: loads.b.tls: found implicit; the simulated ISPs can do none, starttls',
  );
});

test('each user once, with the password that comes first', () => {
  const loads = [
    { name: 'open', auth: undefined },
    { name: 'first', auth: PLAIN },
    { name: 'other', auth: { mechanism: 'login', user: 'v', password: 'q' } },
    { name: 'again', auth: { ...PLAIN, mechanism: 'cram-md5' } },
    { name: 'guess', auth: { ...PLAIN, password: 'wrong' } },
  ] as const;
  assert.deepEqual(usersOf(loads), [
    { user: 'u', password: 'p' },
    { user: 'v', password: 'q' },
  ]);
  assert.deepEqual(passwordNotes(loads), [
    'load guess logs in with a wrong password: that of user "u" is in a load before it',
  ]);
});
