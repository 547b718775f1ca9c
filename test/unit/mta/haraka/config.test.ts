import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import type { MtaPlan } from '../../../../src/mta/adapter.ts';
import { configFiles } from '../../../../src/mta/haraka/config.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';

const sealed = mtaPlan({
  folder: 'mta',
  sources: [
    { index: 0, address: '198.18.128.1', helo: 'out1.sender.test', vmta: 'one' },
    { index: 1, address: '2001:2:0:1::1', helo: 'out2.sender.test', vmta: 'two' },
  ],
  retry: [60e6, 300e6, 900e6],
  expire: 86400e6,
  concurrency: 500,
});

const gmail = {
  id: 'gmail',
  domains: ['gmail.com', 'googlemail.com'],
  hosts: ['mx1.gmail.test', 'mx2.gmail.test'],
  concurrency: 8,
  rate: 2.5,
  replies: [],
};

const unsealed: MtaPlan = {
  ...sealed,
  submission: { ...sealed.submission, port: 2525 },
  sources: [{ index: 0, address: '127.0.0.2', helo: 'out1.sender.test', vmta: 'one' }],
  vmtas: [{ name: 'one', sources: [0] }],
  defaultPool: { name: 'everybody', members: [{ vmta: 'one', weight: 1 }] },
  retry: [1e6],
  expire: 3e6,
  concurrency: 20,
  routes: { 'gmail.com': { address: '127.0.0.1', port: 2601 } },
};

const one = { name: 'one', sources: [{ address: '198.18.128.1', helo: 'out1.sender.test' }] };
const two = { name: 'two', sources: [{ address: '2001:2:0:1::1', helo: 'out2.sender.test' }] };

/** windtunnel.json of the sealed plan. */
const SETTINGS = {
  vmtas: [one, two],
  pools: [],
  defaultPool: {
    name: 'everybody',
    members: [
      { vmta: 'one', weight: 1 },
      { vmta: 'two', weight: 1 },
    ],
    chosen: false,
  },
  isps: [],
  ownDomains: ['news.sender.test'],
  relayFrom: ['127.0.0.0/8', '::1', '198.18.128.1', '2001:2:0:1::1'],
  eventsFolder: 'events',
};

const PLUGIN_LIST = 'windtunnel_relay\nwindtunnel_sources\nwindtunnel_events\nwindtunnel_pace\n';

/** As the configuration writes it. */
function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The files that are the same for every plan. */
const SAME: Record<string, string> = {
  'config/me': 'mta.sender.test\n',
  'config/plugins': PLUGIN_LIST,
  'config/plugin_timeout': '0\n',
  'config/log.ini': '[main]\nlevel=notice\ntimestamps=true\nformat=default\n',
};

const table: { name: string; plan: MtaPlan; files: Record<string, string> }[] = [
  {
    name: 'in a seal: all addresses, DNS, Haraka’s own waits',
    plan: sealed,
    files: {
      'config/smtp.ini': 'port=25\npublic_ip=198.18.128.1\nnodes=0\ninactivity_timeout=300\n',
      'config/outbound.ini':
        'concurrency_max=500\ntemp_fail_intervals=60s,300s,900s*96\nconnect_timeout=30\nenable_tls=true\nreceived_header=disabled\n',
      'config/windtunnel.json': json(SETTINGS),
    },
  },
  {
    name: 'without a seal: one address, routes, waits of a second by the hook',
    plan: unsealed,
    files: {
      'config/smtp.ini': 'listen=127.0.0.1:2525\npublic_ip=127.0.0.2\nnodes=0\ninactivity_timeout=300\n',
      'config/outbound.ini':
        'concurrency_max=20\ntemp_fail_intervals=5s*3\nconnect_timeout=30\nenable_tls=true\nreceived_header=disabled\nlocal_mx_ok=true\n',
      'config/windtunnel.json': json({
        ...SETTINGS,
        vmtas: [{ name: 'one', sources: [{ address: '127.0.0.2', helo: 'out1.sender.test' }] }],
        defaultPool: { name: 'everybody', members: [{ vmta: 'one', weight: 1 }], chosen: false },
        routes: { 'gmail.com': { address: '127.0.0.1', port: 2601 } },
        waits: [{ seconds: 1, times: 3 }],
      }),
    },
  },
  {
    name: 'several workers, loopback alone, no TLS, a pool that was chosen, limits at an ISP',
    plan: {
      ...sealed,
      submission: { ...sealed.submission, listen: 'loopback', addresses: ['127.0.0.1', '::1'] },
      workers: 4,
      tls: 'none',
      pools: [{ name: 'bulk', members: [{ vmta: 'one', weight: 3 }] }],
      defaultPool: { name: 'bulk', members: [{ vmta: 'one', weight: 3 }] },
      isps: [gmail],
    },
    files: {
      'config/smtp.ini':
        'listen=127.0.0.1:25,[::1]:25\npublic_ip=198.18.128.1\nnodes=4\ninactivity_timeout=300\n',
      'config/outbound.ini':
        'concurrency_max=125\ntemp_fail_intervals=60s,300s,900s*96\nconnect_timeout=30\nenable_tls=false\nreceived_header=disabled\n',
      'config/windtunnel.json': json({
        ...SETTINGS,
        pools: [{ name: 'bulk', members: [{ vmta: 'one', weight: 3 }] }],
        defaultPool: { name: 'bulk', members: [{ vmta: 'one', weight: 3 }], chosen: true },
        isps: [{ id: 'gmail', domains: ['gmail.com', 'googlemail.com'], concurrency: 8, rate: 2.5 }],
        workers: 4,
      }),
    },
  },
  {
    name: 'without a seal, IPv6',
    plan: { ...unsealed, submission: { ...unsealed.submission, addresses: ['127.0.0.1', '::1'] } },
    files: {
      'config/smtp.ini':
        'listen=127.0.0.1:2525,[::1]:2525\npublic_ip=127.0.0.2\nnodes=0\ninactivity_timeout=300\n',
    },
  },
];

const certificate = { cert: 'CERT\n', key: 'KEY\n' };
const users = [
  { user: 'news@a.test', password: "s3cret;#='" },
  { user: 'two', password: 'x1' },
];

test('TLS that is required is forced at the ISPs, not at the mailroom', () => {
  const plan: MtaPlan = { ...unsealed, tls: 'required', isps: [gmail] };
  const text = (name: string): string | undefined =>
    configFiles(plan).find((file) => file.name === `config/${name}`)?.text;
  assert.equal(
    text('tls.ini'),
    '[outbound]\nforce_tls_hosts[]=gmail.com\nforce_tls_hosts[]=googlemail.com\n',
  );
  assert.match(text('outbound.ini') ?? '', /^enable_tls=true$/m);
  const { routes } = JSON.parse(text('windtunnel.json') ?? '') as { routes: object };
  assert.deepEqual(routes, { 'gmail.com': { address: '127.0.0.1', port: 2601, host: 'mx1.gmail.test' } });
});

test('TLS and AUTH are there for those who ask', () => {
  const table: { name: string; plan: MtaPlan; files: Record<string, string>; more: number }[] = [
    {
      name: 'STARTTLS',
      plan: { ...sealed, submission: { ...sealed.submission, certificate } },
      files: {
        'config/plugins': `tls\n${PLUGIN_LIST}`,
        'config/tls_key.pem': 'KEY\n',
        'config/tls_cert.pem': 'CERT\n',
      },
      more: 3,
    },
    {
      name: 'implicit TLS in a seal, beside the port of production',
      plan: { ...sealed, submission: { ...sealed.submission, certificate, tlsPort: 465 } },
      files: {
        'config/smtp.ini':
          'port=25\nlisten=[::0]:465\nsmtps_port=465\npublic_ip=198.18.128.1\nnodes=0\ninactivity_timeout=300\n',
      },
      more: 3,
    },
    {
      name: 'implicit TLS without a seal',
      plan: {
        ...unsealed,
        submission: {
          ...unsealed.submission,
          addresses: ['127.0.0.1', '::1'],
          certificate,
          tlsPort: 4650,
        },
      },
      files: {
        'config/smtp.ini':
          'listen=127.0.0.1:2525,127.0.0.1:4650,[::1]:2525,[::1]:4650\nsmtps_port=4650\npublic_ip=127.0.0.2\nnodes=0\ninactivity_timeout=300\n',
      },
      more: 3,
    },
    {
      name: 'AUTH',
      plan: { ...sealed, submission: { ...sealed.submission, users } },
      files: {
        'config/plugins': `auth/flat_file\n${PLUGIN_LIST}`,
        'config/auth_flat_file.ini': `[core]
methods=PLAIN,LOGIN,CRAM-MD5
constrain_sender=false

[users]
news@a.test=s3cret;#='
two=x1
`,
      },
      more: 1,
    },
  ];
  const plainFiles = configFiles(sealed).length;
  for (const { name, plan, files, more } of table) {
    const written = configFiles(plan);
    for (const [file, text] of Object.entries(files))
      assert.equal(written.find((f) => f.name === file)?.text, text, `${name}: ${file}`);
    assert.equal(written.length, plainFiles + more, name);
    assert.deepEqual(
      written.filter(({ secret }) => secret).map((file) => file.name),
      ['config/tls_key.pem', 'config/auth_flat_file.ini'].filter((file) =>
        written.some((f) => f.name === file),
      ),
      name,
    );
  }
});

test('a user that Haraka would read as another is refused', () => {
  const rows: [user: string, password: string][] = [
    ['two words', 'secret'],
    ['a=b', 'secret'],
    ['list[]', 'secret'],
    ['', 'secret'],
    ['a', ''],
    ['a', '0123'],
    ['a', '1.50'],
    ['a', 'two words'],
    ['a', 'ends in a backslash\\'],
    ['a', 'grün'],
    ['a', 'x\ny=z'],
  ];
  for (const [user, password] of rows) {
    const plan = { ...sealed, submission: { ...sealed.submission, users: [{ user, password }] } };
    assert.throws(
      () => configFiles(plan),
      (error: unknown) => error instanceof HarnessError && error.kind === 'invalid-scenario',
      `${user}=${password}`,
    );
  }
});

for (const { name, plan, files } of table) {
  test(`configuration ${name}`, () => {
    const written = new Map(configFiles(plan).map((file) => [file.name, file.text]));
    for (const [file, text] of Object.entries({ ...SAME, ...files }))
      assert.equal(written.get(file), text, file);
    assert.deepEqual([...written.keys()].sort(), [
      'config/connection.ini',
      'config/log.ini',
      'config/me',
      'config/outbound.bounce_message',
      'config/outbound.ini',
      'config/plugin_timeout',
      'config/plugins',
      'config/smtp.ini',
      'config/windtunnel.json',
    ]);
  });
}

test('the bounce template has a header, an empty line and a body', () => {
  const template =
    configFiles(sealed).find(({ name }) => name === 'config/outbound.bounce_message')?.text ?? '';
  const [header = '', body = ''] = template.split('\n\n');
  assert.deepEqual(
    header.split('\n').map((line) => line.split(':')[0]),
    ['Received', 'Date', 'From', 'To', 'Auto-Submitted', 'Subject', 'Message-Id'],
  );
  assert.match(body, /\{recipients\}\nReason: \{reason\}$/);
});
