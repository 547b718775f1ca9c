/**
 * The options of a run: the script's (k6 documentation, "Scenarios" and each executor's page). All that is wrong with them is said at once.
 */
import { EXIT, K6Error } from './trouble.ts';

/** A scenario with all its defaults. Times in milliseconds, rates a second. */
export interface Scenario {
  readonly name: string;
  readonly executor: keyof typeof KEYS;
  readonly exec: string;
  readonly startTime: number;
  readonly gracefulStop: number;
  readonly gracefulRampDown: number;
  readonly env: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly vus: number;
  readonly maxVUs: number;
  readonly iterations: number;
  /** Of iteration-based executors the most that they may take. */
  readonly duration: number;
  readonly rate: number;
  readonly startRate: number;
  readonly stages: readonly { readonly duration: number; readonly target: number }[];
}

/** Options of a script, as JSON. */
export type ScriptOptions = Readonly<Record<string, unknown>>;

const COMMON = ['executor', 'startTime', 'gracefulStop', 'exec', 'env', 'tags', 'options'];
const KEYS = {
  'constant-arrival-rate': ['rate', 'timeUnit', 'duration', 'preAllocatedVUs', 'maxVUs'],
  'ramping-arrival-rate': ['startRate', 'timeUnit', 'stages', 'preAllocatedVUs', 'maxVUs'],
  'constant-vus': ['vus', 'duration'],
  'ramping-vus': ['startVUs', 'stages', 'gracefulRampDown'],
  'shared-iterations': ['vus', 'iterations', 'maxDuration'],
  'per-vu-iterations': ['vus', 'iterations', 'maxDuration'],
} as const;
const WHOLE = ['rate', 'startRate', 'vus', 'startVUs', 'maxVUs', 'preAllocatedVUs', 'iterations', 'target'];
const TIMES = ['startTime', 'gracefulStop', 'gracefulRampDown', 'timeUnit', 'duration', 'maxDuration'];

/** Milliseconds of `1m30s`, `500ms`, or of a number, which is milliseconds. Throws as k6 does at what it can't read. */
export function milliseconds(value: unknown): number {
  if (typeof value === 'number') return value;
  const units: Record<string, number> = {
    d: 864e5,
    h: 36e5,
    m: 6e4,
    s: 1e3,
    ms: 1,
    us: 1e-3,
    µs: 1e-3,
    ns: 1e-6,
  };
  const parts = typeof value === 'string' ? [...value.matchAll(/(\d+(?:\.\d*)?)(d|h|ms|us|µs|ns|m|s)/g)] : [];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== value)
    throw new K6Error(EXIT.config, `time: invalid duration ${JSON.stringify(value)}`);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit as string] as number), 0);
}

/** The scenarios of a run. */
export function scenariosOf(options: ScriptOptions, exported: readonly string[]): Scenario[] {
  const once = { default: { executor: 'per-vu-iterations' } };
  const written = (options.scenarios ?? once) as Record<string, Record<string, unknown>>;
  const faults: string[] = [];
  for (const shortcut of ['iterations', 'duration', 'stages'])
    if (options.scenarios && options[shortcut] !== undefined)
      faults.push(
        `using multiple execution config shortcuts (\`${shortcut}\` and \`scenarios\`) is not allowed`,
      );
  const scenarios = Object.entries(written).map(([name, raw]) => scenarioOf(name, raw, faults));
  for (const { name, exec } of scenarios)
    if (!exported.includes(exec)) faults.push(`executor ${name}: function '${exec}' not found in exports`);
  if (faults.length > 0)
    throw new K6Error(
      EXIT.config,
      ['There were problems with the specified script configuration:', ...faults.map((f) => `\t- ${f}`)].join(
        '\n',
      ),
    );
  return scenarios;
}

function scenarioOf(name: string, raw: Record<string, unknown>, faults: string[]): Scenario {
  const executor = raw.executor as keyof typeof KEYS;
  const known = KEYS[executor];
  if (!known) throw new K6Error(EXIT.config, `unknown executor type '${String(executor)}'`);
  const allowed = [...COMMON, ...known] as string[];
  for (const key of Object.keys(raw))
    if (!allowed.includes(key)) throw new K6Error(EXIT.config, `json: unknown field "${key}"`);
  for (const key of WHOLE) requireWhole(raw[key]);
  const time = (key: string, otherwise: number) =>
    raw[key] === undefined ? otherwise : milliseconds(raw[key]);
  for (const key of TIMES) time(key, 0);
  const number = (key: string, otherwise: number) => (raw[key] as number | undefined) ?? otherwise;
  const stages = ((raw.stages as { duration?: unknown; target?: unknown }[] | undefined) ?? []).map(
    (stage) => {
      requireWhole(stage.target);
      return {
        duration: stage.duration === undefined ? -1 : milliseconds(stage.duration),
        target: (stage.target as number | undefined) ?? -1,
      };
    },
  );
  const perSecond = 1e3 / time('timeUnit', 1e3);
  const iterative = executor === 'shared-iterations' || executor === 'per-vu-iterations';
  const preAllocated = number('preAllocatedVUs', 0);
  const open = executor.endsWith('arrival-rate');
  const scenario: Scenario = {
    name,
    executor,
    exec: (raw.exec as string | undefined) ?? 'default',
    startTime: time('startTime', 0),
    gracefulStop: time('gracefulStop', 30e3),
    gracefulRampDown: time('gracefulRampDown', 30e3),
    env: (raw.env as Record<string, string> | undefined) ?? {},
    tags: (raw.tags as Record<string, string> | undefined) ?? {},
    vus: open ? preAllocated : number(executor === 'ramping-vus' ? 'startVUs' : 'vus', 1),
    maxVUs: number('maxVUs', preAllocated),
    iterations: number('iterations', 1),
    duration: iterative ? time('maxDuration', 600e3) : time('duration', 0),
    rate: number('rate', 0) * perSecond,
    startRate: number('startRate', 0) * perSecond,
    stages: stages.map((stage) => (open ? { ...stage, target: stage.target * perSecond } : stage)),
  };
  faults.push(...faultsOf(scenario, raw));
  return scenario;
}

function requireWhole(value: unknown): void {
  if (value !== undefined && !Number.isInteger(value))
    throw new K6Error(
      EXIT.config,
      `json: cannot unmarshal ${JSON.stringify(value)} into Go value of type int64`,
    );
}

function faultsOf(scenario: Scenario, raw: Record<string, unknown>): string[] {
  const { name, executor, stages, duration, vus, maxVUs, iterations } = scenario;
  const faults: string[] = [];
  const unless = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  unless(
    /^[0-9a-zA-Z_-]+$/.test(name),
    'the executor name should contain only numbers, latin letters, underscores, and dashes',
  );
  unless(raw.exec !== '', 'exec value cannot be empty');
  if ((KEYS[executor] as readonly string[]).includes('stages')) {
    unless(stages.length > 0, 'at least one stage has to be specified');
    for (const [at, stage] of stages.entries()) {
      unless(stage.duration >= 0, `stage ${at + 1} doesn't have a duration`);
      unless(stage.target >= 0, `stage ${at + 1} doesn't have a target`);
    }
  } else {
    unless(duration >= 1e3, `the duration should be at least 1s, but is ${duration}ms`);
  }
  if (executor.endsWith('arrival-rate')) {
    unless(raw.preAllocatedVUs !== undefined, "the number of preAllocatedVUs isn't specified");
    unless(maxVUs >= vus, "maxVUs can't be less than preAllocatedVUs");
    if (executor === 'constant-arrival-rate')
      unless(scenario.rate > 0, 'the iteration rate must be more than 0');
  } else if (executor !== 'ramping-vus') {
    unless(vus > 0, 'the number of VUs must be more than 0');
    unless(iterations > 0, 'the number of iterations must be more than 0');
  }
  if (executor === 'shared-iterations')
    unless(
      iterations >= vus,
      `the number of iterations (${iterations}) can't be less than the number of VUs (${vus})`,
    );
  return faults;
}
