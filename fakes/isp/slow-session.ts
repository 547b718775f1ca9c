/** A session whose answers take their time, as the profile says. Only the native engine waits. */
import { Purpose } from '../../src/core/prng.ts';
import { type Latency, type LatencyStage, LONGEST_ANSWER } from './answer-times.ts';
import { IspSession } from './isp-session.ts';
import type { Rendered } from './render.ts';
import type { IncomingMessage, Peer, SessionWorld } from './session.ts';
import { quantile } from './spread.ts';

/** Answers that one transaction has a place for in keyed chance. */
const ANSWERS = 2 ** 16;

/** Puts latency on the answers of each stage. What is decided is decided when the command comes, and said later. */
export class SlowSession extends IspSession {
  readonly #world: SessionWorld;
  readonly #connection: number;
  readonly #latency: Latency;
  #transaction = 0;
  /** Delayed answers in this transaction so far. */
  #answers = 0;

  constructor(world: SessionWorld, peer: Peer, latency: Latency) {
    super(world, peer);
    this.#world = world;
    this.#connection = peer.connection;
    this.#latency = latency;
  }

  override onConnect(): Rendered {
    return this.#later('connect', super.onConnect());
  }

  override onHelo(verb: 'HELO' | 'EHLO', name: string): Rendered {
    return this.#later('ehlo', super.onHelo(verb, name));
  }

  override onMail(sender: string, size?: number): Rendered {
    this.#transaction++;
    this.#answers = 0;
    return this.#later('mail', super.onMail(sender, size));
  }

  override onRcpt(recipient: string): Rendered {
    return this.#later('rcpt', super.onRcpt(recipient));
  }

  override onData(): Rendered {
    return this.#later('data', super.onData());
  }

  override onDot(message: IncomingMessage): Rendered | Promise<Rendered> {
    const answer = super.onDot(message);
    return answer instanceof Promise
      ? answer.then((known) => this.#later('dot', known))
      : this.#later('dot', answer);
  }

  #later(stage: LatencyStage, answer: Rendered): Rendered {
    const spread = this.#latency[stage];
    if (!spread || answer.lines.length === 0) return answer;
    const { prng, isp } = this.#world;
    const place = this.#transaction * ANSWERS + this.#answers++;
    const chance = prng.chance(Purpose.latency, this.#connection ^ isp.number, place);
    // Chance is a multiple of 2^-32 and may be 0, which a log-normal distribution has no time for.
    return { ...answer, delayMs: quantile(spread, chance + 2 ** -33, LONGEST_ANSWER) / 1e3 };
  }
}
