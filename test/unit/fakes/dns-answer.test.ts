import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  CHECKING_DISABLED,
  DNSSEC_OK,
  decode,
  encode,
  type OptAnswer,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet';
import fc from 'fast-check';
import { answer, respond, type Transport } from '../../../fakes/dns-answer.ts';
import { buildZones } from '../../../fakes/zones.ts';

const longText = `v=spf1 ${'x'.repeat(700)} -all`;
const zones = buildZones(
  {
    isps: [
      {
        domains: ['gmail.com'],
        mx: [
          { host: 'in.l.google.com', preference: 5, addresses: ['198.18.16.10', '2001:2:0:100::1'] },
          { host: 'alt1.in.l.google.com', preference: 10, addresses: ['198.18.16.11'] },
        ],
      },
      {
        domains: ['many.test'],
        mx: Array.from({ length: 12 }, (_, i) => ({
          host: `mx${i}.many.test`,
          preference: i,
          addresses: [`198.18.17.${i}`],
        })),
      },
    ],
    senders: [
      {
        domain: 'sender.test',
        spf: longText,
        dkim: [{ selector: 's1', type: 'rsa' as const, publicKey: 'MIIB' }],
        dmarc: null,
        mx: [{ host: 'mx.sender.test', addresses: ['198.18.0.25'] }],
      },
    ],
    sources: [],
  },
  { records: 60, negative: 20 },
);

const ok = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | RECURSION_DESIRED;
const refused = RECURSION_AVAILABLE | RECURSION_DESIRED;

function ask(question: Question | Question[], more: Packet = {}): Packet {
  return { type: 'query', id: 7, flags: RECURSION_DESIRED, questions: [question].flat(), ...more };
}

function opt(more: Partial<OptAnswer> = {}): OptAnswer {
  const base = {
    udpPayloadSize: 4096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return { type: 'OPT', name: '.', ...base, ...more };
}

/** A packet as text, one line a record: section, owner, type, TTL, data. */
function show(packet: Packet): string[] {
  const line =
    (section: string) =>
    (record: Answer): string => {
      if (record.type === 'OPT')
        return `${section} OPT ${record.udpPayloadSize} ${record.extendedRcode} ${record.flags}`;
      const { name, type, ttl } = record;
      return `${section} ${name} ${type} ${ttl} ${text(record)}`;
    };
  return [
    ...(packet.answers ?? []).map(line('an')),
    ...(packet.authorities ?? []).map(line('ns')),
    ...(packet.additionals ?? []).map(line('ar')),
  ];
}

function text(record: Exclude<Answer, OptAnswer>): string {
  if (record.type === 'MX') return `${record.data.preference} ${record.data.exchange}`;
  if (record.type === 'SOA') return `${record.data.mname} ${record.data.rname} ${record.data.minimum}`;
  if (record.type === 'TXT')
    return [record.data]
      .flat()
      .map((part) => part.length)
      .join('+');
  return String(record.data);
}

test('each query has its exact answer', () => {
  const soa = (apex: string, host = `hostmaster.${apex}`): string =>
    `ns ${apex} SOA 20 ns.windtunnel.test ${host} 20`;
  const cases: [query: Packet, flags: number, records: string[]][] = [
    [
      ask({ name: 'gmail.com', type: 'MX' }),
      ok,
      [
        'an gmail.com MX 60 5 in.l.google.com',
        'an gmail.com MX 60 10 alt1.in.l.google.com',
        'ar in.l.google.com A 60 198.18.16.10',
        'ar in.l.google.com AAAA 60 2001:2:0:100::1',
        'ar alt1.in.l.google.com A 60 198.18.16.11',
      ],
    ],
    // The owner's name has the case of the question.
    [ask({ name: 'In.L.gOOgle.com', type: 'A' }), ok, ['an In.L.gOOgle.com A 60 198.18.16.10']],
    [ask({ name: 'in.l.google.com', type: 'AAAA' }), ok, ['an in.l.google.com AAAA 60 2001:2:0:100::1']],
    [
      ask({ name: '10.16.18.198.in-addr.arpa', type: 'PTR' }),
      ok,
      ['an 10.16.18.198.in-addr.arpa PTR 60 in.l.google.com'],
    ],
    [
      ask({ name: 'gmail.com', type: 'SOA' }),
      ok,
      ['an gmail.com SOA 60 ns.windtunnel.test hostmaster.gmail.com 20'],
    ],
    [ask({ name: 'l.google.com', type: 'NS' }), ok, ['an l.google.com NS 60 ns.windtunnel.test']],
    [ask({ name: '.', type: 'SOA' }), ok, ['an . SOA 60 ns.windtunnel.test hostmaster 20']],
    [ask({ name: 'sender.test', type: 'TXT' }), ok, ['an sender.test TXT 60 255+255+202']],
    [
      ask({ name: 'in.l.google.com', type: 'ANY' as 'A' }),
      ok,
      ['an in.l.google.com A 60 198.18.16.10', 'an in.l.google.com AAAA 60 2001:2:0:100::1'],
    ],
    // No such type: at a name with records, at one with only names below it, at one that only leads to a domain.
    [ask({ name: 'alt1.in.l.google.com', type: 'AAAA' }), ok, [soa('l.google.com')]],
    [ask({ name: '_domainkey.sender.test', type: 'TXT' }), ok, [soa('sender.test')]],
    [ask({ name: 'com', type: 'MX' }), ok, [soa('.', 'hostmaster')]],
    // No such name: in a zone, in the reverse tree, in the rest of the world.
    [ask({ name: 'nobody.gmail.com', type: 'A' }), ok | 3, [soa('gmail.com')]],
    [ask({ name: '1.16.18.198.in-addr.arpa', type: 'PTR' }), ok | 3, [soa('in-addr.arpa')]],
    [ask({ name: 'zen.spamhaus.org', type: 'A' }), ok | 3, [soa('.', 'hostmaster')]],
    // Not for us.
    [ask({ name: 'version.bind', type: 'TXT', class: 'CH' }), refused | 5, []],
    [ask({ name: 'gmail.com', type: 'MX', class: 'ANY' }), refused | 5, []],
    [ask({ name: 'gmail.com', type: 'AXFR' }), refused | 5, []],
    [ask({ name: 'gmail.com', type: 'SOA' }, { flags: 4 << 11 }), RECURSION_AVAILABLE | (4 << 11) | 4, []],
    [ask([]), refused | 1, []],
    [
      ask([
        { name: 'a.test', type: 'A' },
        { name: 'b.test', type: 'A' },
      ]),
      refused | 1,
      [],
    ],
    // EDNS (RFC 6891): echoed, with the DO bit; an unknown version; two of them; not at the root.
    [
      ask({ name: 'alt1.in.l.google.com', type: 'A' }, { additionals: [opt({ flags: DNSSEC_OK })] }),
      ok,
      ['an alt1.in.l.google.com A 60 198.18.16.11', `ar OPT 1232 0 ${DNSSEC_OK}`],
    ],
    [
      ask({ name: 'x.test', type: 'A' }, { additionals: [opt({ ednsVersion: 1 })] }),
      refused,
      ['ar OPT 1232 1 0'],
    ],
    [ask({ name: 'x.test', type: 'A' }, { additionals: [opt(), opt()] }), refused | 1, ['ar OPT 1232 0 0']],
    [
      ask({ name: 'x.test', type: 'A' }, { additionals: [opt({ name: 'x' })] }),
      refused | 1,
      ['ar OPT 1232 0 0'],
    ],
    [
      ask({ name: 'com', type: 'A' }, { flags: CHECKING_DISABLED }),
      ok ^ RECURSION_DESIRED ^ CHECKING_DISABLED,
      [soa('.', 'hostmaster')],
    ],
  ];
  for (const [query, flags, records] of cases) {
    const response = answer(query, zones);
    const name = JSON.stringify(query.questions);
    assert.deepEqual({ flags: response.flags, records: show(response) }, { flags, records }, name);
    assert.equal(response.id, 7);
    assert.deepEqual(response.questions, query.questions?.length === 1 ? query.questions : [], name);
  }
});

test('a response is cut to what the transport takes', () => {
  const mx = { name: 'many.test', type: 'MX' } as const;
  const txt = { name: 'sender.test', type: 'TXT' } as const;
  const edns = (udpPayloadSize: number): Packet => ({ additionals: [opt({ udpPayloadSize })] });
  type Cut = { limit: number; truncated: boolean; answers: number; additionals: number };
  const cases: [name: string, query: Packet, transport: Transport, cut: Cut][] = [
    // 12 MX records fit into 512 bytes, with 12 addresses they don't: glue goes first, without the TC bit.
    ['glue', ask(mx), 'udp', { limit: 512, truncated: false, answers: 12, additionals: 0 }],
    [
      'glue, EDNS',
      ask(mx, edns(4096)),
      'udp',
      { limit: 1232, truncated: false, answers: 12, additionals: 13 },
    ],
    [
      'glue, EDNS below 512',
      ask(mx, edns(10)),
      'udp',
      { limit: 512, truncated: false, answers: 12, additionals: 1 },
    ],
    ['records', ask(txt), 'udp', { limit: 512, truncated: true, answers: 0, additionals: 0 }],
    [
      'records, EDNS',
      ask(txt, edns(4096)),
      'udp',
      { limit: 1232, truncated: false, answers: 1, additionals: 1 },
    ],
    [
      'records, EDNS 600',
      ask(txt, edns(600)),
      'udp',
      { limit: 600, truncated: true, answers: 0, additionals: 1 },
    ],
    ['TCP', ask(txt), 'tcp', { limit: 65_535, truncated: false, answers: 1, additionals: 0 }],
  ];
  for (const [name, query, transport, { limit, ...cut }] of cases) {
    const response = respond(encode(query), zones, transport);
    assert.ok(response && response.bytes.length <= limit, name);
    const { flag_tc, answers, additionals } = decode(response.bytes);
    assert.deepEqual(
      { truncated: flag_tc, answers: answers?.length, additionals: additionals?.length },
      cut,
      name,
    );
  }
});

test('the question goes back byte for byte, and the log has it as asked', () => {
  // A label with a dot, a zero byte and bytes that are not UTF-8, in a class that nobody knows.
  const odd = Buffer.from(
    '0007010000010000000000000461 2e00ff 0474657374 00 0001 1234'.replace(/ /g, ''),
    'hex',
  );
  const cases: [query: Buffer, rcode: string, name: string | undefined][] = [
    [encode(ask({ name: 'GmAil.cOm', type: 'A' })), 'NOERROR', 'GmAil.cOm'],
    [encode(ask({ name: 'Nobody.TEST', type: 'A' })), 'NXDOMAIN', 'Nobody.TEST'],
    [odd, 'REFUSED', undefined],
  ];
  for (const [query, rcode, name] of cases) {
    const response = respond(query, zones, 'udp');
    assert.ok(response);
    assert.deepEqual(response.bytes.subarray(12, query.length), query.subarray(12));
    assert.equal(response.answered.rcode, rcode);
    if (name) assert.deepEqual([response.answered.name, response.answered.type], [name, 'A']);
  }
});

test('broken packets are answered with FORMERR if they have a header, and never if they are responses', () => {
  const header = '000701000001000000000000';
  const formErr = '000781810000000000000000';
  const notImp = '0007a9840000000000000000';
  const cases: [name: string, query: string, response: string | undefined][] = [
    ['empty', '', undefined],
    ['eleven bytes', header.slice(2), undefined],
    ['a response', `000781${header.slice(6)}0161000001 0001`, undefined],
    ['no question', header, formErr],
    ['cut in the name', `${header}0361`, formErr],
    ['cut in the type', `${header}01610000`, formErr],
    ['a pointer to itself', `${header}c00c00010001`, formErr],
    ['a reserved label type', `${header}4061000001 0001`, formErr],
    ['65535 answers', `00070100 0001 ffff 0000 0000 016100 0001 0001`, formErr],
    ['an update, cut', `00072900 0001 0001 0000 0000 016100 0001 0001`, notImp],
  ];
  for (const [name, query, expected] of cases) {
    const response = respond(Buffer.from(query.replace(/ /g, ''), 'hex'), zones, 'udp');
    assert.equal(response?.bytes.toString('hex'), expected, name);
  }
});

test('no bytes whatever make it throw, and every response can be decoded', () => {
  const valid = encode(ask({ name: 'gmail.com', type: 'MX' }, { additionals: [opt()] }));
  const mutated = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 })
    .map((changes) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(mutated, random), fc.constantFrom<Transport>('udp', 'tcp'), (bytes, transport) => {
      const response = respond(bytes, zones, transport);
      if (!response) return;
      const packet = decode(response.bytes);
      assert.equal(packet.flag_qr, true);
      assert.equal(packet.id, bytes.readUInt16BE(0));
      assert.ok(transport === 'tcp' || response.bytes.length <= 1232);
    }),
    { numRuns: 3000 },
  );
});

test('names in trouble fail as asked, others do not', () => {
  const troubles = { 'gmail.com': 'servfail', 'many.test': 'nxdomain', 'sender.test': 'timeout' } as const;
  const troubled = (name: string) => troubles[name as keyof typeof troubles];
  const cases: [name: string, rcode: string | undefined][] = [
    ['GMAIL.com', 'SERVFAIL'],
    ['many.test', 'NXDOMAIN'],
    ['sender.test', undefined],
    ['in.l.google.com', 'NOERROR'],
  ];
  for (const [name, rcode] of cases) {
    const response = respond(encode(ask({ name, type: 'A' })), zones, 'udp', troubled);
    assert.equal(response?.answered.rcode, rcode, name);
  }
});
