import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FloodOptions, floodRequest } from '../../../src/cli/flood-options.ts';
import { HarnessError } from '../../../src/core/errors.ts';

const plain: FloodOptions = {
  connections: '20',
  size: '2KB',
  recipients: '1',
  from: 'sender.test',
  to: 'recipient.test',
  tls: 'none',
  source: [],
  retryWait: '1s',
  timeout: '60s',
  giveUp: '3s',
  seed: '1',
};

test('targets', () => {
  const rows: readonly (readonly [string, string | undefined, number])[] = [
    ['127.0.0.1:2525', '127.0.0.1', 2525],
    ['[::1]:25', '::1', 25],
    ['localhost:65535', 'localhost', 65_535],
    ['localhost', undefined, 0],
    ['localhost:', undefined, 0],
    ['localhost:0', undefined, 0],
    ['localhost:65536', undefined, 0],
    [':25', undefined, 0],
    ['::1:25', undefined, 0],
    ['[127.0.0.1]:25', undefined, 0],
    ['[::1]', undefined, 0],
  ];
  for (const [text, host, port] of rows) {
    if (host === undefined)
      assert.throws(() => floodRequest(text, plain), /: expected a host and a port, such as/, text);
    else assert.deepEqual(floodRequest(text, plain).target, { host, port, named: undefined });
  }
});

test('what is not asked for has a default, and the load always has an end', () => {
  const { load, helo, pipeline, giveUp, workers, seed } = floodRequest('127.0.0.1:25', plain);
  assert.deepEqual(
    { helo, pipeline, giveUp, workers, seed },
    { helo: 'injector.sender.test', pipeline: false, giveUp: 3e6, workers: undefined, seed: 1 },
  );
  assert.deepEqual(
    [load.action, load.connections, load.rate, load.duration, load.messages, load.pause, load.retry],
    ['message', 20, undefined, undefined, 1000, 0, undefined],
  );
  const timed = floodRequest('127.0.0.1:25', { ...plain, duration: '1m' }).load;
  assert.deepEqual([timed.duration, timed.messages], [60e6, undefined]);
  const noop = floodRequest('127.0.0.1:25', { ...plain, noop: true, duration: '1m' }).load;
  assert.deepEqual([noop.action, noop.messages, noop.pause], ['noop', undefined, 1e6]);
});

test('every mistake is a usage error that says what was expected', () => {
  const rows: readonly (readonly [Partial<FloodOptions>, RegExp])[] = [
    [{ connections: '0' }, /^--connections 0: expected a whole number from 1 to 1,000,000$/],
    [{ connections: '1.5' }, /^--connections 1\.5: expected a whole number/],
    [{ messages: '50000001' }, /^--messages 50000001: expected a whole number from 1 to 50,000,000$/],
    [{ duration: '25h' }, /^--duration 25h: expected a duration such as 30s or 5m, at most 24h$/],
    [{ duration: '10' }, /^--duration 10: expected a duration/],
    [{ duration: '10s@sim' }, /^--duration 10s@sim: expected a duration/],
    [{ rate: '500' }, /^--rate 500: expected a rate such as 500\/s or 20\/m$/],
    [{ rate: '0/s' }, /^--rate 0\/s: expected a rate/],
    [{ rate: '1000/s', duration: '24h' }, /^--rate for so long makes more than 50,?000,?000 messages$/],
    [{ rate: '10/s', pause: '1s' }, /^--pause means nothing beside --rate/],
    [{ noop: true }, /^--noop sends no messages: give --duration/],
    [{ noop: true, duration: '1s', rate: '5/s' }, /^--noop sends no messages/],
    [{ noop: true, duration: '1s', messages: '5' }, /^--noop sends no messages/],
    [{ messagesPerConnection: '0' }, /^--messages-per-connection 0: expected a whole number/],
    [
      { size: '2K' },
      /^--size 2K: expected a size such as 2KB, or a range such as 2KB\.\.60KB, at most 50MB$/,
    ],
    [{ size: '60KB..2KB' }, /^--size 60KB\.\.2KB: expected a size/],
    [{ size: '51MB' }, /^--size 51MB: expected a size/],
    [{ recipients: '1001' }, /^--recipients 1001: expected a whole number from 1 to 1,000$/],
    [{ from: 'a b' }, /^--from a b: expected a domain such as example\.test$/],
    [{ to: 'x>\r\nQUIT' }, /^--to x>\r\nQUIT: expected a domain/],
    [{ helo: 'x\r\nQUIT' }, /^--helo x\r\nQUIT: expected a domain/],
    [{ tls: 'on' }, /^--tls on: expected one of none, starttls, implicit$/],
    [{ auth: 'ntlm', user: 'u', password: 'p' }, /^--auth ntlm: expected one of plain, login, cram-md5$/],
    [{ auth: 'plain', password: 'p' }, /^--auth needs --user$/],
    [{ auth: 'plain', user: 'u' }, /^--auth needs --password, or WINDTUNNEL_PASSWORD set$/],
    [{ user: 'u' }, /^--auth is missing: plain, login or cram-md5$/],
    [{ source: ['localhost'] }, /^--source localhost: expected an IPv4 or IPv6 address of this machine$/],
    [{ retry: '0' }, /^--retry 0: expected a whole number from 1 to 1,000$/],
    [{ retry: '1', retryWait: '0s' }, /^--retry-wait 0s: expected a duration/],
    [{ timeout: 'never' }, /^--timeout never: expected a duration/],
    [{ giveUp: '0s' }, /^--give-up 0s: expected a duration/],
    [{ workers: '65' }, /^--workers 65: expected a whole number from 1 to 64$/],
    [{ seed: 'x' }, /^--seed x: expected a whole number$/],
  ];
  for (const [changes, message] of rows) {
    assert.throws(
      () => floodRequest('127.0.0.1:25', { ...plain, ...changes }),
      (error) => error instanceof HarnessError && error.kind === 'usage' && message.test(error.message),
      `${JSON.stringify(changes)} ${message}`,
    );
  }
});

test('the password comes from the environment, so that no list of processes shows it', (t) => {
  process.env.WINDTUNNEL_PASSWORD = 'secret';
  t.after(() => {
    delete process.env.WINDTUNNEL_PASSWORD;
  });
  const auth = (changes: Partial<FloodOptions>) =>
    floodRequest('127.0.0.1:25', { ...plain, ...changes }).load.auth;
  assert.deepEqual(auth({ auth: 'login', user: 'u' }), { mechanism: 'login', user: 'u', password: 'secret' });
  assert.equal(auth({ auth: 'login', user: 'u', password: 'other' })?.password, 'other');
  assert.equal(auth({}), undefined);
});
