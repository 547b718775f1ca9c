import { after, type Clock } from '../core/clock.ts';
import type { Dialer } from './dialer.ts';
import type { VirtualUsers } from './executors/executor.ts';
import type { Injections } from './injections.ts';
import type { LoadPlan } from './load.ts';
import { partOf, type RunningLoad, type WorkerShare } from './running-load.ts';
import { VirtualUser } from './virtual-user.ts';

/** What a closed load needs to run. */
export interface ClosedLoadOptions {
  readonly plan: LoadPlan;
  readonly users: VirtualUsers;
  readonly share: WorkerShare;
  readonly clock: Clock;
  readonly injections: Injections;
  /** By target; undefined for one that the load has no mail for. */
  readonly dialers: readonly (Dialer | undefined)[];
  /** The target of a message. All messages of a user go to one, unless iterations are shared. */
  targetOf(message: number): number;
  due(): void;
}

/** How often the number of users is brought to what is wanted, microseconds. */
const LOOK_MICROS = 20_000;
/** Connections that are being made at once. A storm of more would measure the kernel's queues alone. */
const MOST_CONNECTING = 512;

/** Keeps as many virtual users at work as the executor wants at each moment. */
export function startClosedLoad(options: ClosedLoadOptions): RunningLoad {
  const { plan, users, share, clock, injections } = options;
  const crowd = new Crowd(options);
  const end = plan.start + users.duration;
  let stopped = false;

  async function run(): Promise<void> {
    while (!stopped && !crowd.isSpent && clock.now() < end) {
      const now = clock.now();
      crowd.adjust(partOf(users.usersAt(now - plan.start), share));
      await clock.until(Math.min(end, Math.max(now, plan.start) + LOOK_MICROS));
    }
    crowd.dismiss();
    const cancel = after(plan.gracefulStop / 1e3, () => crowd.destroy());
    await crowd.quiet();
    cancel();
    // As in k6: of iterations that were counted beforehand, those for which there was no time are dropped.
    if (!stopped) for (const message of crowd.unbegun()) injections.givenUp({ message, due: end }, 'dropped');
  }

  return {
    finished: run(),
    stop() {
      stopped = true;
    },
  };
}

/** The users of one worker. They are made when they are first wanted; those with the lowest numbers work first. */
class Crowd {
  readonly #options: ClosedLoadOptions;
  readonly #mine: VirtualUser[] = [];
  readonly #targets: readonly number[];
  /** So many of them are wanted. */
  #wanted = 0;
  #busy = 0;
  #spent = 0;
  #connecting = 0;
  readonly #queue: VirtualUser[] = [];
  /** By target: the next of the iterations that its users share. */
  readonly #nextShared: number[];
  /** By user: the next of its own iterations. */
  readonly #nextOwn: number[] = [];
  #whenQuiet: (() => void) | undefined;

  constructor(options: ClosedLoadOptions) {
    this.#options = options;
    this.#targets = options.dialers.flatMap((dialer, target) => (dialer ? [target] : []));
    this.#nextShared = options.dialers.map(() => options.share.worker);
  }

  /** Whether every user has sent its last message. */
  get isSpent(): boolean {
    const { users, share } = this.#options;
    return this.#spent === partOf(users.users, share);
  }

  /** Has so many users at work. */
  adjust(wanted: number): void {
    for (; this.#wanted < wanted; this.#wanted++) {
      this.#mine[this.#wanted] ??= this.#make(this.#wanted);
      this.#mine[this.#wanted]?.activate();
    }
    const { gracefulRampDown } = this.#options.users;
    for (; this.#wanted > wanted; this.#wanted--) {
      const index = this.#wanted - 1;
      const user = this.#mine[index] as VirtualUser;
      user.deactivate();
      if (user.isBusy)
        after(gracefulRampDown / 1e3, () => {
          if (index >= this.#wanted) user.destroy();
        });
    }
  }

  /** Lets all users end after what they are doing. */
  dismiss(): void {
    this.#wanted = 0;
    for (const user of this.#mine) user.deactivate();
  }

  destroy(): void {
    for (const user of this.#mine) user.destroy();
  }

  /** Messages that were counted beforehand and that nobody has begun. None where the load only has a duration. */
  *unbegun(): Generator<number> {
    const { users, share } = this.#options;
    if (users.shared === undefined && users.each === undefined) return;
    for (const user of this.#mine) if (user.unbegun !== undefined) yield user.unbegun;
    if (users.shared !== undefined) {
      for (const target of this.#targets) yield* untilNone(() => this.#sharedMessage(target));
    } else {
      for (let index = 0; index < partOf(users.users, share); index++)
        yield* untilNone(() => this.#ownMessage(index));
    }
  }

  /** Resolves when all users are at rest. */
  quiet(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenQuiet = resolve;
    });
  }

  #make(index: number): VirtualUser {
    const { plan, users, share, dialers, targetOf, due } = this.#options;
    const number = share.worker + index * share.of;
    const first = plan.recipients.firstMessage;
    // Where iterations are shared every target needs a user, or what is for it would never be sent.
    const forced = users.shared === undefined ? undefined : this.#targets[index];
    const target = forced ?? targetOf(first + number);
    return new VirtualUser({
      plan,
      dialer: dialers[target] as Dialer,
      nextMessage: () => (users.shared === undefined ? this.#ownMessage(index) : this.#sharedMessage(target)),
      mayConnect: (user) => this.#mayConnect(user),
      connected: () => this.#connected(),
      due,
      spent: () => {
        this.#spent++;
      },
      joined: () => {
        this.#busy++;
      },
      left: () => {
        if (--this.#busy === 0) this.#whenQuiet?.();
      },
    });
  }

  /** A user's own messages are numbered iteration × users + user, so that no two users ever send the same. */
  #ownMessage(index: number): number | undefined {
    const { plan, users, share } = this.#options;
    const limit = users.each === undefined ? plan.messages : users.each * users.users;
    const n = this.#nextOwn[index] ?? share.worker + index * share.of;
    if (n >= limit) return undefined;
    this.#nextOwn[index] = n + users.users;
    return plan.recipients.firstMessage + n;
  }

  #sharedMessage(target: number): number | undefined {
    const { plan, users, share, targetOf } = this.#options;
    for (let n = this.#nextShared[target] as number; n < (users.shared ?? 0); n += share.of) {
      this.#nextShared[target] = n + share.of;
      const message = plan.recipients.firstMessage + n;
      if (targetOf(message) === target) return message;
    }
    return undefined;
  }

  #mayConnect(user: VirtualUser): boolean {
    if (this.#connecting >= MOST_CONNECTING) {
      this.#queue.push(user);
      return false;
    }
    this.#connecting++;
    return true;
  }

  #connected(): void {
    this.#connecting--;
    while (this.#connecting < MOST_CONNECTING && this.#queue.length > 0) this.#queue.shift()?.connect();
  }
}

function* untilNone(next: () => number | undefined): Generator<number> {
  for (let message = next(); message !== undefined; message = next()) yield message;
}
