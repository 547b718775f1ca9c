import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowance, sustained } from '../../../../fakes/isp/allowance.ts';
import { decide } from '../../../../fakes/isp/policy.ts';
import type { IspIncident } from '../../../../fakes/isp/resolve-incidents.ts';
import { createState } from '../../../../fakes/isp/state.ts';
import type { Effect } from '../../../../fakes/isp/verdict.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { at } from './policy-client.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const limits = [
  limitLine('rate', { rate: '100/s', burst: 1000 }),
  limitLine('domain', { rate: '90/s', burst: 1000, key: 'sender-domain' }),
];
const during = { start: 10e6, end: 20e6 };
const disturbed = (incident: Partial<IspIncident>) =>
  at(testIsp(limits, [], { incidents: [{ ...during, ...incident }] }));

test('a reply is forced from the beginning to the end of the incident, at its stage, on whom it is about', () => {
  for (const [name, incident, heard] of [
    ['everybody', { reply: 'T11' }, 'T11 T11 T11'],
    ['after the dot', { reply: 'T10' }, 'T10 T10 T10'],
    ['at connect', { reply: 'T1' }, 'T1 T1 T1'],
    ['one source', { reply: 'T11', sources: [0] }, 'T11 T-dot T11'],
    ['one domain', { reply: 'T11', domain: 'Other.test' }, 'T-dot T-dot T11'],
    ['one domain of one source', { reply: 'T11', domain: 'other.test', sources: [1] }, 'T-dot T-dot T-dot'],
  ] as const) {
    const client = disturbed(incident);
    const all = (now: number): string =>
      [client.deliver(now, 0), client.deliver(now, 1), client.deliver(now, 0, 'other.test')].join(' ');
    assert.deepEqual(
      [10e6 - 1, 10e6, 20e6 - 1, 20e6].map(all),
      ['T-dot T-dot T-dot', heard, heard, 'T-dot T-dot T-dot'],
      name,
    );
  }
});

test('a share of the traffic is hit by chance that only the seed and the message decide', () => {
  for (const [reply, each] of [
    ['T1', 1],
    ['T11', 1],
    ['T5', 1],
    ['T10', 1],
  ] as const) {
    const run = (): string[] => {
      const client = disturbed({ reply, share: 0.25 });
      return Array.from({ length: 1000 }, () => client.deliver(15e6));
    };
    const heard = run();
    const hits = heard.filter((word) => word === reply).length;
    // 250 ± 41 (three standard deviations).
    assert.ok(hits > 209 && hits < 291, `${reply}: ${hits}`);
    assert.equal(heard.length, 1000 * each);
    assert.deepEqual(run(), heard);
  }
});

test('a block is no allowance at all, and nobody earned it', () => {
  const blocked = disturbed({ reply: 'T11', sources: [0] });
  blocked.deliver(0, 0);
  blocked.deliver(0, 1);
  for (const line of ['allowed', 'unpunished'] as const) {
    assert.deepEqual(
      [9e6, 15e6, 20e6].map((now) => sustained(blocked.state, 0, now, line)),
      [100, 0, 100],
    );
    assert.equal(allowance(blocked.state, [0, 1], 15e6, line), 90);
  }
  const domain = disturbed({ reply: 'T11', domain: 'news.sender.test' });
  domain.deliver(0);
  domain.deliver(0, 0, 'other.test');
  assert.deepEqual(
    [9e6, 15e6].map((now) => allowance(domain.state, [0, 1], now)),
    [180, 90],
  );
});

test('a fault comes with the verdict that the engine needs it for, and refuses nothing', () => {
  for (const [effect, stage] of [
    [{ kind: 'slow-banner', delay: 5e6 }, 'connect'],
    [{ kind: 'tarpit', delay: 1e6 }, 'connect'],
    [{ kind: 'stall', stage: 'connect' }, 'connect'],
    [{ kind: 'half-open', stage: 'ehlo' }, 'connect'],
    [{ kind: 'tls', fault: 'expired' }, 'connect'],
    [{ kind: 'reset', bytes: 1000 }, 'mail'],
    [{ kind: 'stall', stage: 'dot' }, 'dot'],
    [{ kind: 'lose-reply' }, 'dot'],
  ] as const satisfies readonly (readonly [Effect, string])[]) {
    const state = createState(testIsp(limits, [], { incidents: [{ ...during, effect }] }));
    const prng = createPrng(1);
    const base = { connection: 0 };
    const events = [
      { ...base, kind: 'connect', source: 0, client: 'c', netblock: 'n' },
      { ...base, kind: 'mail', sender: 'b@a.test', senderDomain: 'a.test' },
      { ...base, kind: 'rcpt', recipient: 'u@isp.test' },
      { ...base, kind: 'dot', recipients: ['u@isp.test'], bytes: 10 },
    ] as const;
    for (const event of events) {
      const verdict = decide(state, event, 15e6, prng);
      const expected = event.kind === stage ? effect : undefined;
      assert.equal(verdict.kind, 'accept');
      assert.deepEqual(
        verdict.kind === 'accept' && verdict.effect,
        expected,
        `${effect.kind} at ${event.kind}`,
      );
    }
  }
});

test('limits move to the value of an incident in a straight line, if it says so', () => {
  const isp = testIsp([limitLine('rate', { rate: '100/s', burst: 1000 })], [], {
    incidents: [{ ...during, limits: { rate: '0/s' }, ramp: 5e6 }],
  });
  const { state } = at(isp);
  const rate = (now: number): number => sustained(state, 0, now);
  assert.deepEqual([9.9e6, 10e6, 12.5e6, 14.99e6, 15e6, 19e6, 20e6].map(rate), [100, 99, 49, 1, 0, 0, 100]);
  // What is let past is the area below the line: half of 100/s for five seconds.
  const client = at(isp);
  const acceptedIn = (from: number, to: number): number => {
    let accepted = 0;
    for (let now = from; now < to; now += 1000) while (client.deliver(now) === 'T-dot') accepted++;
    return accepted;
  };
  assert.deepEqual([acceptedIn(9e6, 10e6), acceptedIn(10e6, 20e6)], [1000 + 99, 250]);
});

test('an incident that can not be is named', () => {
  for (const [incident, message] of [
    [{ reply: 'T99' }, 'incidents.0.reply: unknown reply "T99"; did you mean T9?'],
    [{ reply: 'T-dot' }, 'incidents.0.reply: T-dot refuses nothing at connect, mail, rcpt, dot'],
    [
      { reply: 'T1', domain: 'a.test' },
      'incidents.0.domain: this happens at connect, where the sender is not known',
    ],
    [
      { effect: { kind: 'tarpit', delay: 1 }, domain: 'a.test' },
      'incidents.0.domain: this happens at connect, where the sender is not known',
    ],
    [
      { domain: 'a.test', limits: { rate: '1/s' } },
      "incidents.0.limits.rate: this limit counts for each source; it can't change for one domain alone",
    ],
    [
      { sources: [0], limits: { domain: '1/s' } },
      "incidents.0.limits.domain: this limit counts for each sender-domain; it can't change for one source alone",
    ],
  ] as const) {
    assert.throws(() => testIsp(limits, [], { incidents: [{ ...during, ...incident }] }), { message });
  }
});
