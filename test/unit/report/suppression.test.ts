import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderConsole } from '../../../src/report/console.ts';
import { renderHtml } from '../../../src/report/html/page.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import type { Summary, SuppressionGroup } from '../../../src/report/summary.ts';
import { groupText, isRight } from '../../../src/report/suppression-text.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';
import { assertSummary } from '../../support/summary-schema.ts';

const { summary, series } = summaryFixture();

const bounced: SuppressionGroup = {
  isp: 'gmail',
  news: 'bounce',
  recipients: 12,
  suppressed: 12,
  delay: { medMs: 0, maxMs: 1500 },
  messages: { refused: 40, suppressed: 15, sent: 5, pending: 0, unknown: 1 },
  attempts: 6,
};
const complained: SuppressionGroup = { ...bounced, news: 'complaint', suppressed: 9 };
const never: SuppressionGroup = { ...bounced, isp: 'yahoo', news: 'unsubscribe', suppressed: 0, delay: null };
const forgiven: SuppressionGroup = {
  ...bounced,
  isp: 'yahoo',
  news: 'withdrawal',
  suppressed: 0,
  delay: null,
};
const kept: SuppressionGroup = { ...forgiven, isp: 'outlook', suppressed: 3 };
const groups = [bounced, complained, never, forgiven, kept];
const told: Summary = { ...summary, suppression: { groups } };

test('what is right: no mail after bad news, and mail again after it was taken back', () => {
  assert.deepEqual(groups.map(isRight), [true, false, false, true, false]);
  assert.deepEqual(groups.map(groupText), [
    'gmail, after a bounce',
    'gmail, after a complaint',
    'yahoo, after an unsubscribe',
    'yahoo, after a complaint was withdrawn',
    'outlook, after a complaint was withdrawn',
  ]);
});

test('the console has a line for each', () => {
  const lines = renderConsole(told, { color: false, width: 128 }).split('\n');
  const at = lines.findIndex((line) => line.startsWith('  suppression '));
  assert.deepEqual(
    lines.slice(at, at + 3).map((line) => line.trim().split(/ {2,}/)),
    [
      [
        'suppression',
        'recipients',
        'suppressed',
        'still sent to',
        'attempts',
        'median delay',
        'longest',
        'refused',
      ],
      ['gmail, after a bounce', '12', '12', '0', '6', '0 s', '1.5 s', '40'],
      ['gmail, after a complaint', '12', '9', '3', '6', '0 s', '1.5 s', '40'],
    ],
  );
});

test('so has Markdown', () => {
  const lines = renderMarkdown(told).split('\n');
  const rows = lines.filter((line) => / after (a|an) /.test(line));
  assert.deepEqual(rows.slice(2, 4), [
    '| ❌ | yahoo, after an unsubscribe | 12 | 0 | 12 | 6 | – | – | 40 | 15 | 5 | 0 |',
    '| ✅ | yahoo, after a complaint was withdrawn | 12 | 0 | 12 | 6 | – | – | 40 | 15 | 5 | 0 |',
  ]);
  assert.equal(rows.length, 5);
});

test('so has the page, in a section of its own', () => {
  const page = renderHtml(told, series);
  assert.match(page, /<section id="suppression"/);
  assert.match(page, /<a href="#suppression">Suppression<\/a>/);
  for (const group of groups) assert.ok(page.includes(groupText(group)), groupText(group));
});

test('where nobody was written to, nothing is said; and the schema takes both', () => {
  for (const text of [
    renderConsole(summary, { color: false }),
    renderMarkdown(summary),
    renderHtml(summary, series),
  ])
    assert.doesNotMatch(text, /Suppression|after a bounce/);
  assertSummary(summary);
  assertSummary(told);
  assertSummary({
    ...told,
    metrics: {
      suppression_delay: {
        kind: 'trend',
        count: 2,
        avg: null,
        min: 0,
        med: 0,
        max: null,
        p90: null,
        p95: null,
        p99: null,
      },
    },
  });
});
