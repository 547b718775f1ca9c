import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openControl } from '../../../../src/driver/k6/control.ts';

const post = (url: string, body: string): Promise<Response> => fetch(url, { method: 'POST', body });

test('whoever is ready is told when the load begins, when that is known', async (t) => {
  const control = await openControl();
  t.after(() => control.close());
  const thresholds = { http_req_failed: ['rate<0.01'] };
  const first = post(control.url, JSON.stringify({ thresholds }));
  assert.deepEqual(await control.ready, { thresholds });
  control.start({ startAtMs: 1234.5 });
  const late = await post(control.url, JSON.stringify({ thresholds: {} }));
  for (const answer of [await first, late]) {
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), { startAtMs: 1234.5 });
  }
});

test('what is no note is refused, and nobody is taken for ready', async (t) => {
  const control = await openControl();
  t.after(() => control.close());
  let ready = false;
  control.ready.then(() => {
    ready = true;
  });
  const note = JSON.stringify({ thresholds: {} });
  const rows: [string, () => Promise<Response>][] = [
    ['no JSON', () => post(control.url, 'ready')],
    ['no object', () => post(control.url, 'null')],
    ['no thresholds', () => post(control.url, '{}')],
    ['thresholds that are none', () => post(control.url, '{"thresholds":"p(95)<1"}')],
    ['another path', () => post(`${control.url}/else`, note)],
    ['another method', () => fetch(control.url)],
  ];
  for (const [name, ask] of rows) assert.equal((await ask()).status, 400, name);
  assert.equal(ready, false);
});

test('those who wait are cut off when it closes', async () => {
  const control = await openControl();
  const waiting = post(control.url, '{"thresholds":{}}');
  await control.ready;
  control.close();
  await assert.rejects(waiting);
});
