import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderConsole } from '../../../src/report/console.ts';
import { bandsOf } from '../../../src/report/html/bands.ts';
import { renderHtml } from '../../../src/report/html/page.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import type { FaultSummary } from '../../../src/report/summary.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';
import { assertSummary } from '../../support/summary-schema.ts';

const killed: FaultSummary = {
  fault: 1,
  kind: 'kill',
  label: 'SIGKILL, started again after 5 s',
  from: 60,
  to: 66.5,
  restartSeconds: 1.5,
  atRisk: 1234,
  meanwhile: 4,
  delayed: 1200,
  longestDelaySeconds: 21.25,
  pending: 20,
  bounced: 0,
  expired: 0,
  lost: 10,
  unaccounted: 0,
  duplicated: 7,
  refused: 15,
  unconfirmed: 5,
  dropped: 300,
};
const paused: FaultSummary = {
  ...killed,
  fault: 2,
  kind: 'pause',
  label: 'paused',
  from: 80,
  to: null,
  restartSeconds: null,
  longestDelaySeconds: null,
};
const { summary: plain, series } = summaryFixture();
const summary = { ...plain, faults: [killed, paused] };

test('the schema takes a run with faults', () => assertSummary(summary));

test('each report has a line for each fault, and none where there was none', () => {
  const console = renderConsole(summary, { color: false, width: 120 });
  assert.match(
    console,
    new RegExp(
      [
        ' {2}faults +at risk +lost +doubled +delayed +longest +pending +back in +not taken +never begun',
        ' {4}1: SIGKILL at 1 min +1,234 +10 +7 +1,200 +21.3 s +20 +1.5 s +20 +300',
        ' {4}2: paused at 1 min 20 s +1,234 +10 +7 +1,200 +– +20 +– +20 +300',
      ].join('\n'),
    ),
  );
  const markdown = renderMarkdown(summary);
  assert.match(
    markdown,
    /^\| #1 SIGKILL, started again after 5 s; 1 min to 1 min 7 s \| 1,234 \| 10 \| 7 \| 1,200 \| 21\.3 s \| 20 \| 1\.5 s \| 20 \| 300 \|$/m,
  );
  assert.match(markdown, /^\| #2 paused; 1 min 20 s until the end \|/m);
  const page = renderHtml(summary, series);
  assert.match(page, /<a href="#faults">Faults<\/a>/);
  assert.match(page, /1: SIGKILL, started again after 5 s; 1 min to 1 min 7 s/);
  for (const report of [
    renderConsole(plain, { color: false }),
    renderMarkdown(plain),
    renderHtml(plain, series),
  ])
    assert.doesNotMatch(report, /SIGKILL|#faults/);
});

test('a fault is a stretch behind the charts of every ISP', () => {
  const phases = [{ name: 'incident', from: 60, to: 66.5, fault: 1, label: 'SIGKILL' }] as const;
  for (const isp of [undefined, 'gmail'])
    assert.deepEqual(bandsOf(phases, { isp, loadSeconds: 90, end: 90 }), [
      { from: 60, to: 66.5, kind: 'incident', label: 'MTA: SIGKILL', lane: 0 },
    ]);
});
