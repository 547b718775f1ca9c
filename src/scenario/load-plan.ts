/** From the loads that a scenario asks for to the loads that the driver carries out. */
import { dirname } from 'node:path';
import type { Micros } from '../core/clock.ts';
import { nearest } from '../core/nearest.ts';
import { formatDuration } from '../core/units.ts';
import type { LoadPlan } from '../driver/load.ts';
import type { MessagePlan } from '../driver/message.ts';
import type { RecipientPlan } from '../driver/recipients.ts';
import { iterationsOf, type LoadShape, scheduleOf } from '../driver/schedule.ts';
import { checkK6, checkK6Plans, type PlacedLoad, plannedK6 } from './k6-load.ts';
import type { LoadedScenario } from './load.ts';
import type { LoadWish } from './load-schema.ts';
import { checkSubmission, type FrontDoor } from './submission.ts';

/** Says what is wrong where in the scenario. */
export type Fault = (path: readonly PropertyKey[], message: string) => void;

/** Keys that only some executors have. An optional one may be left out. */
type ShapeKey =
  | 'rate'
  | 'duration'
  | 'startRate'
  | 'stages'
  | 'vus'
  | 'startVUs'
  | 'iterations'
  | 'maxDuration'
  | 'gracefulRampDown'
  | 'connections'
  | 'pause';
type Executor = LoadShape['executor'];

const KEYS: Readonly<
  Record<Executor, { readonly needed: readonly ShapeKey[]; readonly optional: readonly ShapeKey[] }>
> = {
  'constant-arrival-rate': { needed: ['rate', 'duration'], optional: ['connections'] },
  'ramping-arrival-rate': { needed: ['stages'], optional: ['startRate', 'connections'] },
  'constant-vus': { needed: ['vus', 'duration'], optional: ['pause'] },
  'ramping-vus': { needed: ['stages'], optional: ['startVUs', 'gracefulRampDown', 'pause'] },
  'shared-iterations': { needed: ['iterations'], optional: ['vus', 'maxDuration', 'pause'] },
  'per-vu-iterations': { needed: ['iterations'], optional: ['vus', 'maxDuration', 'pause'] },
};
const SHAPE_KEYS = new Set(Object.values(KEYS).flatMap((keys) => [...keys.needed, ...keys.optional]));
const EXAMPLES: Partial<Record<ShapeKey, string>> = {
  rate: '50/s',
  duration: '30s',
  vus: '50',
  iterations: '10000',
};

/** k6's defaults. */
const MAX_DURATION: Micros = 600e6;
const GRACEFUL_RAMP_DOWN: Micros = 30e6;
/** Connections of a load that does not say how many. */
const CONNECTIONS = 20;

/** What a run may have at most. */
export interface Most {
  readonly recipients: number;
  readonly connections: number;
}

/** What the loads of a run have in common. */
export interface LoadContext {
  readonly loaded: LoadedScenario;
  readonly fault: Fault;
  readonly most: Most;
  readonly isps: readonly (RecipientPlan['isps'][number] & { readonly id: string })[];
  readonly frontDoor: FrontDoor;
  messagePlan(wish: LoadWish['message'], load: string, path: readonly PropertyKey[]): MessagePlan;
}

/** Plans all loads of a scenario; what is wrong goes to `fault`. */
export function plannedLoads(context: LoadContext): LoadPlan[] {
  const { loaded, fault, most } = context;
  const { load, loads } = loaded.scenario;
  const wishes: [string, LoadWish, readonly PropertyKey[]][] = load
    ? [['default', load, ['load']]]
    : Object.entries(loads ?? {}).map(([name, wish]) => [name, wish, ['loads', name]]);
  if (loads && wishes.length === 0) fault(['loads'], 'expected at least one load');

  const placed: PlacedLoad[] = [];
  let firstMessage = 0;
  let firstMailbox = 0;
  for (const [name, wish, path] of wishes) {
    const shape = loadShape(wish, path, fault);
    if (!shape) continue;
    const plan = plannedLoad(context, name, wish, path, shape, wishes.length, firstMessage, firstMailbox);
    placed.push({ load: plan, path });
    firstMessage += plan.messages;
    firstMailbox += plan.messages * plan.recipients.perMessage;
  }
  checkK6Plans(placed, loaded.scenario.workers.drivers, fault);
  const planned = placed.map(({ load }) => load);
  const recipients = planned.reduce(
    (sum, { shape, recipients: r }) => sum + (iterationsOf(scheduleOf(shape)) ?? 0) * r.perMessage,
    0,
  );
  const path = load ? ['load'] : ['loads'];
  if (recipients > most.recipients)
    fault(path, `this load has ${recipients} recipients; expected at most ${most.recipients}`);
  const connections = planned.reduce((sum, plan) => sum + plan.connections, 0);
  if (connections > most.connections)
    fault(path, `found ${connections} connections; expected at most ${most.connections}`);
  return planned;
}

/** Messages that a load may number whose length does not say how many there will be. */
const OPEN_ENDED = 1e9;

function plannedLoad(
  { loaded, fault, isps, frontDoor, messagePlan }: LoadContext,
  name: string,
  wish: LoadWish,
  path: readonly PropertyKey[],
  shape: LoadShape,
  loads: number,
  firstMessage: number,
  firstMailbox: number,
): LoadPlan {
  const schedule = scheduleOf(shape);
  const iterations = iterationsOf(schedule);
  if (iterations === 0) fault(path, 'this load injects nothing; expected a rate above 0');
  if (schedule.model === 'closed' && schedule.users === 0)
    fault(path, 'this load has no virtual users; expected a stage with a target above 0');
  const perMessage = wish.message.recipients;
  // Without an MTA a connection leads to one ISP, so all recipients of a message are there.
  const direct = frontDoor.adapter === 'none';
  if (wish.action === 'noop' && schedule.model === 'open')
    fault([...path, 'action'], `${shape.executor} sends messages; expected an executor with virtual users`);
  checkSubmission(frontDoor, wish, (below, text) => fault([...path, ...below], text));
  checkK6(frontDoor, wish, (below, text) => fault([...path, ...below], text));
  if (wish.mailboxes !== undefined && wish.mailboxes < perMessage)
    fault(
      [...path, 'mailboxes'],
      `found ${wish.mailboxes}; expected at least one for each of a message's ${perMessage} recipients`,
    );
  checkMix(wish.mix, isps, path, fault);
  const shared = schedule.model === 'closed' && schedule.shared !== undefined;
  if (direct && shared && schedule.users < isps.length)
    fault(
      [...path, 'vus'],
      `found ${schedule.users}; expected at least one virtual user for each of ${isps.length} ISPs`,
    );
  return {
    name,
    k6: plannedK6(wish, dirname(loaded.file)),
    shape,
    start: wish.startTime,
    gracefulStop: wish.gracefulStop,
    action: wish.action,
    pause: wish.pause ?? 0,
    connections: schedule.model === 'closed' ? schedule.users : (wish.connections ?? CONNECTIONS),
    messagesPerConnection: wish.messagesPerConnection,
    retry: wish.retry,
    timeoutMs: wish.timeout / 1e3,
    tls: wish.tls,
    auth: wish.auth,
    sources: wish.sources,
    messages: iterations ?? Math.floor(OPEN_ENDED / loads / perMessage),
    recipients: {
      isps: isps.map(({ id, share, domains }) => ({
        share: wish.mix ? (wish.mix[id] ?? 0) : share,
        domains,
      })),
      perMessage,
      ispPer: !direct
        ? 'recipient'
        : schedule.model === 'closed' && schedule.shared === undefined
          ? 'user'
          : 'message',
      users: schedule.model === 'closed' ? schedule.users : 1,
      firstMessage,
      firstMailbox,
      repeatAfter: wish.mailboxes === undefined ? undefined : Math.floor(wish.mailboxes / perMessage),
    },
    message: messagePlan(wish.message, name, [...path, 'message']),
  };
}

function executorOf(wish: LoadWish): Executor {
  if (wish.executor) return wish.executor;
  if (wish.stages)
    return wish.stages.every(({ target }) => 'users' in target) ? 'ramping-vus' : 'ramping-arrival-rate';
  if (wish.iterations !== undefined) return 'shared-iterations';
  return wish.vus === undefined || wish.rate !== undefined ? 'constant-arrival-rate' : 'constant-vus';
}

function loadShape(wish: LoadWish, path: readonly PropertyKey[], fault: Fault): LoadShape | undefined {
  const executor = executorOf(wish);
  const { needed, optional } = KEYS[executor];
  let complete = true;
  for (const key of SHAPE_KEYS) {
    if (wish[key] === undefined || needed.includes(key) || optional.includes(key)) continue;
    fault([...path, key], `${executor} has no "${key}"`);
    complete = false;
  }
  for (const key of needed) {
    if (wish[key] !== undefined) continue;
    const example = EXAMPLES[key];
    fault(path, `${executor} needs "${key}"${example ? `, such as ${example}` : ''}`);
    complete = false;
  }
  if (!complete) return undefined;
  const { rate = 0, duration = 0, startRate = 0, vus = 1, startVUs = 1, iterations = 0 } = wish;
  const { maxDuration = MAX_DURATION, gracefulRampDown = GRACEFUL_RAMP_DOWN } = wish;
  switch (executor) {
    case 'constant-arrival-rate':
      return { executor, rate, duration };
    case 'constant-vus':
      return { executor, vus, duration };
    case 'shared-iterations':
    case 'per-vu-iterations':
      return { executor, vus, iterations, maxDuration };
    case 'ramping-arrival-rate':
      return { executor, startRate, stages: stagesOf(wish, path, 'rate', fault) };
    case 'ramping-vus':
      return { executor, startVUs, stages: stagesOf(wish, path, 'users', fault), gracefulRampDown };
  }
}

function stagesOf(
  { stages = [] }: LoadWish,
  path: readonly PropertyKey[],
  unit: 'rate' | 'users',
  fault: Fault,
): { duration: Micros; target: number }[] {
  return stages.map(({ duration, target }, index) => {
    const value = (target as { readonly rate?: number; readonly users?: number })[unit];
    if (value === undefined) {
      const expected = unit === 'rate' ? 'a rate such as 50/s' : 'a number of virtual users such as 50';
      fault([...path, 'stages', index, 'target'], `expected ${expected}`);
    }
    return { duration, target: value ?? 0 };
  });
}

/** A load's own shares must be of ISPs that there are. */
function checkMix(
  mix: LoadWish['mix'],
  isps: LoadContext['isps'],
  path: readonly PropertyKey[],
  fault: Fault,
): void {
  if (!mix) return;
  const ids = isps.map(({ id }) => id);
  const unknown = Object.keys(mix).filter((id) => !ids.includes(id));
  for (const id of unknown) {
    const near = nearest(id, ids);
    const hint = near ? `did you mean ${near}?` : `expected one of ${ids.join(', ')}`;
    fault([...path, 'mix', id], `unknown ISP "${id}"; ${hint}`);
  }
  if (unknown.length === 0 && !ids.some((id) => (mix[id] ?? 0) > 0))
    fault([...path, 'mix'], 'expected a share above 0');
}

/** When the last load begins nothing more, microseconds since the first could begin. */
export function endOf(loads: readonly LoadPlan[]): Micros {
  return loads.reduce((end, { start, shape }) => Math.max(end, start + scheduleOf(shape).duration), 0);
}

/**
 * A sentence for `check` and reports: what a load does.
 * @param k6Version of the k6 that carries it out, once that is known
 */
export function describeLoad(
  { k6, shape, start, connections, action, pause }: LoadPlan,
  k6Version?: string,
): string {
  const { duration } = scheduleOf(shape);
  const from = start > 0 ? ` from ${formatDuration(start)}` : '';
  const what = action === 'noop' ? ', NOOP only' : '';
  const waits = pause > 0 ? `, ${formatDuration(pause)} between iterations` : '';
  const many = connections.toLocaleString('en');
  const program = k6Version === undefined ? 'k6' : `k6 ${k6Version}`;
  const by = k6 ? `${many} virtual users of ${program}, over HTTP (${k6.api})` : `${many} connections`;
  return `${shape.executor}${from}, ${formatDuration(duration)}, ${by}${what}${waits}`;
}
