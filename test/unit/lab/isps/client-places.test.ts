import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf } from '../../../../fakes/isp/networks.ts';
import { ClientPlaces } from '../../../../src/lab/isps/client-places.ts';

test('sources are dealt out in turn, those that count as one client together', () => {
  const sources = ['198.18.128.1', '2001:2:0:1::1', '2001:2:0:1::2', '198.18.128.2', '198.18.128.3'];
  const places = new ClientPlaces(sources.map(clientOf), 3);
  assert.deepEqual(
    [0, 1, 2].map((part) => places.sourcesOf(part)),
    [[0, 4], [1, 2], [3]],
  );
});

test('a stranger has a worker too, always the same, and not all have one', () => {
  const places = new ClientPlaces([], 3);
  const of = Array.from({ length: 50 }, (_, n) => places.partOf(`192.0.2.${n}`));
  assert.deepEqual(
    of,
    Array.from({ length: 50 }, (_, n) => places.partOf(`192.0.2.${n}`)),
  );
  assert.deepEqual([...new Set(of)].sort(), [0, 1, 2]);
});
