import assert from 'node:assert/strict';
import { test } from 'node:test';
import { k6Key, k6Selector } from '../../../src/core/k6-key.ts';

test("a threshold's key is read as k6 reads it", () => {
  const cases: readonly (readonly [key: string, read: ReturnType<typeof k6Selector>])[] = [
    ['http_reqs', { name: 'http_reqs', tags: {} }],
    ['http_reqs{status:200}', { name: 'http_reqs', tags: { status: '200' } }],
    [' http_reqs { status : "200" , } ', { name: 'http_reqs', tags: { status: '200' } }],
    [`my.metric-1{a:'b c',d:}`, { name: 'my.metric-1', tags: { a: 'b c', d: '' } }],
    ['group_duration{group:::first::second}', { name: 'group_duration', tags: { group: '::first::second' } }],
    ['http_reqs{url:http://127.0.0.1:80/x}', { name: 'http_reqs', tags: { url: 'http://127.0.0.1:80/x' } }],
    ['http_reqs{name:/a/{id}}', { name: 'http_reqs', tags: { name: '/a/{id}' } }],
    ['http_reqs{}', undefined],
    ['http_reqs{,}', undefined],
    ['http_reqs{status:200', undefined],
    ['http_reqs status', undefined],
    ['', undefined],
  ];
  for (const [key, read] of cases) assert.deepEqual(k6Selector(key), read, key);
  assert.equal(k6Key({ name: 'a', tags: { z: '1', b: '2' } }), 'a{b:2,z:1}');
  assert.equal(k6Key({ name: 'a', tags: {} }), 'a');
});
