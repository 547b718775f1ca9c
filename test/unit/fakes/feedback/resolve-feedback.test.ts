import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedbackChange, feedbackWish } from '../../../../fakes/feedback/feedback-schema.ts';
import type { FeedbackRule, ResolvedFeedback } from '../../../../fakes/feedback/resolved-feedback.ts';
import { loadProfile, profileNames } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import type { IspIncident } from '../../../../fakes/isp/resolve-incidents.ts';
import { HarnessError } from '../../../../src/core/errors.ts';
import { inFolder, profileText, REPLIES, testProfile } from '../isp/profiles-for-tests.ts';

/** What comes back of an ISP with this wish. */
function feedbackOf(
  profile: string,
  wish: unknown,
  { scale = 1, incidents = [] as readonly IspIncident[] } = {},
): ResolvedFeedback | null {
  const overrides = { feedback: wish === undefined ? undefined : feedbackWish.parse(wish) };
  const of = profile === 'by the book' ? testProfile() : loadProfile(profile);
  return resolveIsp(of, { scale, overrides, incidents }).feedback;
}

/** A rule in few words; times in seconds. */
function short({ kind, start, end, share, delay, header, group, sources }: FeedbackRule): string {
  const times = delay.kind === 'even' ? `${delay.min / 1e6}..${delay.max / 1e6}` : `~${delay.median / 1e6}`;
  return [
    `${kind} ${share} after ${times}`,
    ...(end === null ? [] : [`from ${start / 1e6} to ${end / 1e6}`]),
    ...(header ? [`with ${header.name}: ${header.value}`] : []),
    ...(group === null ? [] : [`in ${group}`]),
    ...(sources ? [`of ${sources}`] : []),
  ].join(' ');
}

const rules = (feedback: ResolvedFeedback | null, kind?: string): string[] =>
  (feedback ?? assert.fail('nothing comes back')).rules
    .filter((rule) => kind === undefined || rule.kind === kind)
    .map(short);

for (const [profile, wish] of [
  ['yahoo', undefined],
  ['gmail', 'off'],
] as const) {
  test(`nothing comes back of ${profile} unless a scenario asks for it: ${wish ?? 'no key'}`, () => {
    assert.equal(feedbackOf(profile, wish), null);
  });
}

test('on is as the profile states it, in real time', () => {
  for (const name of profileNames()) {
    const { shares } = loadProfile(name).feedback ?? assert.fail(`${name} has no feedback`);
    assert.equal(rules(feedbackOf(name, 'on')).length, Object.keys(shares).length, name);
  }
  assert.deepEqual(rules(feedbackOf('yahoo', 'on', { scale: 60 })), [
    'complaint 0.001 after ~120',
    'withdrawal 0.05 after ~10',
    'auto-reply 0.005 after ~0.08333333333333333',
    'challenge 0.0002 after ~0.08333333333333333',
    'malformed 0.0001 after ~120',
    'unsubscribe 0.002 after ~60',
    'trap 0.0001 after 0..0',
  ]);
  const { retry, expire, day } = feedbackOf('yahoo', 'on', { scale: 60 }) ?? assert.fail();
  assert.deepEqual([retry, expire, day], [[1e6, 5e6, 15e6, 60e6], 5760e6, 1440e6]);
});

for (const [profile, wish, form, bounces, mark] of [
  ['gmail', 'on', 'none by dkim-domain, plain, from postmaster@gmail.com', 'google', 'documented'],
  [
    'yahoo',
    { redacted: true },
    'yahoo-arf by dkim-domain, redacted, from feedback@arf.mail.yahoo.com',
    'none',
    'observed',
  ],
  ['outlook', 'on', 'jmrp-arf by source, redacted, from staff@hotmail.com', 'microsoft', 'assumed'],
  [
    'outlook',
    { form: 'jmrp-legacy' },
    'jmrp-legacy by source, plain, from staff@hotmail.com',
    'microsoft',
    'observed',
  ],
  ['by the book', { complaints: 1 }, 'arf by source, plain, from postmaster@isp.test', 'rfc3464', 'assumed'],
] as const) {
  test(`the forms of ${profile} with ${JSON.stringify(wish)}: ${form}`, () => {
    const { complaints, bounces: later, mark: found } = feedbackOf(profile, wish) ?? assert.fail();
    assert.equal(
      `${complaints.form} by ${complaints.key}, ${complaints.redacted ? 'redacted' : 'plain'}, from ${complaints.from}`,
      form,
    );
    assert.deepEqual([later.form, found, complaints.loops], [bounces, mark, null]);
  });
}

for (const [wish, kind, expected] of [
  [{ complaints: '0.2%' }, 'complaint', ['complaint 0.002 after ~7200']],
  [{ complaints: 0 }, 'complaint', ['complaint 0 after ~7200']],
  // What is not named stays as it is, and a delay is for all of it.
  [{ complaints: '1%', delay: '10m..1h' }, 'trap', ['trap 0.0001 after 600..3600']],
  [{ unsubscribes: { share: '1%', delay: '5s@real' } }, 'unsubscribe', ['unsubscribe 0.01 after 5..5']],
  [
    { delay: '1h', complaints: [0.001, { share: '5%', header: { 'X-Campaign': 'spring' }, group: '10%' }] },
    'complaint',
    ['complaint 0.001 after 3600..3600', 'complaint 0.05 after 3600..3600 with x-campaign: spring in 0.1'],
  ],
  [{ withdrawals: { share: 1, delay: '2m' }, delay: '1h' }, 'withdrawal', ['withdrawal 1 after 120..120']],
] as const) {
  test(`a scenario says ${JSON.stringify(wish)}`, () => {
    assert.deepEqual(rules(feedbackOf('yahoo', wish), kind), expected);
  });
}

test('a profile without feedback has the shares that a scenario names, and no others', () => {
  assert.deepEqual(rules(feedbackOf('by the book', { bounces: '2%', traps: '1%' })), [
    'bounce 0.02 after ~60',
    'trap 0.01 after 0..0',
  ]);
});

test('incidents come last, with their own delay, that of the scenario, or that of the profile', () => {
  const at = { start: 10e6, end: 20e6 };
  const incidents: IspIncident[] = [
    { ...at, feedback: feedbackChange.parse({ complaints: '1%', traps: 0.5 }) },
    { ...at, sources: [1, 2], feedback: feedbackChange.parse({ complaints: '2%', delay: '1s' }) },
    { ...at, limits: {} },
  ];
  assert.deepEqual(rules(feedbackOf('outlook', undefined, { incidents })), [
    'complaint 0.01 after ~7200 from 10 to 20',
    'trap 0.5 after 0..0 from 10 to 20',
    'complaint 0.02 after 1..1 from 10 to 20 of 1,2',
  ]);
  const { feedback } = resolveIsp(loadProfile('outlook'), {
    scale: 1,
    overrides: {
      feedback: feedbackWish.parse({ complaints: '3%', delay: '5s' }),
      loops: { domains: [], sources: [0] },
    },
    incidents,
  });
  assert.deepEqual(rules(feedback, 'complaint'), [
    'complaint 0.03 after 5..5',
    'complaint 0.01 after 5..5 from 10 to 20',
    'complaint 0.02 after 1..1 from 10 to 20 of 1,2',
  ]);
  assert.deepEqual(feedback?.complaints.loops, { domains: [], sources: [0] });
});

for (const [profile, wish, message, incident] of [
  [
    'by the book',
    'on',
    'feedback: Test has none in its profile; expected shares such as { complaints: 0.2% }',
  ],
  [
    'outlook',
    { form: 'arf' },
    'feedback.form: Outlook.com does not report complaints as arf; expected jmrp-arf or jmrp-legacy',
  ],
  [
    'yahoo',
    { bounces: '1%' },
    'feedback.bounces: Yahoo refuses in the session and sends no bounces of what it accepted; expected 0',
  ],
  [
    'yahoo',
    'off',
    'incidents.0.feedback.bounces: Yahoo refuses in the session and sends no bounces of what it accepted; expected 0',
    { bounces: '1%' },
  ],
] as const) {
  test(`feedback that can not be at ${profile}: ${JSON.stringify(incident ?? wish)}`, () => {
    const incidents = incident ? [{ start: 0, end: 1, feedback: feedbackChange.parse(incident) }] : [];
    assert.throws(
      () => feedbackOf(profile, wish, { incidents }),
      (error) => error instanceof HarnessError && assert.equal(error.message, message) === undefined,
    );
  });
}

test('bounces that never come are no mistake at Yahoo', () => {
  assert.deepEqual(rules(feedbackOf('yahoo', { bounces: 0 }), 'bounce').length, 1);
});

const PART = `feedback:
  complaints: { key: source, source: x, mark: assumed, forms: [{ form: arf, source: x, mark: assumed }] }
  bounces: { form: none, source: x, mark: assumed }
  one-click: { asks: true, source: x, mark: assumed }
  data: { kind: none, source: x, mark: assumed }
  retry: { waits: [1m], expire: 1d, source: x, mark: assumed }
  shares: { complaints: { share: 1%, delay: 1h, source: x, mark: assumed } }
`;

for (const [text, becomes, place] of [
  [
    'form: arf',
    'form: arv',
    '12:66: feedback.complaints.forms.0.form: found "arv"; expected one of yahoo-arf, jmrp-legacy, jmrp-arf, arf, none',
  ],
  [
    'key: source',
    'key: sauce',
    '12:17: feedback.complaints.key: found "sauce"; expected one of dkim-domain, source',
  ],
  ['asks: true, source: x', 'asks: true', '14:3: feedback.one-click.source: found nothing; expected string'],
  ['waits: [1m]', 'waits: []', '16:12: feedback.retry.waits: found []; expected at least one wait'],
  [
    'delay: 1h',
    'delay: 2h..1h',
    '17:38: feedback.shares.complaints.delay: found "2h..1h"; expected a time such as 30m, a range such as 10m..2h, or { median: 30m, p99: 12h }; simulated time',
  ],
  [
    'complaints: { share',
    'complains: { share',
    '17:13: feedback.shares.complains: unknown key "complains"; did you mean complaints?',
  ],
  ['form: none', 'form: none, from: me', '13:26: feedback.bounces.from: found "me"; expected an address'],
] as const) {
  test(`feedback in a profile is refused with its place: ${becomes}`, () => {
    inFolder(profileText([], [], PART.replace(text, becomes)), REPLIES, (path) => {
      assert.throws(
        () => loadProfile(path),
        (error) =>
          error instanceof HarnessError && assert.equal(error.message, `${path}:${place}`) === undefined,
      );
    });
  });
}
