import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFiles } from '../../../../src/mta/postfix/config.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';

const plain = mtaPlan({
  folder: '/runs/1/mta',
  sources: [{ index: 0, address: '198.18.128.1', helo: 'out1.news.sender.test', vmta: 'one' }],
  retry: [60e6, 300e6, 900e6],
  expire: 86400e6,
});

const rich = mtaPlan({
  folder: '/runs/1/mta',
  submission: {
    tlsPort: 465,
    certificate: { cert: 'CERT\n', key: 'KEY\n' },
    listen: 'loopback',
    relayFrom: ['127.0.0.0/8', '::1', '2001:2:0:1::/64', '198.18.128.1'],
  },
  sources: [
    { index: 0, address: '198.18.128.1', helo: 'out1.news.sender.test', vmta: 'one' },
    { index: 1, address: '2001:2:0:1::1', helo: 'out2.news.sender.test', vmta: 'one' },
    { index: 2, address: '2001:2:0:1::2', helo: 'out3.news.sender.test', vmta: 'six' },
  ],
  pools: [
    {
      name: 'bulk',
      members: [
        { vmta: 'one', weight: 3 },
        { vmta: 'six', weight: 1 },
      ],
    },
  ],
  isps: [
    {
      id: 'gmail',
      domains: ['gmail.com', 'googlemail.com'],
      hosts: [],
      concurrency: 4,
      rate: undefined,
      replies: [],
    },
    { id: 'yahoo', domains: ['yahoo.com'], hosts: [], concurrency: undefined, rate: 1, replies: [] },
    {
      id: 'outlook',
      domains: ['outlook.com'],
      hosts: [],
      concurrency: undefined,
      rate: undefined,
      replies: [],
    },
  ],
  senderDomains: ['news.sender.test', 'shop.sender.test'],
  tls: 'required',
  retry: [1e6],
  expire: 3.4e6,
});

const PLAIN_MAIN = `compatibility_level = 3.6
queue_directory = /runs/1/mta/queue
data_directory = ../data
maillog_file = /runs/1/mta/mail.log
maillog_file_prefixes = /runs/1/mta
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME TZ=UTC
myhostname = mta.sender.test
mydestination =
alias_maps =
local_recipient_maps =
local_transport = error:no local mail
relay_domains = news.sender.test
mynetworks = 127.0.0.0/8 [::1]/128 198.18.128.1
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions =
    check_recipient_access pipemap:{randmap:{out.one} inline:{{out.one = FILTER out.one:}}}
header_checks =
    regexp:{{if /^X-Virtual-MTA:/} {/:[[:space:]]*one[[:space:]]*$$/i FILTER out.one:} {endif}}
inet_interfaces = all
inet_protocols = all
message_size_limit = 26214400
minimal_backoff_time = 60s
maximal_backoff_time = 900s
queue_run_delay = 15s
maximal_queue_lifetime = 86400s
bounce_queue_lifetime = 86400s
smtp_tls_security_level = may
`;

const PLAIN_MASTER = `25 inet n - n - 0 smtpd
qmgr unix n - n 15 1 qmgr
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
out.one unix - - n - 20 smtp
  -o syslog_name=postfix/one
  -o smtp_helo_name=out1.news.sender.test
  -o inet_protocols=ipv4
  -o smtp_bind_address=198.18.128.1
`;

const RICH_MAIN = `compatibility_level = 3.6
queue_directory = /runs/1/mta/queue
data_directory = ../data
maillog_file = /runs/1/mta/mail.log
maillog_file_prefixes = /runs/1/mta
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME TZ=UTC
myhostname = mta.sender.test
mydestination =
alias_maps =
local_recipient_maps =
local_transport = error:no local mail
relay_domains = news.sender.test shop.sender.test
mynetworks = 127.0.0.0/8 [::1]/128 [2001:2:0:1::]/64 198.18.128.1
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions =
    check_recipient_access pipemap:{randmap:{out.one, out.six} inline:{{out.one = FILTER out.one:} {out.six = FILTER out.six:}}}
    check_recipient_access pipemap:{inline:{{gmail.com = here} {googlemail.com = here}} randmap:{out.one.gmail, out.six.gmail} inline:{{out.one.gmail = FILTER out.one.gmail:} {out.six.gmail = FILTER out.six.gmail:}}}
    check_recipient_access pipemap:{inline:{{yahoo.com = here}} randmap:{out.one.yahoo, out.six.yahoo} inline:{{out.one.yahoo = FILTER out.one.yahoo:} {out.six.yahoo = FILTER out.six.yahoo:}}}
header_checks =
    regexp:{{if /^X-Virtual-MTA:/} {/:[[:space:]]*one[[:space:]]*$$/i FILTER out.one:} {/:[[:space:]]*six[[:space:]]*$$/i FILTER out.six:} {endif}}
    pipemap:{regexp:{{if /^X-Virtual-MTA:/} {/:[[:space:]]*bulk[[:space:]]*$$/i bulk} {endif}} randmap:{out.one, out.one, out.one, out.six} inline:{{out.one = FILTER out.one:} {out.six = FILTER out.six:}}}
inet_interfaces = all
inet_protocols = all
message_size_limit = 26214400
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
maximal_queue_lifetime = 3s
bounce_queue_lifetime = 3s
smtp_tls_security_level = encrypt
smtp_tls_policy_maps = inline:{{news.sender.test = may} {shop.sender.test = may}}
smtpd_tls_security_level = may
smtpd_tls_cert_file = /runs/1/mta/config/cert.pem
smtpd_tls_key_file = /runs/1/mta/config/key.pem
out.one.gmail_destination_concurrency_limit = 2
out.one.yahoo_transport_rate_delay = 2s
out.six.gmail_destination_concurrency_limit = 2
out.six.yahoo_transport_rate_delay = 2s
`;

const RICH_MASTER = `localhost:25 inet n - n - 0 smtpd
localhost:465 inet n - n - 0 smtpd
  -o smtpd_tls_wrappermode=yes
qmgr unix n - n 1 1 qmgr
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
out.one unix - - n - 10 smtp
  -o syslog_name=postfix/one
  -o smtp_helo_name=out1.news.sender.test
  -o inet_protocols=all
  -o smtp_bind_address=198.18.128.1
  -o smtp_bind_address6=2001:2:0:1::1
out.one.gmail unix - - n - 2 smtp
  -o syslog_name=postfix/one
  -o smtp_helo_name=out1.news.sender.test
  -o inet_protocols=all
  -o smtp_bind_address=198.18.128.1
  -o smtp_bind_address6=2001:2:0:1::1
out.one.yahoo unix - - n - 10 smtp
  -o syslog_name=postfix/one
  -o smtp_helo_name=out1.news.sender.test
  -o inet_protocols=all
  -o smtp_bind_address=198.18.128.1
  -o smtp_bind_address6=2001:2:0:1::1
out.six unix - - n - 10 smtp
  -o syslog_name=postfix/six
  -o smtp_helo_name=out3.news.sender.test
  -o inet_protocols=ipv6
  -o smtp_bind_address6=2001:2:0:1::2
out.six.gmail unix - - n - 2 smtp
  -o syslog_name=postfix/six
  -o smtp_helo_name=out3.news.sender.test
  -o inet_protocols=ipv6
  -o smtp_bind_address6=2001:2:0:1::2
out.six.yahoo unix - - n - 10 smtp
  -o syslog_name=postfix/six
  -o smtp_helo_name=out3.news.sender.test
  -o inet_protocols=ipv6
  -o smtp_bind_address6=2001:2:0:1::2
`;

test('the configuration of one source is Postfix’s default but for where it is and whom it serves', () => {
  assert.deepEqual(configFiles(plain), [
    { name: 'config/main.cf', text: PLAIN_MAIN, secret: false },
    { name: 'config/master.cf', text: PLAIN_MASTER, secret: false },
  ]);
});

test('the configuration of virtual MTAs, pools, limits of ISPs and TLS', () => {
  assert.deepEqual(configFiles(rich), [
    { name: 'config/main.cf', text: RICH_MAIN, secret: false },
    { name: 'config/master.cf', text: RICH_MASTER, secret: false },
    { name: 'config/cert.pem', text: 'CERT\n', secret: false },
    { name: 'config/key.pem', text: 'KEY\n', secret: true },
  ]);
});

test('TLS towards the ISPs is as asked', () => {
  const table = { none: 'none', opportunistic: 'may', required: 'encrypt' } as const;
  for (const tls of ['none', 'opportunistic', 'required'] as const) {
    const [main] = configFiles({ ...plain, tls });
    assert.match(main?.text ?? '', new RegExp(`^smtp_tls_security_level = ${table[tls]}$`, 'm'));
    assert.equal(/^smtp_tls_policy_maps/m.test(main?.text ?? ''), tls === 'required');
  }
});

test('retries look for due mail a few times in the shortest wait, and no less often than Postfix does', () => {
  const table: { retry: number[]; least: string; most: string; run: string }[] = [
    { retry: [0.2e6], least: '1s', most: '1s', run: '1s' },
    { retry: [2e6, 4e6], least: '2s', most: '4s', run: '1s' },
    { retry: [900e6, 60e6, 300e6], least: '60s', most: '900s', run: '15s' },
    { retry: [3600e6], least: '3600s', most: '3600s', run: '300s' },
  ];
  for (const { retry, least, most, run } of table) {
    const [main] = configFiles({ ...plain, retry });
    const found = [
      ...(main?.text ?? '').matchAll(
        /^(?:minimal_backoff_time|maximal_backoff_time|queue_run_delay) = (\S+)$/gm,
      ),
    ];
    assert.deepEqual(
      found.map(([, value]) => value),
      [least, most, run],
    );
  }
});

test('a Postfix that was unpacked is told where its parts are', () => {
  const below = (folder: string): string => `/cache/postfix-3.7.11${folder}`;
  const [main] = configFiles(plain, {
    version: '3.7.11',
    prefix: below(''),
    commandDirectory: below('/usr/sbin'),
    daemonDirectory: below('/usr/lib/postfix/sbin'),
    metaDirectory: below('/etc/postfix'),
    shlibDirectory: below('/usr/lib/postfix'),
    libraryPath: below('/usr/lib/postfix'),
  });
  const moved = PLAIN_MAIN.replace(
    'queue_directory',
    `command_directory = /cache/postfix-3.7.11/usr/sbin
daemon_directory = /cache/postfix-3.7.11/usr/lib/postfix/sbin
meta_directory = /cache/postfix-3.7.11/etc/postfix
shlib_directory = /cache/postfix-3.7.11/usr/lib/postfix
queue_directory`,
  ).replace('TZ=UTC', 'TZ=UTC LD_LIBRARY_PATH=/cache/postfix-3.7.11/usr/lib/postfix');
  assert.equal(main?.text, moved);
});
