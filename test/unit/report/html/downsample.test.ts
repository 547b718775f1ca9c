import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawnSeries } from '../../../../src/report/html/downsample.ts';
import { largeFixture, summaryFixture } from '../../../support/summary-fixture.ts';

test('a short timeline is drawn as it is', () => {
  const { series } = summaryFixture();
  assert.deepEqual(drawnSeries(series), { series, merged: 1 });
});

test('a long one is merged: rates by mean, levels by maximum, unknown stays unknown', () => {
  const { series } = summaryFixture();
  const [isp] = series.isps;
  assert.ok(isp);
  const short = {
    ...series,
    t: [0, 1, 2, 3, 4],
    injected: [10, 20, 30, 40, 50],
    queueDepth: [1, 9, null, null, 3],
    isps: [
      {
        ...isp,
        allowance: [40, null, null, null, 7],
        attempts: [1, 2, 3, 4, 5],
        connectionsOpen: [3, 1, 0, 2, 8],
      },
    ],
    codes: [{ code: '250', perSecond: [2, 4, 6, 8, 10] }],
    deliveryP50Ms: [5, null, 1, 2, null],
    deliveryP99Ms: [5, 70, 1, 2, null],
  };
  const { series: drawn, merged } = drawnSeries(short, 3);
  assert.equal(merged, 2);
  assert.equal(drawn.bucketSeconds, 2);
  assert.deepEqual(drawn.t, [0, 2, 4]);
  assert.deepEqual(drawn.injected, [15, 35, 50]);
  assert.deepEqual(drawn.queueDepth, [9, null, 3]);
  assert.deepEqual(drawn.isps[0]?.allowance, [40, null, 7]);
  assert.deepEqual(drawn.isps[0]?.attempts, [1.5, 3.5, 5]);
  assert.deepEqual(drawn.isps[0]?.connectionsOpen, [3, 2, 8]);
  assert.deepEqual(drawn.codes, [{ code: '250', perSecond: [3, 7, 10] }]);
  assert.deepEqual(drawn.deliveryP50Ms, [5, 2, null]);
  assert.deepEqual(drawn.deliveryP99Ms, [70, 2, null]);
});

test('every column keeps the length of the time axis', () => {
  const { series, merged } = drawnSeries(largeFixture(2500).series);
  assert.equal(merged, 3);
  assert.equal(series.t.length, 834);
  const columns = [
    series.injected,
    series.queueDepth,
    series.deliveryP50Ms,
    series.deliveryP99Ms,
    ...series.codes.map((c) => c.perSecond),
    ...series.isps.flatMap((i) => [
      i.allowance,
      i.attempts,
      i.accepted,
      i.throttled,
      i.deferred,
      i.rejected,
      i.connectionsOpen,
    ]),
  ];
  assert.deepEqual(new Set(columns.map((column) => column.length)), new Set([834]));
});
