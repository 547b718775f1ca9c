import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { createAuthority } from '../../../../../fakes/tls.ts';
import { outerId, relayTries } from '../../../../../src/lab/mta/checks/checks.ts';
import { type Answer, type Probe, tryDoor } from '../../../../../src/lab/mta/checks/probe.ts';
import { freePort } from '../../../../../src/mta/ready.ts';

const at = { address: '127.0.0.1', from: undefined };

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('what is told of a door, open or closed', async (t) => {
  const silent = createServer((socket) => socket.resume());
  const relay = new SMTPServer({
    name: 'mx.example.test',
    banner: 'ready',
    disableReverseLookup: true,
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onMailFrom: ({ address }, _session, done) =>
      done(
        address === 'stranger@elsewhere.test'
          ? Object.assign(new Error('we do not relay'), { responseCode: 550 })
          : null,
      ),
  });
  const hangsUp = createServer((socket) => socket.end('220-two\r\n220 lines\r\n'));
  const ports = {
    silent: await listening(silent),
    relay: await listening(relay.server),
    hangsUp: await listening(hangsUp),
    nobody: await freePort(['127.0.0.1']),
  };
  t.after(() => {
    for (const server of [silent, hangsUp]) server.close();
    relay.close();
  });
  const mail = (sender: string): string[] => ['EHLO us', `MAIL FROM:<${sender}>`, 'RCPT TO:<a@b.test>'];
  const rows: [string, Probe, Partial<Answer>][] = [
    [
      'nobody',
      { kind: 'knock', ...at, port: ports.nobody },
      { result: 'closed', replies: [], why: 'ECONNREFUSED' },
    ],
    [
      'an address that is not ours to come from',
      { kind: 'knock', ...at, from: '203.0.113.77', port: ports.silent },
      { result: 'closed', replies: [], why: 'EADDRNOTAVAIL' },
    ],
    ['one who says nothing', { kind: 'knock', ...at, port: ports.silent }, { result: 'open', replies: [] }],
    [
      'one who greets in two lines',
      { kind: 'knock', ...at, port: ports.hangsUp },
      { result: 'open', replies: ['220-two / 220 lines'] },
    ],
    [
      'one who hangs up',
      { kind: 'say', ...at, port: ports.hangsUp, commands: ['NOOP'] },
      { result: 'open', replies: ['220-two / 220 lines'], why: 'the connection was closed' },
    ],
    [
      'one who relays',
      { kind: 'say', ...at, port: ports.relay, commands: mail('us@b.test') },
      {
        result: 'open',
        replies: [
          '220 mx.example.test ESMTP ready',
          '250-mx.example.test Nice to meet you, [127.0.0.1] / 250-PIPELINING / 250-8BITMIME / 250 SMTPUTF8',
          '250 Accepted',
          '250 Accepted',
        ],
      },
    ],
    [
      'one who refuses: nothing more is said',
      { kind: 'say', ...at, port: ports.relay, commands: mail('stranger@elsewhere.test') },
      {
        result: 'open',
        replies: [
          '220 mx.example.test ESMTP ready',
          '250-mx.example.test Nice to meet you, [127.0.0.1] / 250-PIPELINING / 250-8BITMIME / 250 SMTPUTF8',
          '550 we do not relay',
        ],
      },
    ],
    [
      'TLS where there is none',
      { kind: 'tls', ...at, port: ports.relay, version: 'TLSv1.3', implicit: false },
      { result: 'closed' },
    ],
  ];
  for (const [name, probe, expected] of rows) {
    const answer = await tryDoor(probe);
    for (const [key, value] of Object.entries(expected))
      assert.deepEqual(answer[key as keyof Answer], value, `${name}: ${key}`);
  }
});

test('the versions of TLS that are offered, old ones too', async (t) => {
  const authority = await createAuthority();
  const { cert, key } = await authority.leaf({ names: ['mx.example.test'] });
  const options = {
    cert,
    key,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.2',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const;
  const servers = [
    new SMTPServer({ ...options, disableReverseLookup: true, authOptional: true }),
    new SMTPServer({ ...options, disableReverseLookup: true, authOptional: true, secure: true }),
  ];
  for (const server of servers) server.on('error', () => {});
  t.after(() => servers.map((server) => server.close()));
  for (const [implicit, server] of [
    [false, servers[0]],
    [true, servers[1]],
  ] as const) {
    const port = await listening((server as SMTPServer).server);
    const offered = [];
    for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']) {
      const { result, replies } = await tryDoor({ kind: 'tls', ...at, port, version, implicit });
      if (result === 'open') offered.push(replies.at(-1)?.split(' ')[0]);
    }
    assert.deepEqual(offered, ['TLSv1.1', 'TLSv1.2'], implicit ? 'at once' : 'after STARTTLS');
  }
});

test('a door that says nothing is given up, and no socket is left', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  const port = await listening(server);
  t.after(() => server.close());
  await tryDoor({ kind: 'knock', ...at, port });
  const [socket] = sockets;
  assert.ok(socket);
  socket.resume();
  if (!socket.destroyed) await once(socket, 'close');
});

test('what a stranger tries names no recipient of ours', () => {
  for (const commands of relayTries('news.sender.test', 'gmail.com')) {
    assert.equal(commands.length, 3);
    assert.match(commands[2] as string, /@gmail\.com>$/);
  }
});

test('a user of a namespace is who it is outside', () => {
  const rows: [inside: number, map: string, outer: number][] = [
    [0, '         0          0 4294967295\n', 0],
    [0, '0 1000 1\n', 1000],
    [1, '0 1000 1\n1 100000 65536\n', 100000],
    [70000, '0 1000 1\n', 70000],
    [5, '', 5],
  ];
  for (const [inside, map, outer] of rows) assert.equal(outerId(inside, map), outer, `${inside} by ${map}`);
});
