import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildZones,
  type DnsRecord,
  reverseName,
  type SenderDomain,
  soaAbove,
  type ZoneSpec,
} from '../../../fakes/zones.ts';
import { HarnessError } from '../../../src/core/errors.ts';

const gmail = {
  domains: ['gmail.com', 'Hosted.Test'],
  mx: [
    { host: 'gmail-smtp-in.l.google.com', preference: 5, addresses: ['198.18.16.10', '2001:2:0:100::1'] },
    { host: 'alt1.gmail-smtp-in.l.google.com', preference: 10, addresses: ['198.18.16.11'] },
  ],
};
const sender = {
  domain: 'news.sender.test',
  spf: 'auto',
  dkim: [{ selector: 's1', type: 'rsa' as const, publicKey: 'MIIB' }],
  dmarc: 'p=none',
  mx: [{ host: 'mx.news.sender.test', addresses: ['198.18.0.25'] }],
};
const sources = [
  { address: '198.18.128.1', helo: 'out1.news.sender.test' },
  { address: '2001:2:0:1::1', helo: 'out2.elsewhere.test' },
];
const spec: ZoneSpec = { isps: [gmail], senders: [sender], sources };

/** What a name has, as text: `MX 5 host`. SOA and NS only where asked for, since every zone has them. */
function at(zones: ReturnType<typeof buildZones>, name: string, types?: string[]): string[] | undefined {
  return zones
    .get(name)
    ?.filter((r) => types?.includes(r.type) ?? (r.type !== 'SOA' && r.type !== 'NS'))
    .map((r) => `${r.type} ${show(r)}`);
}

function show(record: DnsRecord): string {
  if (record.type === 'MX') return `${record.data.preference} ${record.data.exchange}`;
  if (record.type === 'SOA') return `${record.data.mname} ${record.data.rname} ${record.data.minimum}`;
  return record.data;
}

test('every name has exactly the records that its role asks for', () => {
  const zones = buildZones({ ...spec, senders: [{ ...sender, web: ['198.18.0.25'] }] });
  const expected: [name: string, records: string[] | undefined][] = [
    ['gmail.com', ['MX 5 gmail-smtp-in.l.google.com', 'MX 10 alt1.gmail-smtp-in.l.google.com']],
    ['hosted.test', ['MX 5 gmail-smtp-in.l.google.com', 'MX 10 alt1.gmail-smtp-in.l.google.com']],
    ['gmail-smtp-in.l.google.com', ['A 198.18.16.10', 'AAAA 2001:2:0:100::1']],
    ['alt1.gmail-smtp-in.l.google.com', ['A 198.18.16.11']],
    ['10.16.18.198.in-addr.arpa', ['PTR gmail-smtp-in.l.google.com']],
    [
      'news.sender.test',
      ['MX 10 mx.news.sender.test', 'A 198.18.0.25', 'TXT v=spf1 ip4:198.18.128.1 ip6:2001:2:0:1::1 -all'],
    ],
    ['mx.news.sender.test', ['A 198.18.0.25']],
    ['s1._domainkey.news.sender.test', ['TXT v=DKIM1; k=rsa; p=MIIB']],
    ['_dmarc.news.sender.test', ['TXT v=DMARC1; p=none']],
    ['out1.news.sender.test', ['A 198.18.128.1']],
    ['1.128.18.198.in-addr.arpa', ['PTR out1.news.sender.test']],
    ['out2.elsewhere.test', ['AAAA 2001:2:0:1::1']],
    [reverseName('2001:2:0:1::1'), ['PTR out2.elsewhere.test']],
    // Names that only have names below them exist, without records.
    ['_domainkey.news.sender.test', []],
    ['sender.test', []],
    ['com', []],
    ['', []],
    ['yahoo.com', undefined],
    ['Gmail.com', undefined],
  ];
  assert.deepEqual(
    expected.map(([name]) => [name, at(zones, name)]),
    expected,
  );
});

test('domains, mail hosts in no domain, the root and the reverse trees are zones', () => {
  const zones = buildZones(spec);
  const expected: [name: string, apex: string][] = [
    ['gmail.com', 'gmail.com'],
    ['nobody.gmail.com', 'gmail.com'],
    ['gmail-smtp-in.l.google.com', 'l.google.com'],
    ['_25._tcp.gmail-smtp-in.l.google.com', 'l.google.com'],
    ['google.com', ''],
    ['mx.news.sender.test', 'news.sender.test'],
    ['out2.elsewhere.test', 'elsewhere.test'],
    ['1.128.18.198.in-addr.arpa', 'in-addr.arpa'],
    [reverseName('2001:2:0:1::1'), 'ip6.arpa'],
    ['windtunnel.test', 'windtunnel.test'],
    ['zen.spamhaus.org', ''],
  ];
  assert.deepEqual(
    expected.map(([name]) => [name, soaAbove(zones, name).name]),
    expected,
  );
  assert.deepEqual(at(zones, 'l.google.com', ['SOA', 'NS']), [
    'SOA ns.windtunnel.test hostmaster.l.google.com 60',
    'NS ns.windtunnel.test',
  ]);
});

test('the resolver has the name, addresses and lifetimes that it was given', () => {
  const zones = buildZones(
    { ...spec, resolverName: 'dns.lab.test', resolverAddresses: ['198.18.0.53'] },
    { records: 300, negative: 5 },
  );
  assert.deepEqual(at(zones, 'dns.lab.test'), ['A 198.18.0.53']);
  assert.deepEqual(at(zones, 'gmail.com', ['SOA', 'NS']), [
    'SOA dns.lab.test hostmaster.gmail.com 5',
    'NS dns.lab.test',
  ]);
  assert.ok([...zones.values()].flat().every((record) => record.ttl === 300));
});

test('a sender has the records that it was given and no others', () => {
  const cases: [change: Partial<SenderDomain>, name: string, records: string[] | undefined][] = [
    [{ spf: null, dkim: [], dmarc: null }, 'news.sender.test', ['MX 10 mx.news.sender.test']],
    [{ spf: null, dkim: [], dmarc: null }, '_dmarc.news.sender.test', undefined],
    [{ spf: null, dkim: [], dmarc: null }, '_domainkey.news.sender.test', undefined],
    [
      { spf: null, domain: 'OUT1.news.sender.test', web: ['198.18.0.25'] },
      'out1.news.sender.test',
      ['A 198.18.128.1', 'MX 10 mx.news.sender.test'],
    ],
    [{ spf: 'v=spf1 +all' }, 'news.sender.test', ['MX 10 mx.news.sender.test', 'TXT v=spf1 +all']],
    [{ dmarc: 'v=DMARC1; p=reject' }, '_dmarc.news.sender.test', ['TXT v=DMARC1; p=reject']],
    [
      {
        dkim: [
          {
            selector: 'k2',
            type: 'rsa',
            publicKey: '-----BEGIN PUBLIC KEY-----\nMII\nBIj\n-----END PUBLIC KEY-----\n',
          },
        ],
      },
      'k2._domainkey.news.sender.test',
      ['TXT v=DKIM1; k=rsa; p=MIIBIj'],
    ],
    [
      { dkim: [{ selector: 'k3', type: 'ed25519', publicKey: '11qYAYKxCrfVS/7TyWQHOg==' }] },
      'k3._domainkey.news.sender.test',
      ['TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg=='],
    ],
  ];
  for (const [change, name, records] of cases) {
    const zones = buildZones({ ...spec, senders: [{ ...sender, ...change }] });
    assert.deepEqual(at(zones, name), records, name);
  }
});

test('an address has one PTR, and a source comes before a mail host', () => {
  const shared = {
    ...sender,
    domain: 'other.test',
    mx: [{ host: 'mx.other.test', addresses: ['198.18.0.25'] }],
  };
  const zones = buildZones({
    isps: [],
    senders: [sender, shared],
    sources: [{ address: '198.18.0.25', helo: 'out.sender.test' }],
  });
  assert.deepEqual(at(zones, '25.0.18.198.in-addr.arpa'), ['PTR out.sender.test']);
  assert.deepEqual(at(zones, 'mx.other.test'), ['A 198.18.0.25']);
});

test('reverse names', () => {
  const zeros = (n: number): string => '0.'.repeat(n);
  const cases: [address: string, name: string][] = [
    ['198.18.16.10', '10.16.18.198.in-addr.arpa'],
    ['::1', `1.${zeros(31)}ip6.arpa`],
    ['::', `${zeros(32)}ip6.arpa`],
    ['2001:2:0:1::1', `1.${zeros(15)}1.0.0.0.${zeros(4)}2.0.0.0.1.0.0.2.ip6.arpa`],
    ['2001:DB8::198.18.0.1', `1.0.0.0.2.1.6.c.${zeros(16)}8.b.d.0.1.0.0.2.ip6.arpa`],
    ['1:2:3:4:5:6:7:8', '8.0.0.0.7.0.0.0.6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.ip6.arpa'],
  ];
  for (const [address, name] of cases) assert.equal(reverseName(address), name);
});

test('what DNS cannot hold is refused', () => {
  const source = (address: string, helo = 'out.sender.test'): ZoneSpec => ({
    ...spec,
    sources: [{ address, helo }],
  });
  const crowd = Array.from({ length: 4000 }, (_, i) => ({
    address: `198.18.${i >> 8}.${i & 255}`,
    helo: 'out.sender.test',
  }));
  const cases: [spec: ZoneSpec, message: RegExp][] = [
    [source('198.18.0.256'), /found "198\.18\.0\.256"; expected an IPv4 or IPv6 address/],
    [source('198.18.0.1', 'two..dots'), /found "two\.\.dots"; expected a host name/],
    [source('198.18.0.1', `${'x'.repeat(64)}.test`), /expected a host name/],
    [source('198.18.0.1', 'a b.test'), /expected a host name/],
    [source('198.18.0.1', `${'abcdefghi.'.repeat(26)}test`), /expected a host name/],
    [{ ...spec, sources: crowd }, /the TXT record of news\.sender\.test has \d+ characters/],
  ];
  for (const [bad, message] of cases) {
    assert.throws(
      () => buildZones(bad),
      (error) =>
        error instanceof HarnessError && error.kind === 'invalid-scenario' && message.test(error.message),
    );
  }
});
