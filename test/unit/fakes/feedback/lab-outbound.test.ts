import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { labOutbound } from '../../../../fakes/feedback/lab-outbound.ts';
import type { HandOver, Outbound } from '../../../../fakes/feedback/outbound.ts';
import { createAuthority } from '../../../../fakes/tls.ts';
import { HarnessError } from '../../../../src/core/errors.ts';
import { loopbackOnly } from '../../../../src/core/proof.ts';
import { freePort } from '../../../../src/mta/ready.ts';
import { type Script, serve } from '../../../support/scripted-server.ts';
import { until } from '../../../support/until.ts';

const PATH = {
  https: { address: '127.0.0.1', port: 9 },
  caPem: '',
  feedbackAddress: 'fbl@news.sender.test',
};
const MAIL = {
  sender: 'fbl@isp.test',
  recipient: 'fbl@news.sender.test',
  text: 'Subject: x\r\n\r\nspam\r\n',
};
const CLICK = { url: 'https://news.sender.test/unsubscribe/1/0?a=b', body: 'List-Unsubscribe=One-Click' };

function outboundTo(t: TestContext, port: number, path: Partial<typeof PATH> = {}, own = ['127.0.0.1']) {
  const mail = { address: '127.0.0.1', port };
  const outbound = labOutbound({
    proof: loopbackOnly(),
    path: { ...PATH, ...path, mail },
    helo: 'mx.isp.test',
    own,
  });
  t.after(() => outbound.close());
  return outbound;
}

const sent = (outbound: Outbound, mail = MAIL): Promise<HandOver> =>
  new Promise((resolve) => outbound.mail(mail, resolve));
const clicked = (outbound: Outbound, click = CLICK): Promise<HandOver> =>
  new Promise((resolve) => outbound.click(click, resolve));

test('nothing is sent to anything but loopback where no seal is proven', () => {
  const rows: [string, string][] = [
    ['198.18.128.1', '127.0.0.1'],
    ['127.0.0.1', '198.18.0.25'],
    ['8.8.8.8', '::1'],
    ['localhost', '127.0.0.1'],
  ];
  for (const [mail, https] of rows) {
    const path = { ...PATH, mail: { address: mail, port: 25 }, https: { address: https, port: 443 } };
    assert.throws(
      () => labOutbound({ proof: loopbackOnly(), path, helo: 'mx.isp.test', own: [] }),
      (error) => error instanceof HarnessError && /refusing to send/.test(error.message),
    );
  }
});

test('what came of a mail is what the server says, and where it falls silent the mail is tried again', async (t) => {
  const rows: [string, Script, HandOver][] = [
    ['taken', {}, 'taken'],
    ['greeted in two lines', { greeting: '220-two\r\n220 lines' }, 'taken'],
    ['not now', { greeting: '421 busy' }, 'later'],
    ['no mail now', { greeting: '554 no service' }, 'later'],
    ['sender refused', { mail: () => '550 no' }, 'refused'],
    ['sender deferred', { mail: () => '451 later' }, 'later'],
    ['recipient refused', { rcpt: () => '550 unknown' }, 'refused'],
    ['recipient deferred', { rcpt: () => '450 later' }, 'later'],
    ['text refused at once', { data: () => '554 no' }, 'refused'],
    ['refused after the dot', { dot: () => '554 spam' }, 'refused'],
    ['deferred after the dot', { dot: () => '452 full' }, 'later'],
    ['gone at MAIL', { mail: () => undefined }, 'later'],
    ['gone at RCPT', { rcpt: () => undefined }, 'later'],
    ['gone after the dot', { dot: () => undefined }, 'later'],
    ['another protocol', { greeting: 'HTTP/1.1 400 Bad Request' }, 'later'],
  ];
  for (const [name, script, expected] of rows) {
    const { port } = await serve(t, script);
    assert.equal(await sent(outboundTo(t, port)), expected, name);
  }
});

test('what nobody listens for is tried again', async (t) => {
  const port = await freePort(['127.0.0.1']);
  assert.equal(await sent(outboundTo(t, port)), 'later');
});

test('mails share a connection, and one that ended meanwhile is opened again', async (t) => {
  let mails = 0;
  const { port, seen } = await serve(t, {
    mail: () => (++mails === 3 ? undefined : '250 ok'),
  });
  const outbound = outboundTo(t, port);
  for (let n = 0; n < 4; n++) assert.equal(await sent(outbound), 'taken');
  assert.equal(seen.connections, 2);
  assert.equal(seen.messages.length, 4);
});

test('a server that closes an idle connection with 421 has said nothing about the next mail', async (t) => {
  let mails = 0;
  const { port, seen } = await serve(t, { mail: () => (++mails === 2 ? '421 idle' : '250 ok') });
  const outbound = outboundTo(t, port);
  assert.equal(await sent(outbound), 'taken');
  assert.equal(await sent(outbound), 'taken');
  assert.equal(seen.connections, 2);
});

test('a mail arrives byte for byte, dots doubled, its last line ended', async (t) => {
  const { port, seen } = await serve(t, {});
  const outbound = outboundTo(t, port);
  await sent(outbound, { ...MAIL, sender: '', text: '.a\r\n..b\r\n\xe9\xff\r\n.' });
  await sent(outbound, { ...MAIL, text: '\r\n' });
  assert.deepEqual(seen.messages, [
    { sender: '', recipients: [MAIL.recipient], text: '..a\r\n...b\r\n\xe9\xff\r\n..\r\n' },
    { sender: MAIL.sender, recipients: [MAIL.recipient], text: '\r\n' },
  ]);
});

test('a click is a POST to the lab, with the host of the URL, over TLS that is checked', async (t) => {
  const authority = await createAuthority();
  const seen: string[] = [];
  let status = 200;
  const server = createServer(await authority.leaf({ names: ['news.sender.test'] }), (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push(
        `${request.method} ${request.headers.host}${request.url} ${request.headers['content-type']} ${body}`,
      );
      response.writeHead(status, { location: 'https://elsewhere.test/' }).end('done');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const https = { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const outbound = outboundTo(t, 9, { https, caPem: authority.caPem });
  for (const [answer, expected] of [
    [200, 'taken'],
    [202, 'taken'],
    [302, 'refused'],
    [404, 'refused'],
    [429, 'later'],
    [503, 'later'],
  ] as const) {
    status = answer;
    assert.equal(await clicked(outbound), expected, `${answer}`);
  }
  assert.deepEqual(
    [...new Set(seen)],
    [
      'POST news.sender.test/unsubscribe/1/0?a=b application/x-www-form-urlencoded List-Unsubscribe=One-Click',
    ],
  );
  status = 200;
  assert.equal(await clicked(outbound, { ...CLICK, url: 'https://other.test/' }), 'later', 'another name');
  const stranger = await createAuthority();
  const distrusting = outboundTo(t, 9, { https, caPem: stranger.caPem });
  assert.equal(await clicked(distrusting), 'later', 'another authority');
  assert.equal(seen.length, 6);
});

test('what is closed while it is under way ends', async (t) => {
  const { port, seen } = await serve(t, { dot: () => '' });
  const outbound = outboundTo(t, port);
  const underWay = sent(outbound);
  await until(() => seen.messages.length > 0);
  outbound.close();
  assert.equal(await underWay, 'later');
});
