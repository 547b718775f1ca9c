import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePlan } from '../../../src/scenario/describe.ts';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';

/** Lines of a scenario with what is replaced or added; `adapter: none` has no MTA. */
function plan({
  mta = 'adapter: haraka, sources: [198.18.128.1, 198.18.128.2]',
  isps = 'yahoo: { feedback: { complaints: 1%, delay: 1s } }',
  load = 'message: { dkim: on }',
  more = '',
} = {}): Plan {
  const text = `mta: { ${mta} }
senders: [{ domain: News.sender.test }, { domain: other.test }]
load: { rate: 50/s, duration: 60s, ${load} }
isps: { ${isps} }
${more}
`;
  return planRun(parseScenario(text, 's.yaml'));
}

for (const [name, wish, expected] of [
  ['with an MTA', {}, { to: 'mta', address: 'fbl@news.sender.test', loops: null }],
  ['without one', { mta: 'adapter: none' }, { to: 'mailroom', address: 'fbl@news.sender.test', loops: null }],
  [
    'as the scenario says',
    { more: 'feedback: { to: mailroom, address: Loop@Other.test, loops: [Other.test, 198.18.128.2] }' },
    { to: 'mailroom', address: 'Loop@Other.test', loops: ['Other.test', '198.18.128.2'] },
  ],
] as const) {
  test(`where what comes back goes: ${name}`, () => assert.deepEqual(plan(wish).feedback, expected));
}

test('an ISP knows loops by domain in small letters, and by the index of a source', () => {
  const { isps } = plan({ more: 'feedback: { loops: [Other.test, 198.18.128.2] }' });
  assert.deepEqual(isps[0]?.resolved.feedback?.complaints.loops, { domains: ['other.test'], sources: [1] });
});

for (const [wish, message] of [
  [
    { mta: 'adapter: none', more: 'feedback: { to: mta }' },
    's.yaml:5:13: feedback.to: without an MTA there is none to send to; expected mailroom',
  ],
  [
    { more: 'feedback: { address: fbl@strange.test }' },
    's.yaml:5:13: feedback.address: found "fbl@strange.test"; expected an address in one of this scenario\'s sender domains, news.sender.test, other.test',
  ],
  [
    { more: 'feedback: { loops: [198.18.128.9] }' },
    "s.yaml:5:21: feedback.loops.0: 198.18.128.9 is not one of this scenario's sources",
  ],
  [
    { more: 'feedback: { loops: [x] }' },
    's.yaml:5:21: feedback.loops.0: found "x"; expected a DKIM domain or the address of a source',
  ],
  [{ more: 'feedback: { to: me }' }, 's.yaml:5:13: feedback.to: found "me"; expected mta or mailroom'],
  [
    { isps: 'yahoo: { feedback: maybe }' },
    's.yaml:4:18: isps.yahoo.feedback: found "maybe"; expected on, off or shares by kind such as { complaints: 0.2% }',
  ],
  [
    { isps: 'yahoo: { feedback: { complaints: lots } }' },
    's.yaml:4:30: isps.yahoo.feedback.complaints: found "lots"; expected a share such as 0.2%, { share: 0.2%, delay: 30m }, or a list of such rules of which the last one that holds decides',
  ],
  [
    { isps: 'yahoo: { feedback: { complaint: 1% } }' },
    's.yaml:4:30: isps.yahoo.feedback.complaint: unknown key "complaint"; did you mean complaints?',
  ],
  [
    { isps: 'yahoo: { feedback: { traps: [1%, { share: 5 }] } }' },
    's.yaml:4:44: isps.yahoo.feedback.traps.1.share: found 5; expected a share such as 1% or 0.01',
  ],
  [
    { isps: 'yahoo: { feedback: { traps: { share: 5%, header: { a: b, c: d } } } }' },
    's.yaml:4:50: isps.yahoo.feedback.traps.header: found {"a":"b","c":"d"}; expected one field, such as { X-Campaign: spring }',
  ],
  [
    { isps: 'yahoo: { feedback: { delay: { median: 1h, p99: 1m } } }' },
    's.yaml:4:30: isps.yahoo.feedback.delay: found {"median":"1h","p99":"1m"}; expected a time such as 30m, a range such as 10m..2h, or { median: 30m, p99: 12h }; simulated time',
  ],
  [
    { isps: 'yahoo: { feedback: { bounces: 1% } }' },
    's.yaml:4:9: isps.yahoo: feedback.bounces: Yahoo refuses in the session and sends no bounces of what it accepted; expected 0',
  ],
  [
    { more: 'incidents: [{ isp: yahoo, at: 1s, for: 9s, feedback: { form: arf } }]' },
    's.yaml:5:56: incidents.0.feedback.form: unknown key "form"; expected one of complaints, withdrawals, bounces, auto-replies, challenges, malformed, unsubscribes, traps, delay',
  ],
  [
    { more: 'incidents: [{ isp: yahoo, at: 1s, for: 9s, feedback: { delay: 1s } }]' },
    's.yaml:5:13: incidents.0: this incident changes nothing; expected "limits", "reply", "effect", "unreachable", "dns" or "feedback"',
  ],
  [
    { more: 'incidents: [{ isp: yahoo, at: 1s, for: 9s, domain: other.test, feedback: { traps: 1 } }]' },
    "s.yaml:4:9: isps.yahoo: incidents.0.feedback: what comes back can't change for one domain alone; expected a header instead",
  ],
] as const) {
  test(`feedback that can not be: ${JSON.stringify(wish)}`, () => {
    assert.throws(
      () => plan(wish),
      (error) => error instanceof InvalidScenario && assert.equal(error.message, message) === undefined,
    );
  });
}

test('an incident changes what comes back, for the sources that it is about', () => {
  const { incidents, isps } = plan({
    isps: 'outlook: {}',
    more: 'incidents: [{ isp: outlook, at: 1s, for: 9s, source: 198.18.128.2, feedback: { complaints: [1%, { share: 5%, group: 10% }] } }]',
  });
  assert.equal(incidents[0]?.label, 'complaints 1 % and 5 % for 198.18.128.2');
  assert.deepEqual(
    isps[0]?.resolved.feedback?.rules.map(({ kind, start, end, sources }) => [kind, start, end, sources]),
    [
      ['complaint', 1e6, 10e6, [1]],
      ['complaint', 1e6, 10e6, [1]],
    ],
  );
});

for (const [name, wish, notes] of [
  ['all is well', {}, []],
  [
    'unsigned mail',
    { load: 'connections: 5' },
    ['yahoo reports complaints about signed mail alone, and not all of the load is (load.message.dkim)'],
  ],
  [
    'no loop',
    { more: 'feedback: { loops: [198.18.128.2] }' },
    ['yahoo reports no complaints: it knows loops by DKIM domain, and feedback.loops has none'],
  ],
  ['complaints that nobody hears of', { isps: 'gmail: { feedback: { complaints: 1%, delay: 1s } }' }, []],
  [
    'a delay that outlasts the run',
    { isps: 'yahoo: { feedback: { complaints: 1%, delay: 3h } }' },
    [
      'yahoo: most of what comes back as complaint takes 3 h, longer than the run (2 min); a larger clock.scale or a shorter delay shows it',
    ],
  ],
] as const) {
  test(`what check notes of ${name}`, () => assert.deepEqual(plan(wish).notes, notes));
}

test('check says what comes back, after how long, and where it goes', () => {
  const said = describePlan(
    plan({
      isps: 'yahoo: { feedback: { complaints: [1%, { share: 5%, header: { X-Campaign: spring }, group: 10%, delay: 1s..9s }], withdrawals: 0, auto-replies: 0, challenges: 0, malformed: 0, unsubscribes: 0 } }, gmail: {}, outlook: {}',
      more: 'feedback: { loops: [other.test] }\nincidents: [{ isp: outlook, at: 1s, for: 9s, feedback: { complaints: 1% } }]',
    }),
  );
  assert.deepEqual(
    said.split('\n').filter((line) => line.startsWith('  comes back')),
    [
      '  comes back  yahoo: complaint 1 % after about 2 h, complaint 5 % of x-campaign: spring in 10 % of the mailboxes after 1 s to 9 s, trap 0.01 %',
      '  comes back  outlook: nothing but in incidents',
      '  comes back  to the MTA, complaints to fbl@news.sender.test; enrolled are other.test',
    ],
  );
});
