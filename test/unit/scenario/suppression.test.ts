import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePlan } from '../../../src/scenario/describe.ts';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';

function plan(suppression: string, mta = 'adapter: haraka'): Plan {
  const text = `mta: { ${mta} }\nload: { rate: 50/s, duration: 60s }\n${suppression}\n`;
  return planRun(parseScenario(text, 's.yaml'));
}

const DEFAULTS = {
  every: 2e6,
  times: 5,
  delay: 1e6,
  of: ['bounce', 'complaint', 'unsubscribe'],
  most: 1000,
};

for (const [text, expected, line] of [
  ['', undefined, undefined],
  [
    'suppression: observe',
    DEFAULTS,
    '5 messages after each bounce, complaint or unsubscribe, the first after 1 s, then every 2 s; to at most 1,000 recipients',
  ],
  ['suppression: {}', DEFAULTS, undefined],
  [
    'suppression: { times: 1, delay: 500ms, of: [complaint, complaint], most: 7 }',
    { ...DEFAULTS, times: 1, delay: 5e5, of: ['complaint'], most: 7 },
    'a message after each complaint, the first after 500 ms; to at most 7 recipients',
  ],
] as const) {
  test(`what follows bad news: ${text || 'nothing'}`, () => {
    const planned = plan(text);
    assert.deepEqual(planned.suppression, expected);
    if (line !== undefined) assert.ok(describePlan(planned).includes(line), describePlan(planned));
  });
}

for (const [text, mta, message] of [
  [
    'suppression: yes please',
    undefined,
    's.yaml:3:1: suppression: found "yes please"; expected observe, or { every: 2s, times: 5, delay: 1s, of: [bounce, complaint, unsubscribe], most: 1000 }',
  ],
  [
    'suppression: { of: [withdrawal] }',
    undefined,
    's.yaml:3:21: suppression.of.0: found "withdrawal"; expected one of bounce, complaint, unsubscribe',
  ],
  [
    'suppression: { of: [] }',
    undefined,
    's.yaml:3:16: suppression.of: found []; expected at least one of bounce, complaint, unsubscribe',
  ],
  [
    'suppression: { times: 101 }',
    undefined,
    's.yaml:3:16: suppression.times: found 101; expected at most 100',
  ],
  [
    'suppression: { evry: 2s }',
    undefined,
    's.yaml:3:16: suppression.evry: unknown key "evry"; did you mean every?',
  ],
  [
    'suppression: observe',
    'adapter: none',
    's.yaml:3:1: suppression: without an MTA there is nobody who could suppress',
  ],
] as const) {
  test(`is wrong: ${text}${mta ? `, ${mta}` : ''}`, () => {
    assert.throws(
      () => plan(text, mta),
      (error) => {
        assert.ok(error instanceof InvalidScenario);
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}
