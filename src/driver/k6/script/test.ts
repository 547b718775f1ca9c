/** The life of a test as k6 calls it: options, setup, iterations, teardown, summary (k6 documentation, "Test lifecycle"). */
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import { type ReadyNote, type StartNote, THRESHOLDS_METADATA, THRESHOLDS_METRIC } from '../script-plan.ts';
import { inject } from './inject.ts';
import { beginIteration } from './iteration.ts';
import { allThresholds, type ScriptOptions, SETUP_TIMEOUT_MINUTES, scriptOptions } from './options.ts';
import { loads, plan, type ReadyLoad } from './plan.ts';

/** A user's script: what it exports. */
export interface UserScript {
  readonly options?: ScriptOptions;
  readonly setup?: () => unknown;
  readonly teardown?: (data: unknown) => unknown;
  readonly handleSummary?: (data: unknown) => unknown;
  readonly [name: string]: unknown;
}

/** What k6 finds exported. */
export interface Test {
  readonly options: ScriptOptions;
  /** Returns what the setup() of each user's script returned. */
  setup(): unknown;
  iterate(data: unknown): unknown;
  teardown(data: unknown): unknown;
  handleSummary(data: unknown): unknown;
}

const post = http.post;

/** Metrics can be made in the init context alone. */
const told = new Counter(THRESHOLDS_METRIC);

/** Puts a test together from windtunnel's part and the users' scripts. */
export function testOf(users: readonly UserScript[]): Test {
  const options = users.map((user) => user.options);
  const iterations = new Map([...loads.values()].map((load) => [load, iterationOf(load, users)]));
  return {
    options: scriptOptions(plan, options),
    setup() {
      const data = users.map((user) => user.setup?.());
      const ready: ReadyNote = { thresholds: allThresholds(options) };
      return after(all(data), (values) => {
        if (plan.control === undefined) tell(ready);
        else waitForStart(ready, plan.control);
        return users.length > 0 ? values : undefined;
      });
    },
    iterate(data) {
      const iteration = beginIteration();
      if (!iteration) return;
      const { load } = iteration;
      const user = iterations.get(load);
      const done = user ? user(dataOf(load.script as number, users, data)) : inject(iteration);
      return load.pauseSeconds > 0 ? after(done, () => sleep(load.pauseSeconds)) : done;
    },
    teardown(data) {
      return all(users.map((user, index) => user.teardown?.(dataOf(index, users, data))));
    },
    handleSummary(data) {
      const own = { [plan.summary]: JSON.stringify(data) };
      return after(all(users.map((user) => user.handleSummary?.(data))), (outputs) =>
        Object.assign({}, ...(outputs as unknown[]).map(withoutStdout), own),
      );
    },
  };
}

/** A user's function that is an iteration of a load; undefined: windtunnel's own is. */
function iterationOf({ name, script, exec = 'default' }: ReadyLoad, users: readonly UserScript[]) {
  if (script === undefined) return undefined;
  const iterate = users[script]?.[exec];
  if (typeof iterate === 'function') return iterate as (data: unknown) => unknown;
  const what = exec === 'default' ? 'default function' : `function "${exec}"`;
  throw new Error(`the script of load "${name}" exports no ${what}`);
}

/** What a script's own setup() returned. k6 carries it as JSON, which knows no undefined. */
function dataOf(index: number, users: readonly UserScript[], data: unknown): unknown {
  return users[index]?.setup && Array.isArray(data) ? data[index] : undefined;
}

/** Says that all virtual users are there, and waits until the load may begin. k6 makes them before it calls setup(). */
function waitForStart(ready: ReadyNote, control: string): void {
  const { status, error, body } = post(control, JSON.stringify(ready), {
    headers: { 'Content-Type': 'application/json' },
    timeout: `${SETUP_TIMEOUT_MINUTES}m`,
    responseType: 'text',
  });
  if (status !== 200 || body === null)
    throw new Error(`windtunnel did not say when to begin: ${status === 0 ? error : `status ${status}`}`);
  const { startAtMs } = JSON.parse(body) as StartNote;
  sleep(Math.max(0, startAtMs - Date.now()) / 1000);
}

/** Writes the thresholds into the stream of results, for whoever reads those of all processes. */
function tell({ thresholds }: ReadyNote): void {
  if (Object.keys(thresholds).length === 0) return;
  const { metadata } = exec.vu.metrics;
  metadata[THRESHOLDS_METADATA] = JSON.stringify(thresholds);
  told.add(1);
  delete metadata[THRESHOLDS_METADATA];
}

/** Standard output is for the results. */
function withoutStdout(output: unknown): Record<string, unknown> {
  const { stdout, stderr, ...files } = (output ?? {}) as Record<string, unknown>;
  const words = [stderr, stdout].filter((words) => words !== undefined);
  return words.length > 0 ? { ...files, stderr: words.join('') } : files;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

/** All values; a promise of them if there is a promise among them. */
function all(values: readonly unknown[]): unknown {
  return values.some(isPromise) ? Promise.all(values) : values;
}

/** What `next` makes of a value, or of what a promise of one comes to. */
function after(value: unknown, next: (value: unknown) => unknown): unknown {
  return isPromise(value) ? value.then(next) : next(value);
}
