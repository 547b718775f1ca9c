/** Nobody ever gets more than the credit: senders in virtual time, at the ISPs as they are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CreditMeter } from '../../fakes/isp/credit-meter.ts';
import { nextUnit } from '../../fakes/isp/limits.ts';
import { decide } from '../../fakes/isp/policy.ts';
import { loadProfile, profileNames } from '../../fakes/isp/profile.ts';
import { type ResolvedIsp, resolveIsp } from '../../fakes/isp/resolve.ts';
import { createState, type IspState } from '../../fakes/isp/state.ts';
import { limitsMessages } from '../../fakes/isp/tables.ts';
import type { PolicyEvent } from '../../fakes/isp/verdict.ts';
import { createPrng } from '../../src/core/prng.ts';

const SECOND = 1e6;
const MILLISECOND = 1e3;
const DURATION = 25 * SECOND;
const DOMAIN = 'news.sender.test';
/** Two in one network, one in another; a second address of the first client; one that never comes. */
const SOURCES = [
  { client: 'a', netblock: 'n' },
  { client: 'b', netblock: 'n' },
  { client: 'c', netblock: 'm' },
  { client: 'a', netblock: 'n' },
] as const;
const ALL = [0, 1, 2, 3, 4];

/** A source that sends a message after the other, each on a connection that it keeps while it may. */
class Sender {
  readonly #state: IspState;
  readonly #source: number;
  readonly #chance = createPrng(7);
  #connection: number;
  #open = false;

  constructor(state: IspState, source: number) {
    this.#state = state;
    this.#source = source;
    this.#connection = source;
  }

  /** The first moment from `now` on at which no limit speaks against a message, as far as can be known. */
  ready(now: number): number {
    const { client, netblock } = SOURCES[this.#source] as (typeof SOURCES)[number];
    const keys: Record<string, string | number> = {
      source: client,
      netblock,
      'sender-domain': DOMAIN,
      'dkim-domain': DOMAIN,
      isp: 0,
    };
    let ready = now;
    for (const table of this.#state.tables) {
      const account = limitsMessages(table) ? table.accounts.get(keys[table.limit.key] ?? '') : undefined;
      if (account) ready = Math.max(ready, nextUnit(account, now));
    }
    return ready;
  }

  /** Tries to send a message; true if it was accepted. */
  send(now: number, number: number): boolean {
    const recipient = `u${this.#source}-${number}.0@${this.#state.isp.domains[0]}`;
    if (!this.#open) {
      this.#connection += SOURCES.length;
      const source = this.#source;
      const who = SOURCES[source] as (typeof SOURCES)[number];
      this.#open = true;
      if (!this.#ask({ kind: 'connect', connection: this.#connection, source, ...who }, now)) return false;
    }
    const connection = this.#connection;
    return (
      this.#ask({ kind: 'mail', connection, sender: `b@${DOMAIN}`, senderDomain: DOMAIN }, now) &&
      this.#ask({ kind: 'rcpt', connection, recipient }, now) &&
      this.#ask({ kind: 'dot', connection, recipients: [recipient], bytes: 500, dkimDomain: DOMAIN }, now)
    );
  }

  #ask(event: PolicyEvent, now: number): boolean {
    const verdict = decide(this.#state, event, now, this.#chance);
    if (verdict.kind === 'hangup' || (verdict.kind === 'refuse' && verdict.close)) {
      decide(this.#state, { kind: 'close', connection: this.#connection }, now, this.#chance);
      this.#open = false;
    }
    return verdict.kind === 'accept';
  }
}

/** What a sender has to send: at a moment (ms), so many messages. */
type Demand = readonly { readonly source: number; readonly at: number; readonly messages: number }[];

/**
 * Lets senders send what they have as fast as they can, and asks every second for the credit of the ten before.
 * @param polite whether they wait for every limit, or try every millisecond
 */
function fly(isp: ResolvedIsp, demand: Demand, polite: boolean): { accepted: number; closest: number } {
  const state = createState(isp);
  const meter = new CreditMeter(state);
  const senders = SOURCES.map((_, source) => new Sender(state, source));
  const waiting = SOURCES.map(() => 0);
  const accepted: number[][] = ALL.map(() => []);
  let number = 0;
  let closest = 0;
  const check = (to: number): void => {
    meter.note(to);
    const from = Math.max(0, to - 10 * SECOND);
    const had = accepted.map((moments) => moments.filter((at) => at >= from && at < to).length);
    const credit = meter.ofEach(ALL, from, to);
    for (const source of ALL)
      assert.ok(
        (had[source] as number) <= (credit[source] as number),
        `source ${source} had ${had[source]} of ${credit[source]} from ${from} to ${to}`,
      );
    const sum = had.reduce((a, b) => a + b, 0);
    const most = meter.inAll(ALL, from, to, credit);
    assert.ok(sum <= most, `all had ${sum} of ${most} from ${from} to ${to}`);
    if (most > 0) closest = Math.max(closest, sum / most);
  };
  for (let now = 0; now <= DURATION; now += MILLISECOND) {
    if (now > 0 && now % SECOND === 0) check(now);
    for (const { source, at, messages } of demand)
      if (at * MILLISECOND === now) waiting[source] = (waiting[source] as number) + messages;
    // No two things happen at one moment: a sender that is accepted and then punished is so one after the other.
    let moment = now;
    const lull = now + MILLISECOND - SOURCES.length;
    senders.forEach((sender, source) => {
      for (; (waiting[source] as number) > 0 && moment < lull; moment++) {
        if (polite && sender.ready(moment) > moment) break;
        const isAccepted = sender.send(moment, number++);
        if (isAccepted) (accepted[source] as number[]).push(moment);
        // What is refused a polite sender gives up, a rude one tries again in the next millisecond.
        if (!isAccepted && !polite) break;
        waiting[source] = (waiting[source] as number) - 1;
      }
    });
  }
  return { accepted: accepted.flat().length, closest };
}

const someDemand = fc.array(
  fc.record({
    source: fc.integer({ min: 0, max: SOURCES.length - 1 }),
    at: fc.integer({ min: 0, max: DURATION / MILLISECOND }),
    messages: fc.integer({ min: 1, max: 3000 }),
  }),
  { maxLength: 10 },
);
const someIncident = fc.record({
  start: fc.integer({ min: 0, max: 20 }).map((s) => s * SECOND),
  seconds: fc.integer({ min: 1, max: 15 }),
  share: fc.constantFrom('0%', '10%', '50%'),
  sources: fc.constantFrom(undefined, [0], [1, 2]),
});

for (const name of profileNames()) {
  test(`${name}: nobody gets more than the credit in any ten seconds, neither polite nor rude`, () => {
    const profile = loadProfile(name);
    const limits = Object.entries(profile.limits).filter(([, { key }]) => key === 'source');
    let closest = 0;
    let most = 0;
    fc.assert(
      fc.property(
        // At the last of these scales an hour is a second, and a day 24.
        fc.constantFrom(1, 10, 3600),
        someDemand,
        fc.array(someIncident, { maxLength: 3 }),
        fc.boolean(),
        fc.boolean(),
        (scale, demand, incidents, polite, isNew) => {
          const isp = resolveIsp(profile, {
            scale,
            overrides: {
              mailboxes: { unknown: 0, full: 0, disabled: 0 },
              ...(isNew ? { warmup: 'new' as const } : {}),
            },
            incidents: incidents.map(({ start, seconds, share, sources }) => ({
              start,
              end: start + seconds * SECOND,
              sources,
              limits: Object.fromEntries(
                limits.filter(([, { unit }]) => unit !== 'connections').map(([limit]) => [limit, share]),
              ),
            })),
          });
          const flown = fly(isp, demand, polite);
          closest = Math.max(closest, flown.closest);
          most = Math.max(most, flown.accepted);
        },
      ),
      { numRuns: 25, seed: 5 },
    );
    // The bound means something: somebody came near it.
    assert.ok(closest > 0.3 && most > 1000, `${closest}, ${most}`);
  });
}
