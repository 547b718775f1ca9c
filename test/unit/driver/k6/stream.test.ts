import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { k6Line, readLines } from '../../../../src/driver/k6/stream.ts';

test('lines of the stream are read, and others are not taken for some', () => {
  const point = (data: object): string => JSON.stringify({ metric: 'm', type: 'Point', data });
  const time = '2026-11-28T20:00:00.250123456+01:00';
  const atMs = Date.parse('2026-11-28T19:00:00.250Z');
  const rows: [string, string, ReturnType<typeof k6Line>][] = [
    [
      'a metric of times',
      '{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","thresholds":[],"submetrics":null},"metric":"http_req_duration"}',
      { type: 'Metric', name: 'http_req_duration', kind: 'trend', time: true },
    ],
    [
      'a metric of anything',
      '{"type":"Metric","data":{"name":"vus","type":"gauge","contains":"default"},"metric":"vus"}',
      { type: 'Metric', name: 'vus', kind: 'gauge', time: false },
    ],
    [
      'a sample with a zone and nanoseconds',
      point({ time, value: 1.5, tags: { status: '200' } }),
      { type: 'Point', name: 'm', atMs, value: 1.5, tags: { status: '200' }, metadata: {} },
    ],
    [
      'a sample without tags, with metadata',
      point({ time, value: 0, tags: null, metadata: { injection: 'x' } }),
      { type: 'Point', name: 'm', atMs, value: 0, tags: {}, metadata: { injection: 'x' } },
    ],
    ['text', 'running (10s), 5/5 VUs', undefined],
    ['half a line', '{"metric":"m","type":"Point","data":{"time":"2026', undefined],
    ['JSON of something else', '{"metric":7}', undefined],
    ['a metric of an unknown kind', '{"type":"Metric","data":{"type":"histogram"},"metric":"m"}', undefined],
    ['a sample without a time', point({ value: 1 }), undefined],
    ['a sample with a time that is none', point({ time: 'today', value: 1 }), undefined],
    ['a sample without data', '{"metric":"m","type":"Point","data":null}', undefined],
    [
      'a line of another type',
      '{"metric":"m","type":"Threshold","data":{"time":"2026","value":1}}',
      undefined,
    ],
  ];
  for (const [name, line, expected] of rows) assert.deepEqual(k6Line(line), expected, name);
});

test('lines are put together from whatever chunks they come in', async () => {
  const rows: [string, readonly (string | Buffer)[], readonly string[]][] = [
    ['lines in one chunk', ['one\ntwo\n'], ['one', 'two']],
    ['a line in three chunks', ['on', 'e', '\ntwo\n'], ['one', 'two']],
    ['a last line without an end', ['one\ntwo'], ['one', 'two']],
    ['a letter cut in two', [Buffer.from([0x61, 0xc3]), Buffer.from([0xa4, 0x0a])], ['aä']],
    ['empty lines', ['\n\n'], ['', '']],
    ['nothing', [], []],
  ];
  for (const [name, chunks, expected] of rows) {
    const stream = new PassThrough();
    const lines: string[] = [];
    const done = readLines(stream, (line) => lines.push(line));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await done;
    assert.deepEqual(lines, expected, name);
  }
});

test('of a line without end the beginning is told, and what follows it is read', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  const done = readLines(stream, (line) => lines.push(line));
  for (let n = 0; n < 40; n++) stream.write('x'.repeat(1 << 16));
  stream.end('\nnext\n');
  await done;
  assert.equal(lines.length, 2);
  assert.ok((lines[0]?.length ?? 0) < 1.2 * (1 << 20), `${lines[0]?.length} characters were kept`);
  assert.equal(lines[1], 'next');
});
