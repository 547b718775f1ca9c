/**
 * What a decision costs in CPU time: each ISP's whole policy in virtual time, with a sender of three addresses that keeps its limits
 * and has one recipient a message. `npm run bench policy [messages]`
 */
import { decide } from '../../fakes/isp/policy.ts';
import { loadProfile } from '../../fakes/isp/profile.ts';
import { resolveIsp } from '../../fakes/isp/resolve.ts';
import { createState } from '../../fakes/isp/state.ts';
import type { PolicyEvent } from '../../fakes/isp/verdict.ts';
import { createPrng } from '../../src/core/prng.ts';
import { spreadOf } from './side-by-side.ts';
import { about, found, note, progress, sizeOr } from './tell.ts';

const ISPS = ['gmail', 'yahoo', 'outlook'] as const;
const MESSAGES_PER_CONNECTION = 15;
/** Between two messages; a source has a third of them. */
const STEP = 100_000;
const ROUNDS = 5;

const messages = sizeOr(200_000);
about(
  `CPU time of one decision (connect, MAIL, RCPT, dot, close), each ISP's whole policy in virtual time, ${messages.toLocaleString('en')} messages from three sources.`,
);
for (const name of ISPS) {
  progress(`policy: ${name}`);
  // The first is compiled on the way.
  const [, ...rounds] = Array.from({ length: ROUNDS + 1 }, () => measure(name));
  const figure = (of: 'each' | 'message') => spreadOf(rounds.map((round) => round[of]));
  found({
    what: `${name}, a decision`,
    unit: 'µs CPU',
    better: 'less',
    ours: figure('each'),
    bar: 2,
    goal: 1,
  });
  found({ what: `${name}, all of a message`, unit: 'µs CPU', better: 'none', ours: figure('message') });
  note(`${name} refused ${rounds[0]?.refused.toLocaleString('en')} of the messages`);
}

function measure(name: string): { each: number; message: number; refused: number } {
  const isp = resolveIsp(loadProfile(name), { scale: 1 });
  const state = createState(isp);
  const prng = createPrng(1);
  const recipients = Array.from({ length: messages }, (_, n) => `u${n}.0@${isp.domains[0]}`);
  const senderDomain = 'news.sender.test';
  let decisions = 0;
  let refused = 0;
  const ask = (event: PolicyEvent, now: number): boolean => {
    decisions++;
    return decide(state, event, now, prng).kind === 'accept';
  };
  const before = process.cpuUsage();
  for (let n = 0; n < messages; n++) {
    const now = n * STEP;
    const connection = Math.floor(n / MESSAGES_PER_CONNECTION);
    if (n % MESSAGES_PER_CONNECTION === 0) {
      if (connection > 0) ask({ kind: 'close', connection: connection - 1 }, now);
      const source = connection % 3;
      ask(
        {
          kind: 'connect',
          connection,
          source,
          client: `198.18.128.${source}`,
          netblock: '198.18.128.0/24',
        },
        now,
      );
    }
    const recipient = recipients[n] as string;
    const taken =
      ask({ kind: 'mail', connection, sender: `b-${n}@${senderDomain}`, senderDomain }, now) &&
      ask({ kind: 'rcpt', connection, recipient }, now) &&
      ask({ kind: 'dot', connection, recipients: [recipient], bytes: 3000, dkimDomain: senderDomain }, now);
    if (!taken) refused++;
  }
  const { user, system } = process.cpuUsage(before);
  const micros = user + system;
  return { each: micros / decisions, message: micros / messages, refused };
}
