import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';

const HEAD = `load: { rate: 50/s, duration: 60s }
mta: { adapter: none, sources: [198.18.128.1, 198.18.128.2, "2001:2:0:1::1", "2001:2:0:1::2"] }
senders: [{ domain: news.sender.test }, { domain: other.test }]
isps: { gmail: {}, outlook: {} }
`;

const plan = (incident: string): Plan =>
  planRun(parseScenario(`${HEAD}incidents: [{ isp: gmail, at: 10s, for: 20s, ${incident} }]\n`, 's.yaml'));

/** What an incident becomes at the ISP: disturbances, and the limits that it changes for some. */
function at(incident: string): string {
  const { resolved } = plan(incident).isps[0] ?? assert.fail();
  const said = resolved.disturbances.map(({ sources, domain, share, reply, effect }) => {
    const what = reply === null ? JSON.stringify(effect) : resolved.replies[reply]?.id;
    return `${what} ×${share} for ${sources ?? 'all'} of ${domain ?? 'all'}`;
  });
  const changed = resolved.limits.flatMap(({ name, segments, exceptions }) => [
    ...(segments.length > 1 ? [`${name} in ${segments.length - 1}`] : []),
    ...exceptions.map((e) => `${name} of ${e.of} in ${e.segments.length - 1}`),
  ]);
  return [...said, ...changed].join('; ');
}

for (const [incident, becomes, label] of [
  ['limits: { ip-rate: 20/m }', 'ip-rate in 2', 'ip-rate 20/m'],
  ['limits: { ip-rate: 25% }, source: 198.18.128.2', 'ip-rate of 1 in 2', 'ip-rate 25% for 198.18.128.2'],
  [
    'limits: { ip-rate: 1/m }, source: "2001:2:0:1::2"',
    // The two share a /64, so they are counted as one and hit as one.
    'ip-rate of 2 in 2; ip-rate of 3 in 2',
    'ip-rate 1/m for 2001:2:0:1::2',
  ],
  [
    'limits: { ip-rate: 1/m }, netblock: 198.18.128.0/24',
    'ip-rate of 0 in 2; ip-rate of 1 in 2',
    'ip-rate 1/m for 198.18.128.0/24',
  ],
  [
    'limits: { domain-rate: 1/m }, domain: other.test',
    'domain-rate of other.test in 2',
    'domain-rate 1/m for other.test',
  ],
  ['limits: { ip-rate: 1/s }, ramp: 10s', 'ip-rate in 52', 'ip-rate 1/s, within 10 s'],
  ['reply: G9', 'G9 ×1 for all of all', 'reply G9'],
  [
    'reply: { id: G42, share: 25% }, source: 198.18.128.1',
    'G42 ×0.25 for 0 of all',
    'reply G42 to 25 % for 198.18.128.1',
  ],
  ['reply: G9, netblock: "2001:2::/32"', 'G9 ×1 for 2,3 of all', 'reply G9 for 2001:2::/32'],
  [
    'effect: { kind: slow-banner, delay: 5s, share: 50% }',
    '{"kind":"slow-banner","delay":5000000} ×0.5 for all of all',
    'slow-banner to 50 %',
  ],
  [
    'effect: { kind: reset, bytes: 10KB }, domain: other.test',
    '{"kind":"reset","bytes":10000} ×1 for all of other.test',
    'reset for other.test',
  ],
  [
    'effect: { kind: tls, fault: expired }, reply: G41, limits: { ip-rate: 1/m }',
    'G41 ×1 for all of all; {"kind":"tls","fault":"expired"} ×1 for all of all; ip-rate in 2',
    'ip-rate 1/m, reply G41, tls',
  ],
  [
    'unreachable: refused, mx: alt1.gmail-smtp-in.l.google.com',
    '',
    'alt1.gmail-smtp-in.l.google.com: refused',
  ],
] as const) {
  test(`an incident: ${incident}`, () => {
    assert.equal(at(incident), becomes);
    assert.equal(plan(incident).incidents[0]?.label, label);
  });
}

for (const [incident, message] of [
  [
    'source: 198.18.128.9, reply: G9',
    "s.yaml:5:46: incidents.0.source: 198.18.128.9 is not one of this scenario's sources",
  ],
  [
    'netblock: 10.0.0.0/8, reply: G9',
    "s.yaml:5:46: incidents.0.netblock: none of this scenario's sources is in 10.0.0.0/8",
  ],
  [
    'netblock: some, reply: G9',
    's.yaml:5:46: incidents.0.netblock: found "some"; expected a network such as 198.18.128.0/24',
  ],
  [
    'domain: x.test, reply: G9',
    "s.yaml:5:46: incidents.0.domain: x.test is not one of this scenario's senders",
  ],
  [
    'source: 198.18.128.1, netblock: 198.18.128.0/24, reply: G9',
    's.yaml:5:68: incidents.0.netblock: an incident is about one source or about a netblock, not both',
  ],
  ['ramp: 1s, reply: G9', 's.yaml:5:46: incidents.0.ramp: only limits can move to a value in time'],
  [
    'source: 198.18.128.1',
    's.yaml:5:13: incidents.0: this incident changes nothing; expected "limits", "reply", "effect", "unreachable", "dns" or "feedback"',
  ],
  [
    'effect: { kind: slow }',
    's.yaml:5:56: incidents.0.effect.kind: found "slow"; expected one of slow-banner, tarpit, stall, half-open, reset, lose-reply, tls',
  ],
  [
    'reply: { id: G9, share: 200% }',
    's.yaml:5:63: incidents.0.reply.share: found "200%"; expected a share such as 20% or 0.2',
  ],
  ['reply: X9', 's.yaml:4:9: isps.gmail: incidents.0.reply: unknown reply "X9"; did you mean G9?'],
] as const) {
  test(`an incident that can not be: ${incident}`, () => {
    assert.throws(
      () => plan(incident),
      (error) => error instanceof InvalidScenario && assert.equal(error.message, message) === undefined,
    );
  });
}

test('what a scenario says about an ISP reaches it', () => {
  const isps = `isps:
  gmail: { hosted: [customer.test], penalties: off, reputation: off, warmup: [198.18.128.2] }
  yahoo: { mixed: reject, warmup: new, greylist: { delay: 5m, lifetime: 1d, reply: Y33 }, day: { factors: { 8: 0.5 } } }
  outlook: { hosted: 300 }
`;
  const { isps: planned } = planRun(parseScenario(HEAD.replace(/^isps.*\n/m, isps), 's.yaml'));
  const [gmail, yahoo, outlook] = planned.map((isp) => isp.resolved);
  assert.deepEqual(
    [gmail?.penalties, gmail?.reputation, gmail?.warmup?.sources, gmail?.hosted.domains],
    [[], [], [1], ['customer.test']],
  );
  assert.deepEqual([yahoo?.mixed, yahoo?.warmup?.sources, yahoo?.greylist?.delay], ['reject', null, 300e6]);
  assert.equal(yahoo?.day?.steps.length, 2);
  const addresses = new Set(planned[2]?.mx.flatMap((g) => g.hosts.flatMap((h) => h.addresses)));
  assert.deepEqual([...addresses], ['198.18.18.10', '198.18.18.11', '198.18.18.12', '198.18.18.13']);
  assert.equal(outlook?.domains.length, 315);
});
