import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { decode, encode } from 'dns-packet';
import { type AnsweredQuery, type DnsServer, startDns } from '../../../fakes/dns.ts';
import { buildZones } from '../../../fakes/zones.ts';
import { HarnessError } from '../../../src/core/errors.ts';

const longSpf = `v=spf1 ${'ip4:198.18.128.1 '.repeat(100)}-all`;
const zones = buildZones({
  isps: [
    {
      domains: ['gmail.com'],
      mx: [
        { host: 'in.l.google.com', preference: 5, addresses: ['198.18.16.10', '2001:2:0:100::1'] },
        { host: 'alt1.in.l.google.com', preference: 10, addresses: ['198.18.16.11'] },
      ],
    },
  ],
  senders: [
    {
      domain: 'sender.test',
      spf: longSpf,
      dkim: [{ selector: 's1', type: 'rsa' as const, publicKey: 'MIIB' }],
      dmarc: 'p=none',
      mx: [{ host: 'mx.sender.test', addresses: ['198.18.0.25'] }],
    },
  ],
  sources: [{ address: '198.18.128.1', helo: 'out1.sender.test' }],
});

const queries: AnsweredQuery[] = [];
const resolver = new Resolver({ timeout: 5000, tries: 1 });
let server: DnsServer;

before(async () => {
  server = await startDns({
    address: '127.0.0.1',
    port: 0,
    zones,
    idleMs: 300,
    onQuery: (q) => void queries.push(q),
  });
  resolver.setServers([`127.0.0.1:${server.port}`]);
});
after(() => server.stop());

function question(name: string, id: number): Buffer {
  return encode({ type: 'query', id, questions: [{ name, type: 'A' }] });
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

test("Node's resolver reads every type of record", async () => {
  const soa = await resolver.resolveSoa('gmail.com');
  // Node 24 adds a type to each record.
  const mx = (await resolver.resolveMx('gmail.com')).map(({ exchange, priority }) => ({
    exchange,
    priority,
  }));
  assert.deepEqual(
    {
      mx,
      a: await resolver.resolve4('in.l.google.com'),
      aaaa: await resolver.resolve6('in.l.google.com'),
      ptr: await resolver.reverse('198.18.128.1'),
      forward: await resolver.resolve4('out1.sender.test'),
      reverse6: await resolver.reverse('2001:2:0:100::1'),
      dkim: await resolver.resolveTxt('s1._domainkey.sender.test'),
      dmarc: await resolver.resolveTxt('_dmarc.sender.test'),
      ns: await resolver.resolveNs('gmail.com'),
      minttl: soa.minttl,
      hostmaster: soa.hostmaster,
    },
    {
      mx: [
        { exchange: 'in.l.google.com', priority: 5 },
        { exchange: 'alt1.in.l.google.com', priority: 10 },
      ],
      a: ['198.18.16.10'],
      aaaa: ['2001:2:0:100::1'],
      ptr: ['out1.sender.test'],
      forward: ['198.18.128.1'],
      reverse6: ['in.l.google.com'],
      dkim: [['v=DKIM1; k=rsa; p=MIIB']],
      dmarc: [['v=DMARC1; p=none']],
      ns: ['ns.windtunnel.test'],
      minttl: 60,
      hostmaster: 'hostmaster.gmail.com',
    },
  );
});

test("Node's resolver tells a missing type from a missing name", async () => {
  const cases: [lookup: () => Promise<unknown>, code: string][] = [
    [() => resolver.resolve6('alt1.in.l.google.com'), 'ENODATA'],
    [() => resolver.resolveTxt('_domainkey.sender.test'), 'ENODATA'],
    [() => resolver.resolveMx('google.com'), 'ENODATA'],
    [() => resolver.resolve4('nobody.gmail.com'), 'ENOTFOUND'],
    [() => resolver.resolveMx('gmial.com'), 'ENOTFOUND'],
    [() => resolver.reverse('192.0.2.1'), 'ENOTFOUND'],
  ];
  for (const [lookup, code] of cases) await assert.rejects(lookup, { code });
});

test('a long TXT record is truncated over UDP and comes whole over TCP', async () => {
  queries.length = 0;
  const [strings] = await resolver.resolveTxt('sender.test');
  assert.equal(strings?.join(''), longSpf);
  assert.deepEqual(
    queries.map(({ name, type, transport, rcode }) => [name.toLowerCase(), type, transport, rcode]),
    [
      ['sender.test', 'TXT', 'udp', 'NOERROR'],
      ['sender.test', 'TXT', 'tcp', 'NOERROR'],
    ],
  );
  assert.match(queries[0]?.from ?? '', /^127\.0\.0\.1:\d+$/);
});

test('a TCP connection takes several queries, however they are cut, and is closed when idle', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));

  const stream = Buffer.concat(
    ['in.l.google.com', 'nobody.test', 'alt1.in.l.google.com'].map((n, i) => framed(question(n, i))),
  );
  for (const byte of stream) socket.write(Buffer.from([byte]));
  // The server closes, not this end: that is the idle limit.
  await once(socket, 'close');

  let rest = Buffer.concat(received);
  const answers: string[] = [];
  while (rest.length > 0) {
    const end = 2 + rest.readUInt16BE(0);
    const packet = decode(rest.subarray(2, end));
    answers.push(
      `${packet.id} ${(packet.flags ?? 0) & 0xf} ${packet.answers?.map((a) => a.type === 'A' && a.data)}`,
    );
    rest = rest.subarray(end);
  }
  assert.deepEqual(answers, ['0 0 198.18.16.10', '1 3 ', '2 0 198.18.16.11']);
});

test('what cannot be read does not stop the server', async () => {
  const client = createSocket('udp4');
  client.connect(server.port, '127.0.0.1');
  await once(client, 'connect');
  client.send(Buffer.from([1, 2, 3]));
  client.send(Buffer.alloc(40, 0x3f));
  const [response] = await once(client, 'message');
  // The first is ignored; the second has a header, which says opcode 7.
  assert.equal(decode(response).id, 0x3f3f);
  assert.equal((decode(response).flags ?? 0) & 0xf, 4);
  client.close();
  assert.deepEqual(await resolver.resolve4('in.l.google.com'), ['198.18.16.10']);
});

test('a port in use is an error that names it', async () => {
  await assert.rejects(
    startDns({ address: '127.0.0.1', port: server.port, zones }),
    (error) =>
      error instanceof HarnessError && error.kind === 'lab' && error.message.includes(`port ${server.port}`),
  );
});
