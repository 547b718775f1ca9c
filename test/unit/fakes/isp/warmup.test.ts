import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sustained } from '../../../../fakes/isp/allowance.ts';
import { credit } from '../../../../fakes/isp/credit.ts';
import { loadProfile, profileNames } from '../../../../fakes/isp/profile.ts';
import { type ResolveOptions, resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { asset } from '../../../../src/core/assets.ts';
import { warmUp } from '../../../support/warmup-example.ts';
import { at } from './policy-client.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const HOUR = 3600e6;
const DAY = 24 * HOUR;

const ramp = (fields: Record<string, unknown> = {}): string =>
  `warmup: ${JSON.stringify({ days: [2, 3, 5], unit: 'transactions', stage: 'mail', reply: 'T2', source: 'test', mark: 'assumed', ...fields })}\n`;
const warming = (overrides: ResolveOptions['overrides'] = { warmup: 'new' }, more = ramp()) =>
  at(testIsp([limitLine('rate', { rate: '100/s', burst: 100 })], [], { overrides }, more));

/** Messages that are accepted on a day of someone who tries ten times an hour. */
function acceptedOn(client: ReturnType<typeof at>, from: number, source = 0): number {
  let accepted = 0;
  for (let now = from; now < from + DAY; now += HOUR / 10)
    if (client.deliver(now, source) === 'T-dot') accepted++;
  return accepted;
}

test('a new source has the quota of its day, and none after the last', () => {
  const client = warming();
  assert.deepEqual(
    [0, 1, 2, 3].map((day) => acceptedOn(client, day * DAY)),
    [2, 3, 5, 240],
  );
});

test('what is over the quota hears so, and costs nothing else', () => {
  const client = warming();
  assert.deepEqual(
    [1, 2, 3].map(() => client.deliver(0)),
    ['T-dot', 'T-dot', 'T2'],
  );
  assert.equal(client.deliver(DAY - 1), 'T2');
  assert.equal(client.deliver(DAY), 'T-dot');
});

test('only days with mail count', () => {
  const client = warming();
  assert.equal(acceptedOn(client, 0), 2);
  assert.equal(acceptedOn(client, 30 * DAY), 3);
});

test('who is new: nobody, unless the scenario says so; all, or the sources that it names', () => {
  for (const [warmup, first, second] of [
    [undefined, 240, 240],
    ['new', 2, 2],
    [[1], 240, 2],
    [[], 240, 240],
  ] as const) {
    const client = warming({ warmup });
    assert.deepEqual([acceptedOn(client, 0, 0), acceptedOn(client, 0, 1)], [first, second]);
  }
});

test('a day with a penalty does not count', () => {
  const penalty = {
    on: ['rate'],
    after: 1,
    per: '1m',
    forget: '1m',
    levels: [[{ for: '1h', reply: 'T9' }]],
    source: 'test',
    mark: 'assumed',
  };
  const more = `penalties: ${JSON.stringify({ source: penalty })}\n${ramp({ days: [4, 6] })}`;
  const limits = [limitLine('rate', { rate: '1/h', burst: 1 })];
  const client = at(testIsp(limits, [], { overrides: { warmup: 'new' } }, more));
  const day = (from: number): string =>
    [0, 2, 4, 6, 8, 10, 12].map((h) => client.deliver(from + h * HOUR)).join(' ');
  assert.deepEqual(
    [1, 2, 3].map(() => client.deliver(0)),
    ['T-dot', 'T4', 'T9'],
  );
  // Whatever is let past MAIL counts, and the day is not over.
  assert.equal(client.deliver(2 * HOUR), 'T-dot');
  assert.equal(client.deliver(4 * HOUR), 'T2');
  assert.equal(day(DAY), 'T-dot T-dot T-dot T-dot T2 T2 T2');
  assert.equal(day(3 * DAY), 'T-dot T-dot T-dot T-dot T-dot T-dot T2');
});

test('the lines follow the quota', () => {
  const client = warming();
  const perDay = (count: number): number => (count / DAY) * 1e6;
  const line = (now: number): number => sustained(client.state, 0, now);
  assert.equal(line(0), perDay(2), 'before it ever connects');
  client.deliver(0);
  assert.equal(line(0), perDay(2));
  client.deliver(0);
  assert.deepEqual([line(0), line(DAY - 1), line(DAY)], [0, 0, perDay(3)]);
  assert.equal(credit(warming().state, 0, 0, 3 * DAY), 2 + 3 + 5);
});

for (const name of profileNames()) {
  test(`a warm-up of fourteen days at ${name} follows its profile`, () => {
    const profile = loadProfile(name);
    const { days = [] } = profile.warmup ?? {};
    assert.equal(days.length, 14);
    const overrides = { warmup: 'new', mailboxes: { unknown: 0, full: 0, disabled: 0 } } as const;
    const isp = resolveIsp(profile, { scale: 1, overrides });
    const client = at(isp);
    const taken = isp.replies[isp.answers.dot]?.id;
    const refused = isp.replies[isp.warmup?.reply ?? -1]?.id;
    const heard = new Set<string>();
    let { connection } = client.connect();
    const send = (now: number): string => {
      const reply = client.send(connection, now, `u${now}.0@x.test`);
      if (reply !== 'hangup') return reply;
      client.close(connection, now);
      connection = client.connect(0, now).connection;
      return send(now);
    };
    // A little more than the day's ration, spread over the day.
    const accepted = days.map((quota, day) => {
      const step = Math.floor(DAY / (quota + 10));
      let count = 0;
      for (let n = 0; n < quota + 10; n++) {
        const reply = send(day * DAY + n * step);
        if (reply === taken) count++;
        else heard.add(reply);
      }
      return count;
    });
    assert.deepEqual(accepted, days);
    assert.deepEqual([...heard], [refused]);
    const known = at(resolveIsp(profile, { scale: 1 }));
    assert.equal(sustained(client.state, 0, 15 * DAY), sustained(known.state, 0, 0));
  });
}

test('the worked example in fakes/README.md', () => {
  const quotas = loadProfile('outlook').warmup?.days ?? [];
  const [polite, hasty, rude] = [(day: number) => quotas[day] ?? 0, () => 500, () => 2000].map((perDay) =>
    warmUp('outlook', perDay),
  );
  const table = readFileSync(asset('fakes', 'README.md'), 'utf8').match(/^\| \d+( \| \d+){4} \|$/gm) ?? [];
  assert.equal(table.length, 7);
  for (const line of table) {
    const row = line.split('|').map(Number).slice(1, 6);
    const day = (row[0] ?? 0) - 1;
    const accepted = [polite, hasty, rude].map((days) => days?.[day]?.accepted);
    assert.deepEqual(row, [day + 1, quotas[day], ...accepted]);
  }
  assert.deepEqual(Object.keys(polite?.[13]?.refused ?? {}), []);
  assert.deepEqual(Object.keys(hasty?.[0]?.refused ?? {}), ['O1']);
  assert.deepEqual(Object.keys(rude?.[0]?.refused ?? {}), ['O1', 'O21']);
});
