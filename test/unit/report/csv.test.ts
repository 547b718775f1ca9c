import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineCsv } from '../../../src/report/csv.ts';
import { emptyFixture, summaryFixture } from '../../support/summary-fixture.ts';

const HEAD =
  't_s,isp,allowance_per_s,allowance_unpunished_per_s,perfect_per_s,attempts_per_s,accepted_per_s,throttled_per_s,deferred_per_s,rejected_per_s,connections_open,complaints_per_s,injected_per_s,injector_connections,queue_depth,queue_age_s,delivery_p50_ms,delivery_p99_ms';

test('timeline.csv has a row for all and one for each ISP in every bucket', () => {
  const { series } = summaryFixture();
  const lines = timelineCsv(series).split('\n');
  assert.equal(lines[0], `${HEAD},replies_250_per_s,replies_421_per_s,replies_452_per_s,replies_550_per_s`);
  assert.equal(lines.length, 1 + 4 * series.t.length + 1);
  assert.equal(lines.at(-1), '');
  assert.deepEqual(lines.slice(1 + 4 * 25, 1 + 4 * 26), [
    '25,all,,,190,292,188,101,0,3,25,0,300,40,648,5.8,451.6,5035.5,188,101,0,3',
    '25,gmail,40,40,40,142,40,101,0,1,12,0,,,,,,,,,,',
    '25,yahoo,140,140,90,90,89,0,0,1,8,0,,,,,,,,,,',
    '25,outlook,,,60,60,59,0,0,1,5,0,,,,,,,,,,',
  ]);
});

test('what is not known is empty, and a name with a comma is quoted', () => {
  const { series } = emptyFixture();
  assert.equal(timelineCsv(series), `${HEAD}\n0,all,,,0,0,0,0,0,0,0,0,0,0,,,,\n`);
  const [isp] = summaryFixture().series.isps;
  assert.ok(isp);
  const lines = timelineCsv({
    ...series,
    codes: [{ code: 'no reply', perSecond: [2] }],
    isps: [{ ...isp, id: 'mail, "inc"' }],
  }).split('\n');
  assert.equal(lines[0], `${HEAD},replies_no_reply_per_s`);
  assert.equal(lines[2], '0,"mail, ""inc""",220,220,25,25,25,0,0,0,3,0,,,,,,,');
});
