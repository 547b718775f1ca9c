import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { startOneClick } from '../../../../fakes/mailroom/one-click.ts';
import { createAuthority } from '../../../../fakes/tls.ts';
import { HarnessError } from '../../../../src/core/errors.ts';
import { unsubscribeUrl } from '../../../../src/core/identity.ts';

const URL_42 = new URL(unsubscribeUrl(42, 1, 'news.sender.test'));
const FORM = 'application/x-www-form-urlencoded';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
}

async function open(t: TestContext): Promise<{
  readonly told: string[];
  readonly port: number;
  readonly answered: ReadonlyMap<number, number>;
  ask(
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: string | Buffer,
  ): Promise<Answer>;
}> {
  const authority = await createAuthority();
  const certificate = await authority.leaf({ names: ['news.sender.test', 'shop.sender.test'] });
  const told: string[] = [];
  const server = await startOneClick({
    address: '127.0.0.1',
    port: 0,
    certificate,
    onUnsubscribe: ({ message, slot }) => {
      if (message === 13) throw new Error('the disk is full');
      told.push(`${message}.${slot}`);
    },
  });
  t.after(() => server.stop());
  const { port } = server.place;
  return {
    told,
    port,
    answered: server.answered,
    ask: (method, path, headers = {}, body = '') =>
      new Promise((resolve, reject) => {
        // Verified as an ISP would, against the name in the URL.
        const options = { host: '127.0.0.1', port, ca: authority.caPem, servername: URL_42.hostname };
        const asked = request({ ...options, method, path, headers, agent: false }, (response) => {
          response.resume();
          response.on('end', () => resolve({ status: response.statusCode, headers: response.headers }));
        });
        asked.on('error', reject);
        asked.end(body);
      }),
  };
}

function multipart(...fields: [string, string][]): string {
  return `${fields.map(([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}--x--\r\n`;
}

const ONE_CLICK = 'List-Unsubscribe=One-Click';

test('one click unsubscribes by a POST of RFC 8058 alone', async (t) => {
  const { ask, told, answered } = await open(t);
  const path = URL_42.pathname;
  const parts = { 'content-type': 'multipart/form-data; boundary=x' };
  const rows: [name: string, asked: Parameters<typeof ask>, status: number][] = [
    ['urlencoded', ['POST', path, { 'content-type': FORM }, ONE_CLICK], 200],
    ['with a charset', ['POST', path, { 'content-type': `${FORM}; charset=utf-8` }, ONE_CLICK], 200],
    ['escaped', ['POST', path, { 'content-type': FORM }, 'List%2DUnsubscribe=One%2DClick'], 200],
    ['form-data', ['POST', path, parts, multipart(['List-Unsubscribe', 'One-Click'])], 200],
    [
      'a cookie is no reason to refuse',
      ['POST', path, { 'content-type': FORM, cookie: 'a=b' }, ONE_CLICK],
      200,
    ],
    ['GET', ['GET', path], 405],
    ['GET with the body', ['GET', path, { 'content-type': FORM, 'content-length': '26' }, ONE_CLICK], 405],
    ['HEAD', ['HEAD', path], 405],
    ['PUT', ['PUT', path, { 'content-type': FORM }, ONE_CLICK], 405],
    ['no body', ['POST', path, { 'content-type': FORM }], 400],
    ['another value', ['POST', path, { 'content-type': FORM }, 'List-Unsubscribe=yes'], 400],
    ['another key', ['POST', path, { 'content-type': FORM }, 'unsubscribe=One-Click'], 400],
    ['more than it', ['POST', path, { 'content-type': FORM }, `${ONE_CLICK}&a=b`], 400],
    ['no type', ['POST', path, {}, ONE_CLICK], 400],
    ['another type', ['POST', path, { 'content-type': 'text/plain' }, ONE_CLICK], 400],
    [
      'form-data without its boundary',
      ['POST', path, { 'content-type': 'multipart/form-data' }, ONE_CLICK],
      400,
    ],
    ['form-data that breaks off', ['POST', path, parts, '--x\r\nContent-Disposition: form-d'], 400],
    ['binary', ['POST', path, { 'content-type': FORM }, Buffer.alloc(4000, '\0\xff')], 400],
    ['as long as may be, and wrong', ['POST', path, { 'content-type': FORM }, 'x'.repeat(4096)], 400],
    ['too long', ['POST', path, { 'content-type': FORM }, `${ONE_CLICK}&${'x'.repeat(5000)}`], 413],
    ['the root', ['POST', '/', { 'content-type': FORM }, ONE_CLICK], 404],
    ['no slot', ['POST', '/unsubscribe/42', { 'content-type': FORM }, ONE_CLICK], 404],
    ['more path', ['POST', `${path}/..`, { 'content-type': FORM }, ONE_CLICK], 404],
    ['a query', ['POST', `${path}?a=b`, { 'content-type': FORM }, ONE_CLICK], 404],
    ['a handler that fails', ['POST', '/unsubscribe/13/0', { 'content-type': FORM }, ONE_CLICK], 500],
  ];
  for (const [name, asked, status] of rows) {
    const before = told.length;
    const answer = await ask(...asked);
    assert.equal(answer.status, status, name);
    assert.deepEqual(told.slice(before), status === 200 ? ['42.1'] : [], name);
    for (const header of ['location', 'set-cookie']) assert.equal(answer.headers[header], undefined, name);
  }
  assert.deepEqual(
    [...answered].sort(([a], [b]) => a - b),
    [200, 400, 404, 405, 413].map((status) => [status, rows.filter(([, , s]) => s === status).length]),
  );
});

test('hostile clients: a long header is refused, a long body is not read, and what is no TLS harms nobody', async (t) => {
  const { ask, told, port } = await open(t);
  const long = await ask('POST', URL_42.pathname, { 'x-a': 'x'.repeat(10_000) });
  assert.equal(long.status, 431);
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`x-${i}`, 'y']));
  assert.equal((await ask('POST', URL_42.pathname, many)).status, 431);
  // A body without end: the answer comes, and the connection goes.
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  client.on('error', () => {});
  await once(client, 'secureConnect');
  client.write(
    `POST ${URL_42.pathname} HTTP/1.1\r\nHost: a\r\nContent-Type: ${FORM}\r\nContent-Length: 1000000000\r\n\r\n${'x'.repeat(10_000)}`,
  );
  const [answer] = await once(client, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 413 [\s\S]*connection: close/i);
  await once(client, 'close');
  const bare = await import('node:net').then(({ connect: plain }) => plain(port, '127.0.0.1'));
  bare.on('error', () => {});
  bare.write(`POST ${URL_42.pathname} HTTP/1.1\r\n\r\n`);
  await once(bare, 'close');
  assert.equal((await ask('POST', URL_42.pathname, { 'content-type': FORM }, ONE_CLICK)).status, 200);
  assert.deepEqual(told, ['42.1']);
});

test('a client that breaks off is told nothing of, and stop ends those that stay', async (t) => {
  const { told, port } = await open(t);
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  client.on('error', () => {});
  await once(client, 'secureConnect');
  client.write(
    `POST ${URL_42.pathname} HTTP/1.1\r\nHost: a\r\nContent-Type: ${FORM}\r\nContent-Length: 26\r\n\r\nList`,
  );
  client.destroy();
  await once(client, 'close');
  const certificate = await (await createAuthority()).leaf({ names: ['a.test'] });
  const taken = { address: '127.0.0.1', port, certificate, onUnsubscribe: () => {} };
  await assert.rejects(
    startOneClick(taken),
    (error) =>
      error instanceof HarnessError && error.kind === 'lab' && error.message.includes(`port ${port}`),
  );
  assert.deepEqual(told, []);
});
