/**
 * A load's shape as k6's scenario options (k6 documentation, "Scenarios"; the names are the same, since the executors are
 * k6's). What k6 can't do is said here too, so that a scenario that asks for it is refused before anything starts.
 */
import { unreachable } from '../../core/errors.ts';
import { formatDuration } from '../../core/units.ts';
import type { LoadPlan } from '../load.ts';
import { scheduleOf } from '../schedule.ts';

/** lib/executor/base_config.go in k6's repository. */
const NAMES = /^[0-9a-zA-Z_-]+$/;

/** The shortest duration that k6 takes (lib/executor/constant_vus.go); stages may be shorter. */
const SHORTEST = 1e6;

/** Why k6 can't carry out a load, or undefined. */
export function k6Problem({ name, shape, message }: LoadPlan): string | undefined {
  if (!NAMES.test(name))
    return `k6 can't name a load "${name}"; expected letters, digits, "_" and "-" in its name`;
  const { duration } = scheduleOf(shape);
  if (!('stages' in shape) && duration < SHORTEST)
    return `k6 runs no load for ${formatDuration(duration)}; expected at least 1s`;
  const files = message.content.kind === 'eml' ? message.content.files : [];
  // As JSON, such a byte would become another, or two.
  const bytes = files.find(({ text }) => /[^\0-\x7f]/.test(text));
  if (bytes)
    return `${bytes.file} has bytes above 127, which HTTP APIs can't take; expected quoted-printable or base64`;
  return undefined;
}

/**
 * The load as an entry of k6's `options.scenarios`.
 * @param segments how many processes share it. k6 deals iterations out by the number of virtual users (GetNewExecutionTupleFromValue
 * in lib/execution_segment.go); where that is a multiple of the segments, they take turns.
 */
export function k6Scenario(load: LoadPlan, segments: number): Readonly<Record<string, unknown>> {
  return {
    executor: load.shape.executor,
    ...shapeOptions(load, segments),
    ...(load.start > 0 && { startTime: duration(load.start) }),
    gracefulStop: duration(load.gracefulStop),
  };
}

function shapeOptions({ shape, connections }: LoadPlan, segments: number): Readonly<Record<string, unknown>> {
  const users = Math.ceil(connections / segments) * segments;
  switch (shape.executor) {
    case 'constant-arrival-rate': {
      const { timeUnit, rates } = wholeRates([shape.rate]);
      return {
        rate: rates[0],
        timeUnit,
        duration: duration(shape.duration),
        // All are there from the beginning: k6 makes no virtual user while others are at work.
        preAllocatedVUs: users,
        maxVUs: users,
      };
    }
    case 'ramping-arrival-rate': {
      const { timeUnit, rates } = wholeRates([shape.startRate, ...shape.stages.map(({ target }) => target)]);
      const [startRate, ...targets] = rates;
      return {
        startRate,
        timeUnit,
        stages: shape.stages.map((stage, at) => ({
          duration: duration(stage.duration),
          target: targets[at],
        })),
        preAllocatedVUs: users,
        maxVUs: users,
      };
    }
    case 'constant-vus':
      return { vus: shape.vus, duration: duration(shape.duration) };
    case 'ramping-vus':
      return {
        startVUs: shape.startVUs,
        stages: shape.stages.map((stage) => ({ duration: duration(stage.duration), target: stage.target })),
        gracefulRampDown: duration(shape.gracefulRampDown),
      };
    case 'shared-iterations':
      return {
        // k6 refuses more users than there are iterations.
        vus: Math.min(
          users,
          Math.max(1, Math.floor(shape.iterations / segments)) * segments,
          shape.iterations,
        ),
        iterations: shape.iterations,
        maxDuration: duration(shape.maxDuration),
      };
    case 'per-vu-iterations':
      return { vus: shape.vus, iterations: shape.iterations, maxDuration: duration(shape.maxDuration) };
    default:
      return unreachable(shape);
  }
}

/** Whole numbers a second, a minute, an hour or a day, whichever fits; if none does, a million seconds come near enough. */
const UNITS = [
  { timeUnit: '1s', seconds: 1 },
  { timeUnit: '1m', seconds: 60 },
  { timeUnit: '1h', seconds: 3600 },
  { timeUnit: '24h', seconds: 86_400 },
] as const;
const FINE_UNIT = { timeUnit: '1000000s', seconds: 1e6 } as const;

/** k6's rates are whole numbers; ours are fractions of a second too. */
function wholeRates(perSecond: readonly number[]): { timeUnit: string; rates: readonly number[] } {
  const { timeUnit, seconds } =
    UNITS.find((unit) => perSecond.every((rate) => isWhole(rate * unit.seconds))) ?? FINE_UNIT;
  return { timeUnit, rates: perSecond.map((rate) => Math.round(rate * seconds)) };
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) <= 1e-9 * Math.max(1, value);
}

/** Microseconds as k6 writes durations. */
function duration(micros: number): string {
  return micros % 1000 === 0 ? `${micros / 1000}ms` : `${Math.round(micros)}us`;
}
