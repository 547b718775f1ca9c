/**
 * What a decision of the policy costs: whole messages in virtual time, from many sources to many mailboxes, within the
 * limits and far beyond them. Medians of five, beside the budget of 2 µs.
 */

import { decide } from '../../fakes/isp/policy.ts';
import { loadProfile } from '../../fakes/isp/profile.ts';
import { resolveIsp } from '../../fakes/isp/resolve.ts';
import { createState } from '../../fakes/isp/state.ts';
import { monotonicMicros } from '../../src/core/clock.ts';
import { createPrng } from '../../src/core/prng.ts';

const MESSAGES = 100_000;
const DECISIONS = MESSAGES * 5;
const BUDGET_MICROS = 2;
const SOURCES = 16;
const prng = createPrng(1);

/** Microseconds a decision, once. `gap`: simulated microseconds between two messages. */
function measure(name: string, gap: number): number {
  const state = createState(resolveIsp(loadProfile(name), { scale: 1 }));
  const recipients = Array.from({ length: MESSAGES }, (_, n) => `u${n}.0@isp.test`);
  const started = monotonicMicros();
  for (let n = 0; n < MESSAGES; n++) {
    const now = n * gap;
    const source = n % SOURCES;
    const recipient = recipients[n] as string;
    decide(state, { kind: 'connect', connection: n, source, client: `c${source}`, netblock: 'n' }, now, prng);
    const sender = 'b-1@news.sender.test';
    decide(
      state,
      { kind: 'mail', connection: n, sender, senderDomain: 'news.sender.test', size: 0 },
      now,
      prng,
    );
    decide(state, { kind: 'rcpt', connection: n, recipient }, now, prng);
    decide(
      state,
      { kind: 'dot', connection: n, recipients: [recipient], bytes: 2000, dkimDomain: undefined },
      now,
      prng,
    );
    decide(state, { kind: 'close', connection: n }, now, prng);
  }
  return (monotonicMicros() - started) / DECISIONS;
}

for (const name of ['gmail', 'yahoo', 'outlook']) {
  for (const [what, gap] of [
    ['within the limits', 1_000_000],
    ['far beyond them', 1_000],
  ] as const) {
    measure(name, gap); // warms the compiler up
    const times = Array.from({ length: 5 }, () => measure(name, gap)).sort((a, b) => a - b);
    const median = times[2] as number;
    console.log(
      `${name.padEnd(8)} ${what.padEnd(18)} ${median.toFixed(2)} µs a decision (${times[0]?.toFixed(2)} to ${times[4]?.toFixed(2)}), ${(median / BUDGET_MICROS).toFixed(2)} of the budget`,
    );
  }
}
