import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { HandOver } from '../../../../src/lab/isps/hand-over.ts';

function receiver() {
  const heard: { place: number; done: () => void }[] = [];
  const handOver = new HandOver({
    hand(message, _, done) {
      if (message.type === 'connection') heard.push({ place: message.place, done });
    },
  });
  return { heard, handOver };
}

test('a few connections are on their way at once, the others follow in turn', () => {
  const { heard, handOver } = receiver();
  for (let place = 0; place < 7; place++) handOver.take(new Socket(), place);
  const places = (): number[] => heard.map((one) => one.place);
  assert.deepEqual(places(), [0, 1, 2, 3]);
  heard[0]?.done();
  assert.deepEqual(places(), [0, 1, 2, 3, 4]);
  for (const { done } of heard.slice(1)) done();
  assert.deepEqual(places(), [0, 1, 2, 3, 4, 5, 6]);
});

test('those that are gone are not handed over, nor those of an address that is down', () => {
  const { heard, handOver } = receiver();
  const sockets = Array.from({ length: 8 }, () => new Socket());
  sockets.forEach((socket, index) => {
    handOver.take(socket, index % 2);
  });
  sockets[4]?.destroy();
  handOver.drop(1);
  for (const { done } of [...heard]) done();
  // The four first were on their way; of the others one is gone and two were at the address that is down.
  assert.equal(heard.length, 5);
  assert.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [false, false, false, false, true, true, false, true],
  );
});
