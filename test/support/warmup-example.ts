/** The worked example of fakes/README.md: fourteen days of a new address at an ISP, in virtual time. */
import { decide } from '../../fakes/isp/policy.ts';
import { loadProfile } from '../../fakes/isp/profile.ts';
import { resolveIsp } from '../../fakes/isp/resolve.ts';
import { createState } from '../../fakes/isp/state.ts';
import { createPrng } from '../../src/core/prng.ts';

const DAY = 86400e6;

/** What was accepted on each day, and how often each reply was heard, of someone who sends `perDay(day)` messages. */
export function warmUp(name: string, perDay: (day: number) => number) {
  const everybody = { unknown: 0, full: 0, disabled: 0 };
  const isp = resolveIsp(loadProfile(name), { scale: 1, overrides: { warmup: 'new', mailboxes: everybody } });
  const state = createState(isp);
  const prng = createPrng(1);
  const sender = 'b-1@news.sender.test';
  const senderDomain = 'news.sender.test';

  /** One message at the moment `now`, on a connection of its own: the id of the reply that ended it. */
  function deliver(connection: number, now: number): string {
    const recipient = `u${connection}.0@${isp.domains[0]}`;
    let reply = isp.answers.connect;
    for (const event of [
      { kind: 'connect', connection, source: 0, client: '198.18.128.1', netblock: '198.18.128.0/24' },
      { kind: 'mail', connection, sender, senderDomain },
      { kind: 'rcpt', connection, recipient },
      { kind: 'dot', connection, recipients: [recipient], bytes: 20_000 },
    ] as const) {
      const verdict = decide(state, event, now, prng);
      if (verdict.kind !== 'hangup') reply = verdict.reply;
      if (verdict.kind !== 'accept') break;
    }
    decide(state, { kind: 'close', connection }, now, prng);
    return isp.replies[reply]?.id ?? '';
  }

  let connection = 0;
  return (isp.warmup?.days ?? []).map((quota, day) => {
    const heard: Record<string, number> = {};
    const messages = perDay(day);
    for (let n = 0; n < messages; n++) {
      const reply = deliver(connection++, day * DAY + Math.floor((n * DAY) / messages));
      heard[reply] = (heard[reply] ?? 0) + 1;
    }
    const { [isp.replies[isp.answers.dot]?.id ?? '']: accepted = 0, ...refused } = heard;
    return { day: day + 1, quota, accepted, refused };
  });
}
