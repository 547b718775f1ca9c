/** The ground truth agrees with behaviour: what an ISP says that it allows is what it lets through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowance, sustained } from '../../fakes/isp/allowance.ts';
import { credit } from '../../fakes/isp/credit.ts';
import { decide } from '../../fakes/isp/policy.ts';
import { loadProfile, profileNames } from '../../fakes/isp/profile.ts';
import { type ResolvedIsp, resolveIsp } from '../../fakes/isp/resolve.ts';
import { createState } from '../../fakes/isp/state.ts';
import type { PolicyEvent, Verdict } from '../../fakes/isp/verdict.ts';
import { createPrng } from '../../src/core/prng.ts';

const SECOND = 1e6;
const MINUTE = 60 * SECOND;
const everybody = { mailboxes: { unknown: 0, full: 0, disabled: 0 } };

/** A client of one address that sends messages and stays on its connection while it may. */
function sender(isp: ResolvedIsp) {
  const state = createState(isp);
  const prng = createPrng(7);
  let connection = -1;
  let open = false;
  let sent = 0;
  const ask = (event: PolicyEvent, now: number): Verdict => decide(state, event, now, prng);
  const hangUp = (now: number): void => {
    if (open) ask({ kind: 'close', connection }, now);
    open = false;
  };
  /** The id of the first refusal; undefined: accepted. */
  function send(now: number): string | undefined {
    const recipient = `u${sent++}.0@${isp.domains[0]}`;
    if (!open) {
      connection++;
      open = true;
      const hello = ask({ kind: 'connect', connection, source: 0, client: 'c', netblock: 'n' }, now);
      if (hello.kind !== 'accept') return refusedBy(hello, now);
    }
    for (const event of [
      { kind: 'mail', connection, sender: 'b@news.sender.test', senderDomain: 'news.sender.test' },
      { kind: 'rcpt', connection, recipient },
      { kind: 'dot', connection, recipients: [recipient], bytes: 5000, dkimDomain: 'news.sender.test' },
    ] as const) {
      const verdict = ask(event, now);
      if (verdict.kind === 'hangup') {
        // The end of a connection's ration is no refusal: the next one takes the message.
        hangUp(now);
        return send(now);
      }
      if (verdict.kind === 'refuse') return refusedBy(verdict, now);
    }
    return undefined;
  }
  function refusedBy(verdict: Verdict, now: number): string {
    if (verdict.kind !== 'refuse') throw new Error('expected a refusal');
    if (verdict.close) hangUp(now);
    return isp.replies[verdict.reply]?.id ?? '?';
  }
  return { state, send, hangUp };
}

for (const name of profileNames()) {
  const isp = resolveIsp(loadProfile(name), { scale: 1, overrides: everybody });

  test(`${name}: at the sustained allowance nothing is refused, at 1.2 times that something is`, () => {
    for (const [times, refuses] of [
      [1, false],
      [1.2, true],
    ] as const) {
      const { state, send } = sender(isp);
      const step = SECOND / (sustained(state, 0, 0) * times);
      const heard = new Set<string>();
      // Longer than the longest window, an hour.
      for (let n = 0; n * step < 65 * MINUTE; n++) {
        const refusal = send(Math.ceil(n * step));
        if (refusal !== undefined) heard.add(refusal);
        if (refuses && refusal !== undefined) break;
      }
      assert.equal(heard.size > 0, refuses, `${times}: ${[...heard].join(', ')}`);
      for (const id of heard) assert.equal(isp.replies.find((r) => r.id === id)?.class, 'throttled');
    }
  });

  test(`${name}: A is below A0 for exactly as long as a penalty lasts`, () => {
    const { state, send, hangUp } = sender(isp);
    const below = (now: number): boolean => {
      const each = sustained(state, 0, now) < sustained(state, 0, now, 'unpunished');
      assert.equal(allowance(state, [0], now) < allowance(state, [0], now, 'unpunished'), each);
      return each;
    };
    const [penalty] = isp.penalties;
    assert.ok(penalty?.key === 'source');
    const start = 10 * MINUTE;
    let violations = 0;
    while (violations < penalty.after) {
      assert.equal(below(start), false, `after ${violations} violations`);
      if (send(start) !== undefined) violations++;
      assert.ok(violations <= penalty.after);
    }
    hangUp(start);
    const end = (penalty.levels[0] ?? []).reduce((sum, step) => sum + step.duration, start);
    for (let now = start; now < end; now += MINUTE) assert.equal(below(now), true, `${now}`);
    assert.deepEqual([below(end - 1), below(end), below(end + MINUTE)], [true, false, false]);
  });

  test(`${name}: a greedy sender that is not punished gets its credit, and never more than that`, () => {
    const overrides = { ...everybody, penalties: 'off', reputation: 'off' } as const;
    const { state, send } = sender(resolveIsp(loadProfile(name), { scale: 1, overrides }));
    // As often as its bucket gets a message; what Outlook refuses at RCPT has used up some of what it allows at MAIL.
    const rule = isp.limits.find((limit) => limit.name === 'ip-rate')?.segments[0]?.rule;
    const step = rule?.kind === 'bucket' ? SECOND / rule.rate : assert.fail();
    const minutes = Array.from({ length: 10 }, (_, minute) => {
      let accepted = 0;
      for (let now = minute * MINUTE; now < (minute + 1) * MINUTE; now += step)
        while (send(now) === undefined) accepted++;
      return accepted;
    });
    const all = minutes.reduce((sum, accepted) => sum + accepted, 0);
    assert.equal(all, credit(state, 0, 0, 10 * MINUTE));
    minutes.forEach((accepted, minute) => {
      const most = credit(state, 0, minute * MINUTE, (minute + 1) * MINUTE);
      assert.ok(accepted <= most, `${accepted} of ${most} in minute ${minute}`);
    });
  });
}

test('the same events have the same end', () => {
  const run = (): unknown => {
    const isp = resolveIsp(loadProfile('yahoo'), {
      scale: 60,
      incidents: [{ start: SECOND, end: 9 * SECOND, reply: 'Y34', share: 0.3 }],
    });
    const { send } = sender(isp);
    return Array.from({ length: 5000 }, (_, n) => send(n * 3000));
  };
  assert.deepEqual(run(), run());
});
