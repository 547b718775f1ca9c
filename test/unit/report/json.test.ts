import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderJson } from '../../../src/report/json.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';

test('summary.json is the summary, readable and ending in a newline', () => {
  const { summary } = summaryFixture();
  const text = renderJson(summary);
  assert.deepEqual(JSON.parse(text), summary);
  assert.ok(text.startsWith('{\n  "schema": 1,\n  "run": {\n    "id": '));
  assert.ok(text.endsWith('}\n'));
  assert.equal(renderJson(summaryFixture().summary), text);
});
