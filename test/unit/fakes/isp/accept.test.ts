import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { readFrom } from '../../../../fakes/isp/accept.ts';
import { until } from '../../../support/until.ts';

interface Context {
  after(act: () => unknown): void;
}

interface Pair {
  readonly server: Server;
  readonly client: Socket;
  readonly taken: Socket;
}

/** A client, and its connection as a server took it. */
async function pair(t: Context): Promise<Pair> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const connected = once(server, 'connection');
  const { address, port } = server.address() as AddressInfo;
  const client = connect({ host: address, port, allowHalfOpen: true });
  client.on('error', () => {});
  const [taken] = (await connected) as [Socket];
  t.after(() => {
    client.destroy();
    server.close();
  });
  return { server, client, taken };
}

/** Collects what is read. */
function ear() {
  const heard = { text: '', buffers: new Set<ArrayBufferLike>() };
  return {
    heard,
    receive(bytes: Buffer): void {
      heard.text += bytes.toString('latin1');
      heard.buffers.add(bytes.buffer);
    },
  };
}

const connectionsOf = (server: Server): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

test('all reads of all connections come through one buffer, and each is whole', async (t) => {
  const { heard, receive } = ear();
  const pairs = [await pair(t), await pair(t)];
  const sockets = pairs.map(({ taken }) => readFrom(taken, receive));
  for (let n = 0; n < 6; n++) {
    const before = heard.text.length;
    pairs[n % 2]?.client.write(`<${n}>`.repeat(50));
    await until(() => heard.text.length === before + 150);
    assert.equal(heard.text.slice(before), `<${n}>`.repeat(50));
  }
  assert.equal(heard.buffers.size, 1);
  for (const socket of sockets) socket.destroy();
});

test('the server counts the connection until it is gone, and closes then', async (t) => {
  const { server, taken } = await pair(t);
  const socket = readFrom(taken, () => {});
  assert.notEqual(socket, taken);
  assert.equal(await connectionsOf(server), 1);
  const closed = once(server, 'close');
  server.close();
  taken.destroy();
  assert.equal(socket.destroyed, false);
  socket.destroy();
  await closed;
});

test('either side may end first, and the other goes on', async (t) => {
  const { client, taken } = await pair(t);
  const { heard, receive } = ear();
  const socket = readFrom(taken, receive);
  const ended = once(socket, 'end');
  client.end('last words');
  await ended;
  assert.deepEqual([heard.text, socket.writable], ['last words', true]);
  let answer = '';
  client.on('data', (bytes) => {
    answer += bytes.toString();
  });
  const closed = Promise.all([once(socket, 'close'), once(client, 'end')]);
  socket.end('answer');
  await closed;
  assert.equal(answer, 'answer');
});

test('a reset of the client is an error', async (t) => {
  const { client, taken } = await pair(t);
  const socket = readFrom(taken, () => {});
  const failed = once(socket, 'error');
  client.resetAndDestroy();
  const [error] = (await failed) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});

test('nothing is read between pause and resume', async (t) => {
  const { client, taken } = await pair(t);
  let socket = taken;
  let reads = 0;
  let bytes = 0;
  socket = readFrom(taken, (chunk) => {
    reads++;
    bytes += chunk.length;
    socket.pause();
  });
  const total = 300_000;
  client.end('x'.repeat(total));
  let ended = false;
  socket.on('end', () => {
    ended = true;
  });
  while (bytes < total) {
    const before = reads;
    socket.resume();
    await until(() => reads > before);
    for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(reads, before + 1);
  }
  assert.equal(ended, false);
  socket.resume();
  await until(() => ended);
  socket.destroy();
});

test('a connection without a handle to move, or that was read from, is read as it is', async (t) => {
  const { client, taken } = await pair(t);
  const { heard, receive } = ear();
  taken.unshift('before ');
  const socket = readFrom(taken, receive);
  assert.equal(socket, taken);
  client.write('after');
  await until(() => heard.text === 'before after');
  socket.destroy();
  assert.equal(readFrom(socket, receive), socket);
});

test('who waits for the end of the socket that was given hears of it', async (t) => {
  const { client, taken } = await pair(t);
  const told = once(taken, 'close');
  const socket = readFrom(taken, () => {});
  client.destroy();
  socket.end();
  await told;
});
