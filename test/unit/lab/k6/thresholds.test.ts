import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseK6Threshold } from '../../../../src/gate/k6-threshold.ts';
import { readRuns, withValues } from '../../../../src/lab/folder/compared-runs.ts';
import { modelOf } from '../../../../src/lab/folder/report-input.ts';
import {
  readSeen,
  writeK6Metrics,
  writeReports,
  writeRunFile,
} from '../../../../src/lab/folder/run-folder.ts';
import { watchedByK6, withScriptThresholds } from '../../../../src/lab/k6/thresholds.ts';
import { K6Metrics } from '../../../../src/record/k6-metrics.ts';
import { Recorder } from '../../../../src/record/recorder.ts';
import { buildReport } from '../../../../src/report/build.ts';
import { readerOf } from '../../../../src/report/comparison/compare.ts';
import { workFolder } from '../../../support/cli.ts';
import { plannedInput } from '../../../support/planned-input.ts';

/** A script that is there. */
const SCRIPT = fileURLToPath(import.meta.url);

const text = `
mta: { adapter: haraka }
load: { engine: k6, api: kumomta, script: ${SCRIPT}, rate: 10/s, duration: 60s }
thresholds:
  lost: count==0
  'http_reqs{ status:200 }': count >= 10
  http_reqs{status:200}: rate>1
  RTT: avg<5
`;
const { plan, input } = plannedInput(text);

test("a script's thresholds are judged beside the scenario's, each once", () => {
  const own = [
    'lost count==0',
    'http_reqs{ status:200 } count >= 10',
    'http_reqs{status:200} rate>1',
    'RTT avg<5',
  ];
  assert.deepEqual(watchedByK6(input.thresholds), [
    'http_reqs{ status:200 }',
    'http_reqs{status:200}',
    'RTT',
  ]);
  const note = {
    'http_reqs{status:200}': ['count>=10', 'count>=11'],
    RTT: [{ threshold: 'avg < 5' }, 'avg<6'],
    lost: ['count==0'],
  };
  const rows: readonly (readonly [notes: readonly Record<string, unknown>[], added: readonly string[]])[] = [
    [[], []],
    [[{}, {}], []],
    // `lost` is a metric of the script's own here, whatever windtunnel calls so.
    [[note], ['http_reqs{status:200} count>=11', 'RTT avg<6', 'lost count==0']],
    [
      [note, note, { checks: ['rate>0.9'] }],
      ['http_reqs{status:200} count>=11', 'RTT avg<6', 'lost count==0', 'checks rate>0.9'],
    ],
  ];
  for (const [notes, added] of rows) {
    const found = withScriptThresholds(
      input,
      notes.map((thresholds) => ({ thresholds })),
    );
    assert.deepEqual(
      found.thresholds.map(({ key, expression }) => `${key} ${expression}`),
      [...own, ...added],
    );
    assert.ok(found.thresholds.slice(own.length).every(({ k6 }) => k6?.from === 'script'));
  }
  assert.throws(() => withScriptThresholds(input, [{ thresholds: { http_reqs: ['med<1'] } }]), {
    kind: 'invalid-scenario',
    message:
      'thresholds of the k6 script: http_reqs: http_reqs is a counter, which has no med; expected count, rate',
  });
});

test('what another run asks of k6 is measured in the folder again, but for parts that were not watched', (t) => {
  const folder = workFolder(t);
  const recorder = new Recorder(folder, modelOf(plan));
  recorder.own.mark({ at: 0, name: 'load_started' });
  recorder.own.mark({ at: 10e6, name: 'load_ended' });
  recorder.own.mark({ at: 11e6, name: 'ended' });
  recorder.flush();
  const metrics = new K6Metrics(['http_reqs{status:200}']);
  metrics.define('http_reqs', 'counter', false);
  metrics.define('RTT', 'trend', true);
  for (let n = 0; n < 100; n++) metrics.add('RTT', n, {}, n);
  metrics.add('http_reqs', 7, { status: '200' }, 0);
  metrics.add('http_reqs', 2, { status: '404' }, 0);
  writeK6Metrics(folder, metrics.states());
  writeRunFile(folder, { format: 1, plan, input });
  writeReports(folder, buildReport(recorder.aggregate, { ...input, ...readSeen(folder) }));
  recorder.close();
  const asked = [
    'RTT p(77)<1',
    'http_reqs{status:200} count<1',
    'http_reqs{status:404} count<1',
    'iterations count<1',
  ];
  const thresholds = asked.map((text) => {
    const [key = '', expression = ''] = text.split(' ');
    const parsed = parseK6Threshold(key, expression, 'scenario');
    assert.ok('threshold' in parsed);
    return parsed.threshold;
  });
  const [run] = readRuns(folder);
  assert.ok(run);
  const read = readerOf(withValues(run, thresholds));
  assert.deepEqual(thresholds.map(read), [76.23, 7, undefined, 0]);
});
