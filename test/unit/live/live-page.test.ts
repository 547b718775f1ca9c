import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import { LivePage, type Viewer } from '../../../src/live/live-page.ts';
import type { FollowedRun, Standing } from '../../../src/live/live-run.ts';
import type { PageChange } from '../../../src/live/page-change.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';

/** A run that is told what happens, and a clock that is told how long looking takes. */
function rig() {
  const { summary, series } = summaryFixture();
  const state = {
    now: 0,
    isNew: true,
    cost: 0,
    looks: 0,
    builds: 0,
    closed: false,
    trouble: undefined as Error | undefined,
  };
  const run: FollowedRun = {
    advance() {
      state.looks++;
      if (state.trouble) throw state.trouble;
      return state.isNew;
    },
    standing(): Standing {
      state.now += state.cost;
      state.builds++;
      const totals = { ...summary.totals, injectedMessages: state.builds };
      const facts = { ...summary.run, running: true as const };
      const report = { summary: { ...summary, totals, run: facts }, series, histograms: [], dialogues: [] };
      return { stage: 'load', report, isps: new Map() };
    },
    end: (final) => ({ summary: final, series, histograms: [], dialogues: [] }),
    close() {
      state.closed = true;
    },
  };
  const page = new LivePage(run, { scenario: 's', question: '' }, () => state.now);
  return { state, page };
}

function viewer(): Viewer & { told: PageChange[]; behind: boolean } {
  return {
    told: [],
    behind: false,
    isBehind() {
      return this.behind;
    },
    tell(change) {
      this.told.push(change);
    },
  };
}

const injected = ({ parts }: PageChange): string | undefined =>
  /injected<\/dt><dd>(\d+)/.exec(parts.head ?? '')?.[1];

test('the run is looked at once a second, and the page is made only if somebody sees it', () => {
  const { state, page } = rig();
  for (const now of [0, 0.1e6, 0.9e6, 1e6, 1.5e6, 2.1e6]) {
    state.now = now;
    page.look();
  }
  assert.deepEqual([state.looks, state.builds], [3, 0]);
  const one = viewer();
  page.join(one);
  assert.equal(state.builds, 1);
  state.now = 3.2e6;
  page.look();
  assert.equal(state.builds, 2);
  state.isNew = false;
  state.now = 4.3e6;
  page.look();
  assert.deepEqual([state.looks, state.builds], [5, 2]);
  assert.deepEqual(one.told.map(injected), ['1', '2']);
});

test('however long the page takes, that is a tenth of the time at most', () => {
  const { state, page } = rig();
  page.join(viewer());
  state.cost = 0.4e6;
  state.now = 10e6;
  page.look();
  assert.equal(state.now, 10.4e6);
  const { looks } = state;
  state.now = 13.9e6;
  page.look();
  assert.equal(state.looks, looks);
  state.now = 14e6;
  page.look();
  assert.equal(state.looks, looks + 1);
});

test('what metrics cost counts as well', () => {
  const { state, page } = rig();
  state.cost = 2e6;
  page.standing();
  state.now = 19.9e6;
  page.look();
  assert.equal(state.looks, 0);
  state.now = 20e6;
  page.look();
  assert.equal(state.looks, 1);
});

test('who comes later is told all, who is behind is told the sum of it later, who left is told nothing', () => {
  const { state, page } = rig();
  const [early, slow, gone] = [viewer(), viewer(), viewer()];
  for (const one of [early, slow, gone]) page.join(one);
  slow.behind = true;
  page.leave(gone);
  state.now = 1.1e6;
  page.look();
  const late = viewer();
  page.join(late);
  slow.behind = false;
  state.now = 2.2e6;
  page.look();
  assert.deepEqual(early.told.map(injected), ['1', '2', '3']);
  assert.deepEqual(slow.told.map(injected), ['1', '3']);
  assert.deepEqual(late.told.map(injected), ['2', '3']);
  assert.deepEqual(gone.told.map(injected), ['1']);
  const all = ['rest', 'columns'];
  assert.deepEqual(Object.keys(late.told[0]?.charts ?? {}), all);
  assert.ok(Object.keys(late.told[0]?.charts.columns ?? {}).length > 5);
  assert.deepEqual(late.told[1]?.charts.columns, {});
});

test('at the end all are told, also who is behind; then the page stands still', () => {
  const { state, page } = rig();
  const [one, slow] = [viewer(), viewer()];
  page.join(one);
  page.join(slow);
  slow.behind = true;
  page.end({ summary: summaryFixture().summary, report: 'runs/x/report.html' });
  for (const { told } of [one, slow]) {
    assert.equal(told.length, 2);
    assert.equal(told[1]?.final, true);
    assert.equal(told[1]?.notice, 'The run has ended, and this page with it. The report: runs/x/report.html');
    assert.match(told[1]?.parts.head ?? '', /class="verdict (passed|failed)"/);
  }
  assert.ok(state.closed);
  const { looks } = state;
  state.now = 100e6;
  page.look();
  assert.equal(state.looks, looks);
  assert.equal(one.told.length, 2);
});

test('a report that could not be written is not said to be anywhere', () => {
  const { page } = rig();
  const one = viewer();
  page.join(one);
  page.end({ summary: summaryFixture().summary, report: undefined });
  assert.equal(
    one.told[1]?.notice,
    'The run has ended, and this page with it. Its report could not be written.',
  );
});

test('a run that can’t be read is said on the page, once, and hurts nobody else', () => {
  const { state, page } = rig();
  const one = viewer();
  page.join(one);
  state.trouble = new HarnessError('usage', 'attempts.bin is not a record file');
  for (const now of [2e6, 4e6]) {
    state.now = now;
    page.look();
  }
  assert.deepEqual(
    one.told.map(({ notice }) => notice),
    [
      'Live: this page follows the run. Nothing on it is final.',
      'This page can’t follow the run: attempts.bin is not a record file',
    ],
  );
});
