import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatisticsCounter } from '../../../../fakes/feedback/statistics-counter.ts';
import { scalesOf, spamRatesOf } from '../../../../src/lab/folder/reputation-input.ts';
import { SenderStatistics } from '../../../../src/lab/isps/sender-statistics.ts';
import { parseScenario } from '../../../../src/scenario/load.ts';
import { planRun } from '../../../../src/scenario/plan.ts';
import { acceptedMessage } from '../../../support/accepted-mail.ts';

const SECOND = 1e6;
/** A day lasts a minute. */
const plan = planRun(
  parseScenario(
    `clock: { scale: 1440 }
mta: { adapter: none }
senders: [{ domain: news.sender.test }]
isps: { gmail: { share: 50%, feedback: on }, yahoo: { share: 30% }, outlook: { share: 20%, feedback: on } }
load: { rate: 1/s, duration: 10s }
`,
    'test.yaml',
  ),
);

test('what workers tell again takes the place of what they told before, and workers add up', () => {
  const statistics = new SenderStatistics(plan, '2026-03-01T12:00:00Z');
  const feedback = plan.isps[0]?.resolved.feedback;
  assert.ok(feedback);
  const counters = [new StatisticsCounter(feedback), new StatisticsCounter(feedback)];
  const tell = (part: number): void => {
    const days = structuredClone(counters[part]?.changes() ?? []);
    statistics.take({ isp: 0, part, days });
  };
  const accept = (part: number, seconds: number): void =>
    counters[part]?.accepted(acceptedMessage({ at: seconds * SECOND, header: '' }));
  const told = () =>
    statistics.of(0)?.days.map(({ day, domains }) => [day, domains.get('news.sender.test')?.messages]);
  assert.deepEqual(told(), []);
  accept(0, 1);
  tell(0);
  assert.deepEqual(told(), [[0, 1]]);
  accept(0, 2);
  accept(1, 3);
  accept(1, 61);
  tell(0);
  tell(1);
  assert.deepEqual(told(), [
    [0, 3],
    [1, 1],
  ]);
  accept(0, 121);
  tell(0);
  assert.deepEqual(told(), [
    [0, 3],
    [1, 1],
    [2, 1],
  ]);
  assert.equal(statistics.shownAs('postmaster-tools')?.days.length, 3);
  assert.deepEqual(statistics.shownAs('snds')?.days, []);
  assert.equal(statistics.of(1), undefined, 'nothing comes back from Yahoo here');
  const [gmail, outlook] = spamRatesOf(plan, statistics);
  assert.deepEqual(
    [
      gmail?.isp,
      gmail?.day,
      gmail?.limits.map(({ rate }) => rate),
      gmail?.rates[0]?.days.map(({ recipients }) => recipients),
    ],
    [
      'gmail',
      60 * SECOND,
      [0.001, 0.003],
      [
        [0, 1, 1, 1],
        [0, 1],
        [0, 1],
      ],
    ],
  );
  assert.deepEqual(
    [outlook?.isp, outlook?.limits, outlook?.rates],
    ['outlook', [{ rate: 0.003, mark: 'assumed' }], []],
  );
});

test('the report knows the scales of the ISPs that judge', () => {
  assert.deepEqual(
    scalesOf(plan).map(({ isp, of, best }) => [isp, of, best]),
    [
      ['gmail', 'source', 100],
      ['gmail', 'domain', 100],
      ['yahoo', 'source', 100],
      ['outlook', 'source', 100],
    ],
  );
});
