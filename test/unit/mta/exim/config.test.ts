import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MtaPlan } from '../../../../src/mta/adapter.ts';
import { configFiles } from '../../../../src/mta/exim/config.ts';
import { assertGolden } from '../../../support/golden.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';

/** Dual stack, IPv6 only, IPv4 only with two addresses; pools with weights; an ISP with a limit; TLS and users. */
const everything = mtaPlan({
  sources: [
    { index: 0, address: '198.18.128.1', helo: 'out1.sender.test', vmta: 'dual' },
    { index: 1, address: '2001:2:0:1::1', helo: 'out2.sender.test', vmta: 'dual' },
    { index: 2, address: '2001:2:0:1::2', helo: 'out3.sender.test', vmta: 'six' },
    { index: 3, address: '198.18.128.2', helo: 'out4.sender.test', vmta: 'four' },
    { index: 4, address: '198.18.128.3', helo: 'out5.sender.test', vmta: 'four' },
  ],
  pools: [
    {
      name: 'main',
      members: [
        { vmta: 'dual', weight: 3 },
        { vmta: 'four', weight: 1 },
      ],
    },
  ],
  isps: [
    {
      id: 'gmail',
      domains: ['gmail.com', 'googlemail.com'],
      hosts: ['gmail-smtp-in.l.google.com'],
      concurrency: 10,
      rate: undefined,
      replies: [],
    },
    { id: 'yahoo', domains: ['yahoo.com'], hosts: [], concurrency: undefined, rate: 5, replies: [] },
  ],
  submission: {
    tlsPort: 465,
    certificate: { cert: 'CERTIFICATE\n', key: 'KEY\n' },
    users: [
      { user: 'news', password: 's3cret' },
      { user: 'ann@a.test', password: `} "é$\\` },
    ],
  },
  senderDomains: ['news.sender.test', 'shop.sender.test'],
  tls: 'required',
  workers: 3,
  retry: [60e6, 300e6, 900e6],
  expire: 86400e6,
  concurrency: 100,
});

test('the configuration of everything that a plan can ask for', () => {
  const [config, certificate, key, ...others] = configFiles(everything);
  assertGolden('test/golden/exim.conf', config?.text ?? '');
  assert.deepEqual([config?.name, config?.secret], ['config/exim.conf', true]);
  assert.deepEqual(certificate, { name: 'config/tls.pem', text: 'CERTIFICATE\n', secret: false });
  assert.deepEqual(key, { name: 'config/tls.key', text: 'KEY\n', secret: true });
  assert.deepEqual(others, []);
});

test('what a plan does not ask for is not there', () => {
  const rows: [name: string, plan: MtaPlan, there: RegExp[], absent: RegExp[]][] = [
    [
      'no TLS, no users, all addresses, IPv4 alone',
      mtaPlan(),
      [/^tls_advertise_hosts =$/m, /^auth_advertise_hosts =$/m, /^local_interfaces = <; 0\.0\.0\.0$/m],
      [/begin authenticators/, /tls_on_connect_ports/, /tls_certificate/, /::0/],
    ],
    [
      'loopback alone, both families',
      mtaPlan({ submission: { listen: 'loopback', addresses: ['127.0.0.1', '::1'] } }),
      [/^local_interfaces = <; ::1 ; 127\.0\.0\.1$/m],
      [/0\.0\.0\.0$/m],
    ],
    [
      'TLS to the ISPs never',
      mtaPlan({ tls: 'none' }),
      [/^ {2}hosts_avoid_tls = \*$/m],
      [/hosts_require_tls/, /hosts_try_dane/],
    ],
    [
      'TLS to the ISPs where offered',
      mtaPlan({ tls: 'opportunistic' }),
      [/^ {2}hosts_try_dane =$/m],
      [/hosts_require_tls/, /hosts_avoid_tls/],
    ],
    ['processes as they come', mtaPlan(), [/^queue_run_max = 5$/m], []],
    [
      'an ISP may have no more connections than the MTA',
      mtaPlan({
        concurrency: 20,
        isps: [{ ...(everything.isps[0] as MtaPlan['isps'][number]), concurrency: 50 }],
      }),
      [/^smtp_gmail:\n(?: {2}.*\n)* {2}max_parallel = 20$/m],
      [],
    ],
  ];
  for (const [name, plan, there, absent] of rows) {
    const text = configFiles(plan)[0]?.text ?? '';
    for (const pattern of there) assert.match(text, pattern, name);
    for (const pattern of absent) assert.doesNotMatch(text, pattern, name);
  }
});
