/**
 * k6's executors (k6 documentation, "Executors", "Graceful stop", "Dropped iterations", "Arrival-rate VU allocation").
 * When iterations are due, and how many users are wanted, is as the project's own schedules say, with one difference: the
 * first iteration of a ramping-arrival-rate is due when the area under the rate reaches 1, not 0.
 */
import { rampingArrivalRate } from '../../../src/driver/executors/ramping-arrival-rate.ts';
import { rampingVus } from '../../../src/driver/executors/ramping-vus.ts';
import { now } from './samples.ts';
import { numbersOf, type Segment, stripeOf, usersOf } from './segment.ts';
import type { Scenario } from './settings.ts';
import { log } from './trouble.ts';
import type { VirtualUser } from './virtual-user.ts';

/** What a scenario has of its run. */
export interface Field {
  readonly segment: Segment;
  /** JSON: what setup() returned, and the options. */
  readonly argument: string | undefined;
  readonly options: string;
  /** Aborted when the run is to end at once. */
  readonly aborted: AbortSignal;
  /** Makes another user. */
  another(): VirtualUser;
  dropped(scenario: Scenario, count: number): void;
}

/** Users that a scenario has ready before it begins, in this segment. */
export function plannedUsers(scenario: Scenario, segment: Segment): number {
  const { executor, vus, stages } = scenario;
  const most = executor === 'ramping-vus' ? Math.max(vus, ...stages.map(({ target }) => target)) : vus;
  return usersOf(segment, most);
}

/** Carries out a scenario, from its startTime to the end of its last iteration. */
export async function carryOut(scenario: Scenario, users: VirtualUser[], field: Field): Promise<void> {
  await new ScenarioRun(scenario, users, field).run();
}

/** How often users that end and those that are wanted are looked at, milliseconds. */
const LOOK_MS = 5;

class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #users: VirtualUser[];
  readonly #field: Field;
  readonly #numbers: Generator<number>;
  readonly #ofUser = new Map<VirtualUser, number>();
  readonly #running = new Set<Promise<void>>();
  #began = 0;
  #count = 0;

  constructor(scenario: Scenario, users: VirtualUser[], field: Field) {
    this.#scenario = scenario;
    this.#users = users;
    this.#field = field;
    this.#numbers = this.#workGoesWithUsers
      ? numbersOf(field.segment, this.#allUsers)
      : stripeOf(field.segment);
  }

  async run(): Promise<void> {
    const { startTime, executor, gracefulStop } = this.#scenario;
    await this.#until(startTime, now());
    this.#began = now();
    if (executor.endsWith('arrival-rate')) await this.#open();
    else if (executor === 'ramping-vus') await this.#ramp();
    else await this.#closed();
    await this.#quiet(gracefulStop);
    await Promise.all(this.#users.filter((user) => !user.isIdle).map((user) => user.interrupt()));
    await Promise.all(this.#running);
  }

  get #workGoesWithUsers(): boolean {
    return (
      this.#scenario.executor.endsWith('arrival-rate') || this.#scenario.executor === 'shared-iterations'
    );
  }

  /** Users that the scenario may have over all segments. */
  get #allUsers(): number {
    const { executor, vus, maxVUs } = this.#scenario;
    return executor.endsWith('arrival-rate') ? maxVUs : vus;
  }

  get #isOver(): boolean {
    return this.#field.aborted.aborted;
  }

  /** Begins each iteration when it is due, with a user that is free; without one it is dropped, and a user is added. */
  async #open(): Promise<void> {
    const { maxVUs, executor, rate, duration } = this.#scenario;
    const most = usersOf(this.#field.segment, maxVUs);
    const ramp = rampingArrivalRate({
      executor: 'ramping-arrival-rate',
      startRate: this.#scenario.startRate,
      stages: this.#scenario.stages.map((stage) => ({ ...stage, duration: stage.duration * 1e3 })),
    });
    const total = this.#scenario.stages.reduce(
      ({ area, from }, stage) => ({
        area: area + ((from + stage.target) / 2e3) * stage.duration,
        from: stage.target,
      }),
      { area: 0, from: this.#scenario.startRate },
    ).area;
    for (const n of numbersOf(this.#field.segment, maxVUs)) {
      const constant = executor === 'constant-arrival-rate';
      if (constant ? (n * 1e3) / rate >= duration - 1e-6 : n + 1 > total + 1e-6) break;
      await this.#until(constant ? (n * 1e3) / rate : ramp.dueAt(n + 1) / 1e3);
      if (this.#isOver) return;
      const free = this.#users.find((user) => user.isIdle);
      if (free) {
        this.#begin(free);
        continue;
      }
      this.#field.dropped(this.#scenario, 1);
      if (this.#users.length < most) this.#users.push(await readyUser(this.#field));
      else log('warning', `Insufficient VUs, reached ${most} active VUs and cannot allocate more`);
    }
    await this.#until(executor === 'constant-arrival-rate' ? duration : ramp.duration / 1e3);
  }

  /** Lets each user iterate until the time is over or the iterations are. */
  async #closed(): Promise<void> {
    const { executor, iterations, duration } = this.#scenario;
    let left = this.#shareOf(iterations);
    await Promise.all(
      this.#users.map(async (user) => {
        for (let own = 0; executor !== 'per-vu-iterations' || own < iterations; own++) {
          if (this.#isOver) return;
          if (now() - this.#began >= duration || !user.isIdle) {
            if (executor === 'per-vu-iterations') this.#field.dropped(this.#scenario, iterations - own);
            return;
          }
          if (executor === 'shared-iterations' && left-- <= 0) return;
          await Promise.race([this.#begin(user), this.#until(duration)]);
        }
      }),
    );
    if (executor === 'shared-iterations' && left > 0 && !this.#isOver)
      this.#field.dropped(this.#scenario, left);
  }

  /** Of all iterations that are shared, as many as the users of this segment have. */
  #shareOf(iterations: number): number {
    let count = 0;
    for (const n of numbersOf(this.#field.segment, this.#allUsers)) {
      if (n >= iterations) break;
      count++;
    }
    return count;
  }

  /** Has as many users at work as its stages want. */
  async #ramp(): Promise<void> {
    const { vus, stages, gracefulRampDown } = this.#scenario;
    const schedule = rampingVus({
      executor: 'ramping-vus',
      startVUs: vus,
      stages: stages.map((stage) => ({ ...stage, duration: stage.duration * 1e3 })),
      gracefulRampDown: gracefulRampDown * 1e3,
    });
    const unwantedSince = new Map<number, number>();
    for (let t = 0; t < schedule.duration / 1e3 && !this.#isOver; t = now() - this.#began) {
      const wanted = usersOf(this.#field.segment, schedule.usersAt(t * 1e3));
      for (const [index, user] of this.#users.entries()) {
        if (index < wanted) {
          unwantedSince.delete(index);
          if (user.isGone) this.#users[index] = await readyUser(this.#field);
          else if (user.isIdle) this.#begin(user);
        } else if (!user.isIdle && !user.isGone) {
          const since = unwantedSince.get(index) ?? t;
          unwantedSince.set(index, since);
          if (t - since >= gracefulRampDown) await user.interrupt();
        }
      }
      await this.#until(Math.min(t + LOOK_MS, schedule.duration / 1e3));
    }
  }

  #begin(user: VirtualUser): Promise<void> {
    const { name, executor, tags, env, exec, stages } = this.#scenario;
    const ofVu = this.#ofUser.get(user) ?? 0;
    this.#ofUser.set(user, ofVu + 1);
    const stagesTime = stages.reduce((sum, stage) => sum + stage.duration, 0);
    const iteration = {
      scenario: name,
      executor,
      startTime: this.#began,
      duration: this.#scenario.duration || stagesTime,
      tags,
      env,
      iterationInInstance: this.#count++,
      iterationInTest: this.#numbers.next().value as number,
      ofVu,
    };
    const { argument, options } = this.#field;
    const ended = user.run({ phase: 'iteration', exec, argument, options, iteration }).then((end) => {
      if (end.state === 'done' && end.error !== undefined) log('error', end.error, 'stacktrace');
    });
    this.#running.add(ended);
    void ended.then(() => this.#running.delete(ended));
    return ended;
  }

  /** Waits until what is under way has ended, for so long at most. */
  async #quiet(ms: number): Promise<void> {
    const from = now();
    while (this.#running.size > 0 && !this.#isOver && now() - from < ms)
      await Promise.race([Promise.all(this.#running), this.#until(ms, from)]);
  }

  /** Waits until a moment of the scenario, in milliseconds since it began, or until the run is aborted. */
  #until(ms: number, from = this.#began): Promise<void> {
    const { aborted } = this.#field;
    const left = from + ms - now();
    if (left <= 0 || aborted.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        aborted.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, left);
      aborted.addEventListener('abort', finish);
    });
  }
}

async function readyUser(field: Field): Promise<VirtualUser> {
  const user = field.another();
  await user.loaded;
  return user;
}
