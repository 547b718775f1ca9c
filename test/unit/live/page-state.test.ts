import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeBetween,
  failedState,
  liveState,
  type PageState,
  pageState,
} from '../../../src/live/page-state.ts';
import type { ChartPage } from '../../../src/report/html/chart-spec.ts';
import { html } from '../../../src/report/html/markup.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';

const run = { scenario: 'a <scenario>', question: 'Does it?' };

function page(columns: ChartPage['columns'], head = 'head', end = 5): PageState {
  return pageState(
    {
      title: 'title',
      head: html`<p>${head}</p>`,
      sections: [{ id: 'one', title: 'One', nav: 'One', body: html`<p>one</p>` }],
      charts: { end, limitReach: 2, columns, charts: [] },
    },
    'notice',
    false,
  );
}

test('who has seen nothing yet is told everything', () => {
  const after = page({ t: [0, 1], none: [] });
  assert.deepEqual(changeBetween(undefined, after), {
    notice: 'notice',
    final: false,
    order: ['sections', 'head', 'one'],
    parts: {
      sections: '<a href="#one">One</a>',
      head: '<p>head</p>',
      one: '<section id="one" aria-labelledby="one-title"><h2 id="one-title">One</h2>\n<p>one</p>\n</section>',
    },
    charts: { rest: { end: 5, limitReach: 2, charts: [] }, columns: { t: [0, [0, 1]], none: [0, []] } },
  });
});

test('of columns only what follows the first difference is told, and of parts only those that changed', () => {
  const before = page({ t: [0, 1, 2], a: [5, 6, 7], b: [1, null, 3], gone: [1], longer: [1, 2] });
  const after = page(
    { t: [0, 1, 2, 3], a: [5, 9, 7, 8], b: [1, null, 3], fresh: [4], longer: [1] },
    'new',
    6,
  );
  const { parts, charts } = changeBetween(before, after);
  assert.deepEqual(parts, { head: '<p>new</p>' });
  assert.equal(charts.rest.end, 6);
  assert.deepEqual(charts.columns, {
    t: [3, [3]],
    a: [1, [9, 7, 8]],
    fresh: [0, [4]],
    longer: [1, []],
  });
  assert.deepEqual(changeBetween(before, before).charts.columns, {});
  assert.deepEqual(changeBetween(before, before).parts, {});
});

test('what the page says of the run at each stage', () => {
  const { summary, series } = summaryFixture();
  const going = { ...summary, run: { ...summary.run, running: true as const } };
  const report = { summary: going, series, histograms: [], dialogues: [] };
  const isps = new Map();
  const starting = liveState({ stage: 'starting', report: undefined, isps }, run);
  const load = liveState({ stage: 'load', report, isps }, run);
  const drain = liveState({ stage: 'drain', report, isps }, run);
  const failed = failedState(run, 'no <way>');
  const said = ({ notice, final, parts }: PageState): unknown => [
    notice,
    final,
    /<p class="word">.*<\/span>(.*)<\/p>/.exec(parts.get('head') ?? '')?.[1],
  ];
  const live = 'Live: this page follows the run. Nothing on it is final.';
  assert.deepEqual(said(starting), [live, false, 'Starting']);
  assert.deepEqual(said(load), [live, false, 'Running']);
  assert.deepEqual(said(drain), [`${live} The load is over; the MTA’s queue drains.`, false, 'Running']);
  assert.deepEqual(said(failed), ['The run has ended.', true, 'No run']);
  assert.deepEqual([...starting.parts.keys()], ['sections', 'head']);
  assert.match(failed.parts.get('head') ?? '', /<p class="sentence">no &lt;way&gt;<\/p>/);
  assert.match(failed.parts.get('head') ?? '', /<h1>a &lt;scenario&gt;<\/h1>/);
});

test('while the run goes on no threshold has failed, and there is no exit code', () => {
  const { summary, series } = summaryFixture();
  const failing = summary.thresholds.map((threshold) => ({ ...threshold, passed: false }));
  const headOf = (running: boolean): string => {
    const facts = { ...summary.run, ...(running && { running: true as const }) };
    const report = {
      summary: { ...summary, run: facts, thresholds: failing },
      series,
      histograms: [],
      dialogues: [],
    };
    return liveState({ stage: 'load', report, isps: new Map() }, run).parts.get('head') ?? '';
  };
  const n = failing.length;
  assert.ok(headOf(true).includes(`<small>${n} of ${n} do not hold as they stand, not final</small>`));
  assert.ok(!/class="failed"|exit code|>Failed|>Passed/.test(headOf(true)));
  assert.ok(headOf(false).includes(`<small>${n} of ${n} failed</small>`));
  assert.ok(headOf(false).includes('exit code'));
});
