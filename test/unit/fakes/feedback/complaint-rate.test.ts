import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedbackWish } from '../../../../fakes/feedback/feedback-schema.ts';
import { sustained } from '../../../../fakes/isp/allowance.ts';
import { decide, observe } from '../../../../fakes/isp/policy.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { scoreAt } from '../../../../fakes/isp/reputation.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { settle } from '../../../../fakes/isp/standing.ts';
import { createState } from '../../../../fakes/isp/state.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { acceptedMessage } from '../../../support/accepted-mail.ts';
import { virtualDesk } from '../../../support/feedback.ts';

const SECOND = 1e6;
const prng = createPrng(42);
/** What else moves a reputation, or keeps someone from complaining. */
const OTHERS = ['bounces', 'traps', 'withdrawals'];

/** An ISP as its profile has it, to which one source writes a message every ten seconds, in virtual time. */
function mailing(name: 'yahoo' | 'outlook') {
  const feedback = feedbackWish.parse({
    complaints: [{ share: '0%' }, { share: '100%', header: { 'X-Complained': 'yes' }, delay: '0s' }],
    ...Object.fromEntries(OTHERS.map((kind) => [kind, '0%'])),
  });
  const isp = resolveIsp(loadProfile(name), { scale: 1, overrides: { feedback } });
  assert.ok(isp.feedback);
  const state = createState(isp);
  const { desk, clock } = virtualDesk([], {
    feedback: isp.feedback,
    observe: (observation) => observe(state, observation, clock.now()),
  });
  let connections = 0;
  const deliver = (recipient: string, now: number, inState = state): string => {
    const connection = connections++;
    const about = { connection, source: 0, client: '198.18.128.1', netblock: '198.18.128.0/24' };
    const sender = 'b-1@news.sender.test';
    const senderDomain = 'news.sender.test';
    const recipients = [recipient];
    const events = [
      { kind: 'connect', ...about },
      { kind: 'mail', connection, sender, senderDomain, size: 0 },
      { kind: 'rcpt', connection, recipient },
      { kind: 'dot', connection, recipients, bytes: 1000, dkimDomain: undefined },
    ] as const;
    const refused = events.some((event) => decide(inState, event, now, prng).kind !== 'accept');
    decide(inState, { kind: 'close', connection }, now, prng);
    return refused ? 'refused' : 'accepted';
  };
  // Mailboxes that take mail: nothing but complaints is to count against the source.
  const alive = Array.from({ length: 40 }, (_, n) => `u${n}.0@${isp.domains[0]}`)
    .filter((recipient) => deliver(recipient, 0, createState(isp)) === 'accepted')
    .slice(0, 20);
  const standings = state.standings.source;
  const standing = () => standings.known.get('198.18.128.1');
  return {
    /** Sends messages number `from` to `to`, of which those are complained about of which `isBad` says so. */
    send(from: number, to: number, isBad: (n: number) => boolean): void {
      for (let n = from; n <= to; n++) {
        const now = n * 10 * SECOND;
        clock.passTo(now);
        const recipient = alive[n % alive.length] as string;
        assert.equal(deliver(recipient, now), 'accepted', `message ${n}`);
        const header = `X-Complained: ${isBad(n) ? 'yes' : 'no'}\r\n`;
        desk.accepted(
          acceptedMessage({ at: now, sender: `b-${n}@news.sender.test`, recipients: [recipient], header }),
        );
        clock.passTo(now);
      }
    },
    /** Score and messages a second, both to four places. */
    at(now: number): [number, number] {
      const one = standing();
      assert.ok(one && standings.reputation);
      settle(standings, one, state.tables, now);
      const score = scoreAt(standings.reputation, one.reputation, now);
      return [round(score), round(sustained(state, 0, now))];
    },
  };
}

const round = (value: number): number => Math.round(value * 1e4) / 1e4;

// Both profiles: a complaint takes 3.3 points, a message that is accepted brings 0.01, a day brings 14. With a message every
// 10 s that is 0.01 + 10 * 14 / 86400 = 0.011620370 points a message, so that one complaint is worth 283.98 messages.
// Below 80 half is allowed, below 50 a tenth, below 20 nothing.
for (const [name, full] of [
  ['yahoo', 10],
  // 15,000 an hour, which is less than 5 a second.
  ['outlook', 4.1667],
] as const) {
  test(`${name}: 0.3 % of complaints are borne, 1 % cost the reputation and the allowance, and time gives them back`, () => {
    const { send, at } = mailing(name);

    // 1 in 334 (0.2994 %): 3.3 are lost, and 334 messages bring 3.8812, so that it is at 100 for every next one.
    const isEvery334th = (n: number): boolean => n % 334 === 333;
    send(0, 332, isEvery334th);
    assert.deepEqual(at(3320 * SECOND), [100, full]);
    send(333, 333, isEvery334th);
    assert.deepEqual(at(3330 * SECOND), [96.7, full]);
    send(334, 667, isEvery334th);
    assert.deepEqual(at(6670 * SECOND), [96.7, full]);
    send(668, 999, isEvery334th);
    assert.deepEqual(at(9990 * SECOND), [100, full]);

    // 1 in 100 (1 %), messages 1099, 1199 …: 100 messages bring 1.162037, so that every complaint costs 2.137963 in all.
    // After the k-th: 96.7 - 2.137963 (k - 1). Below 80 from the 9th (79.5963), below 50 from the 23rd (49.6648), below 20
    // from the 37th (19.7333).
    const isEvery100th = (n: number): boolean => n % 100 === 99;
    send(1000, 1898, isEvery100th);
    // One message before the ninth: 96.7 - 2.137963 * 7 + 99 * 0.011620370, of which the last ten seconds are to come.
    assert.deepEqual(at(18_980 * SECOND), [82.8847, full]);
    send(1899, 1899, isEvery100th);
    assert.deepEqual(at(18_990 * SECOND), [79.5963, round(full / 2)]);
    send(1900, 3298, isEvery100th);
    assert.equal(at(32_980 * SECOND)[1], round(full / 2));
    send(3299, 3299, isEvery100th);
    assert.deepEqual(at(32_990 * SECOND), [49.6648, tenth(name)]);
    send(3300, 4698, isEvery100th);
    assert.equal(at(46_980 * SECOND)[1], tenth(name));
    send(4699, 4699, isEvery100th);
    assert.deepEqual(at(46_990 * SECOND), [19.7333, 0]);

    // No mail while nothing is allowed. 0.266667 points take 0.266667 * 86400 / 14 = 1645.714286 s.
    assert.equal(at(48_635_714_285)[1], 0);
    assert.deepEqual(at(48_635_714_286), [20, tenth(name)]);

    // Complaints have stopped, mail goes on at 48,640 s, at 20.000694. After its j-th message: 20.000694 + 0.01 j +
    // 0.001620370 (j - 1), which is 50.0029 for j = 2582 and 80.0067 for j = 5164.
    const never = (): boolean => false;
    send(4864, 4864 + 2580, never);
    assert.deepEqual(at(74_440 * SECOND), [49.9913, tenth(name)]);
    send(4864 + 2581, 4864 + 2581, never);
    assert.deepEqual(at(74_450 * SECOND), [50.0029, round(full / 2)]);
    send(4864 + 2582, 4864 + 5162, never);
    assert.deepEqual(at(100_260 * SECOND), [79.995, round(full / 2)]);
    send(4864 + 5163, 4864 + 5163, never);
    assert.deepEqual(at(100_270 * SECOND), [80.0067, full]);
  });
}

/** A tenth of 10 a second; a tenth of 15,000 an hour. */
function tenth(name: 'yahoo' | 'outlook'): number {
  return name === 'yahoo' ? 1 : 0.4167;
}
