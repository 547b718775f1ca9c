import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedbackWatcher } from '../../../../fakes/feedback/accepted.ts';
import type { ResolvedFeedback } from '../../../../fakes/feedback/resolved-feedback.ts';
import { acceptedMessage } from '../../../support/accepted-mail.ts';
import { feedbackOf, ruleOf, virtualDesk } from '../../../support/feedback.ts';

const SECOND = 1e6;
const after = (seconds: number) => ({
  delay: { kind: 'even', min: seconds * SECOND, max: seconds * SECOND } as const,
});
const CLICKABLE =
  'DKIM-Signature: v=1; d=news.sender.test; h=list-unsubscribe:list-unsubscribe-post\r\nList-Unsubscribe: <https://news.sender.test/unsubscribe/1/0>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n';

test('a complaint is due at once, happens at its moment, moves the reputation and is reported', () => {
  const { desk, clock, steps, observed, outbound } = virtualDesk([ruleOf('complaint', 1, after(30))]);
  desk.accepted(acceptedMessage({ recipients: ['u1.0@isp.test', 'u2.1@isp.test'] }));
  assert.deepEqual(steps(), ['0 complaint due', '0 complaint due']);
  clock.passTo(30 * SECOND - 1);
  assert.equal(steps().length, 2);
  assert.equal(desk.waiting, 2);
  clock.passTo(30 * SECOND);
  assert.deepEqual(steps().slice(2), [
    '30 complaint happened',
    '30 complaint happened',
    '30 complaint sent 1',
    '30 complaint sent 1',
  ]);
  const seen = '30 complaint 0 news.sender.test news.sender.test';
  assert.deepEqual(observed, [seen, seen]);
  assert.deepEqual(
    outbound.mails.map(({ text }) => text),
    ['Subject: complaint of u1.0@isp.test\r\n\r\n', 'Subject: complaint of u2.1@isp.test\r\n\r\n'],
  );
  assert.equal(desk.waiting, 0);
});

test('who is told of a complaint: of an enrolled key, at an ISP that tells at all', () => {
  const loops = { domains: ['news.sender.test'], sources: [3] };
  const of = (fields: Partial<ResolvedFeedback['complaints']>): ResolvedFeedback => {
    const feedback = feedbackOf([ruleOf('complaint', 1)]);
    return { ...feedback, complaints: { ...feedback.complaints, ...fields } };
  };
  const rows: [string, ResolvedFeedback, Parameters<typeof acceptedMessage>[0], boolean][] = [
    ['everyone is enrolled', of({}), {}, true],
    ['everyone is, but nobody signed', of({}), { dkimDomain: undefined }, false],
    ['by source, signed or not', of({ key: 'source' }), { dkimDomain: undefined }, true],
    ['its domain is enrolled', of({ loops }), {}, true],
    ['another domain', of({ loops }), { dkimDomain: 'other.test' }, false],
    ['its source is enrolled', of({ loops, key: 'source' }), { source: 3 }, true],
    ['another source', of({ loops, key: 'source' }), { source: 0 }, false],
    ['an ISP that tells nobody', of({ form: 'none' }), {}, false],
  ];
  for (const [name, feedback, message, isTold] of rows) {
    const { desk, clock, steps, observed } = virtualDesk([], { feedback });
    desk.accepted(acceptedMessage(message));
    clock.passTo(0);
    assert.equal(observed.length, 1, name);
    assert.deepEqual(
      steps(),
      isTold ? ['0 complaint due', '0 complaint happened', '0 complaint sent 1'] : ['0 complaint happened'],
      name,
    );
  }
});

test('a complaint is taken back after its report, or after it was made where none is sent', () => {
  const rules = [ruleOf('complaint', 1, after(10)), ruleOf('withdrawal', 1, after(60))];
  const told = virtualDesk(rules);
  told.outbound.answer = () => (told.clock.now() < 12 * SECOND ? 'later' : 'taken');
  told.desk.accepted(acceptedMessage());
  told.clock.passTo(100 * SECOND);
  // Tried at 10, 11 (after 1 s) and 16 (after 5 s).
  assert.deepEqual(told.steps(), [
    '0 complaint due',
    '0 withdrawal due',
    '10 complaint happened',
    '16 complaint sent 3',
    '76 withdrawal happened',
    '76 withdrawal sent 1',
  ]);
  assert.deepEqual(
    told.observed.map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['10 complaint', '76 withdrawal'],
  );
  const feedback = feedbackOf(rules);
  const untold = virtualDesk([], {
    feedback: { ...feedback, complaints: { ...feedback.complaints, form: 'none' } },
  });
  untold.desk.accepted(acceptedMessage());
  untold.clock.passTo(100 * SECOND);
  assert.deepEqual(untold.steps(), ['10 complaint happened', '70 withdrawal happened']);
});

test('what can not be handed over now is tried as an MTA would, and then given up', () => {
  const { desk, clock, steps, outbound } = virtualDesk([ruleOf('bounce', 1)]);
  outbound.answer = () => 'later';
  desk.accepted(acceptedMessage());
  clock.passTo(100 * SECOND);
  // At 0, 1, 6, 11 and 16; the next would be at 21, and it expires at 20.
  assert.deepEqual(steps(), ['0 bounce due', '16 bounce failed 5']);
  assert.equal(desk.waiting, 0);
});

test('what is refused for good fails at once, and a withdrawal of it with it', () => {
  const { desk, clock, steps, outbound } = virtualDesk([ruleOf('complaint', 1), ruleOf('withdrawal', 1)]);
  outbound.answer = () => 'refused';
  desk.accepted(acceptedMessage());
  clock.passTo(100 * SECOND);
  assert.deepEqual(steps(), [
    '0 complaint due',
    '0 withdrawal due',
    '0 complaint happened',
    '0 complaint failed 1',
    '0 withdrawal failed',
  ]);
});

test('no more is under way than there are lanes, and what waits goes out in its order', () => {
  const { desk, clock, outbound } = virtualDesk([ruleOf('auto-reply', 1)]);
  outbound.answer = () => undefined;
  desk.accepted(acceptedMessage({ recipients: ['a@isp.test', 'b@isp.test', 'c@isp.test', 'd@isp.test'] }));
  clock.passTo(SECOND);
  const names = (): string => outbound.mails.map(({ text }) => text.split(' ').at(-1)?.[0]).join('');
  assert.equal(names(), 'ab');
  outbound.underWay[1]?.('taken');
  clock.passTo(2 * SECOND);
  assert.equal(names(), 'abc');
  outbound.underWay[0]?.('taken');
  outbound.underWay[2]?.('taken');
  clock.passTo(3 * SECOND);
  assert.equal(names(), 'abcd');
});

test('a trap is hit and nothing is sent', () => {
  const { desk, clock, steps, observed, outbound } = virtualDesk([ruleOf('trap', 1, after(5))]);
  desk.accepted(acceptedMessage());
  clock.passTo(10 * SECOND);
  assert.deepEqual(steps(), ['5 trap due']);
  assert.deepEqual(observed, ['5 trap 0 news.sender.test news.sender.test']);
  assert.deepEqual(outbound.mails, []);
});

test('nobody answers a bounce, and Yahoo never bounces what it took', () => {
  const kinds = ['bounce', 'auto-reply', 'challenge'] as const;
  for (const kind of kinds) {
    const { desk, clock, steps } = virtualDesk([ruleOf(kind, 1)]);
    desk.accepted(acceptedMessage({ sender: '' }));
    clock.passTo(SECOND);
    assert.deepEqual(steps(), [], kind);
  }
  const feedback = feedbackOf([ruleOf('bounce', 1)], { bounces: { form: 'none', from: 'x@isp.test' } });
  const { desk, steps } = virtualDesk([], { feedback });
  desk.accepted(acceptedMessage());
  assert.deepEqual(steps(), []);
});

test('unsubscribing takes the way that the message offers', () => {
  const mailto = 'List-Unsubscribe: <mailto:unsubscribe-1.0@news.sender.test>\r\n';
  const rows: [string, string, number, number][] = [
    ['one click', CLICKABLE, 1, 0],
    ['by mail', mailto, 0, 1],
    ['none', 'Subject: x\r\n', 0, 0],
  ];
  for (const [name, header, clicks, mails] of rows) {
    const { desk, clock, steps, outbound } = virtualDesk([ruleOf('unsubscribe', 1)]);
    desk.accepted(acceptedMessage({ header }));
    clock.passTo(SECOND);
    assert.equal(outbound.clicks.length, clicks, name);
    assert.equal(outbound.mails.length, mails, name);
    const expected = clicks + mails > 0 ? ['0 unsubscribe due', '0 unsubscribe sent 1'] : [];
    assert.deepEqual(steps(), expected, name);
  }
});

test('watchers hear of everything that happens', () => {
  const heard: string[] = [];
  const watcher: FeedbackWatcher = {
    accepted: ({ recipients }) => heard.push(`accepted ${recipients.length}`),
    complained: (_message, recipient, at) => heard.push(`complained ${recipient} ${at}`),
    withdrew: (_message, recipient, at) => heard.push(`withdrew ${recipient} ${at}`),
    trapped: (_message, recipient, at) => heard.push(`trapped ${recipient} ${at}`),
  };
  const rules = [ruleOf('complaint', 1, { sources: [0] }), ruleOf('withdrawal', 1, after(1))];
  const { desk, clock } = virtualDesk([...rules, ruleOf('trap', 1, { sources: [1] })], {
    watchers: [watcher],
  });
  desk.accepted(acceptedMessage({ recipients: ['u1.0@isp.test'] }));
  desk.accepted(acceptedMessage({ recipients: ['u2.0@isp.test'], source: 1 }));
  clock.passTo(2 * SECOND);
  assert.deepEqual(heard, [
    'accepted 1',
    'accepted 1',
    'complained u1.0@isp.test 0',
    'trapped u2.0@isp.test 0',
    'withdrew u1.0@isp.test 1000000',
  ]);
});

test('a desk that is closed lets go of all', () => {
  const { desk, clock, steps, outbound } = virtualDesk([ruleOf('bounce', 1, after(5))]);
  outbound.answer = () => undefined;
  desk.accepted(acceptedMessage());
  desk.accepted(acceptedMessage({ at: 0, recipients: ['u9@isp.test'] }));
  clock.passTo(5 * SECOND);
  desk.close();
  outbound.underWay[0]?.('taken');
  desk.accepted(acceptedMessage());
  clock.passTo(100 * SECOND);
  assert.deepEqual(steps(), ['0 bounce due', '0 bounce due']);
  assert.ok(outbound.isClosed);
});

test('what a mail is about', () => {
  const subjects: unknown[] = [];
  const { desk, clock } = virtualDesk([ruleOf('complaint', 1, after(2))], {
    write: (subject) => {
      const { kind, recipient, acceptedAt, sentAt, feedbackAddress, mta, complaint } = subject;
      const chances = ['a', 'b', 'a'].map((name) => subject.chance(name));
      assert.equal(chances[0], chances[2]);
      assert.notEqual(chances[0], chances[1]);
      subjects.push({ kind, recipient, acceptedAt, sentAt, feedbackAddress, mta, from: complaint.from });
      return { sender: '', recipient: '', text: '' };
    },
  });
  clock.passTo(SECOND);
  desk.accepted(acceptedMessage({ at: SECOND, recipients: ['u1.0@isp.test'] }));
  clock.passTo(3 * SECOND);
  assert.deepEqual(subjects, [
    {
      kind: 'complaint',
      recipient: 'u1.0@isp.test',
      acceptedAt: new Date('2026-01-01T00:00:01Z'),
      sentAt: new Date('2026-01-01T00:00:03Z'),
      feedbackAddress: 'fbl@news.sender.test',
      mta: 'mx.isp.test',
      from: 'fbl@isp.test',
    },
  ]);
});
