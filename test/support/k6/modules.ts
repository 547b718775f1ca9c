/** The modules of k6 that scripts may import: k6, k6/http, k6/execution, k6/metrics (k6 documentation). */

import { httpModule } from './module-http.ts';
import type { Metric, MetricType } from './samples.ts';
import { now } from './samples.ts';
import { tagMap, tagTexts, type VuState } from './vu-state.ts';

/** The world of a script, as far as modules need it. */
export interface Inside {
  parse(text: string): unknown;
}

/** Modules by their names: what they export, by name; `default` is added. */
export function builtinModules(state: VuState, inside: Inside): ReadonlyMap<string, Record<string, unknown>> {
  return new Map([
    ['k6', coreModule(state)],
    ['k6/http', httpModule(state, inside.parse)],
    ['k6/execution', executionModule(state, inside)],
    ['k6/metrics', metricsModule(state)],
  ]);
}

/** All modules that k6 has, so that a name it lacks is told from one that only the stand-in lacks. */
export const ONLY_K6 = [
  'k6/browser',
  'k6/crypto',
  'k6/data',
  'k6/encoding',
  'k6/html',
  'k6/net/grpc',
  'k6/secrets',
  'k6/timers',
  'k6/websockets',
  'k6/ws',
];

function coreModule(state: VuState): Record<string, unknown> {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  return {
    sleep: (seconds: number) => {
      if (seconds > 0) Atomics.wait(pause, 0, 0, seconds * 1e3);
    },
    check: (value: unknown, sets: Record<string, unknown>, tags?: unknown) => {
      state.require('using check()', 'setup', 'iteration', 'teardown', 'summary');
      let all = true;
      for (const [check, set] of Object.entries(sets)) {
        const passed = Boolean(typeof set === 'function' ? set(value) : set);
        all &&= passed;
        state.emit('checks', passed ? 1 : 0, { ...tagTexts(tags), check });
      }
      return all;
    },
    group: (name: string, act: () => unknown) => {
      state.require('using group()', 'setup', 'iteration', 'teardown', 'summary');
      const [before, began] = [state.group, now()];
      state.group = `${before}::${name}`;
      try {
        return act();
      } finally {
        state.emit('group_duration', now() - began);
        state.group = before;
      }
    },
    fail: (message?: string) => {
      throw new Error(message ?? '');
    },
  };
}

function executionModule(state: VuState, inside: Inside): Record<string, unknown> {
  const iteration = () => {
    if (state.iteration === undefined || state.phase !== 'iteration')
      throw new Error('getting scenario information outside of the VU context is not supported');
    return state.iteration;
  };
  const scenario = getters({
    name: () => iteration().scenario,
    executor: () => iteration().executor,
    startTime: () => iteration().startTime,
    progress: () => Math.min(1, (now() - iteration().startTime) / iteration().duration),
    iterationInInstance: () => iteration().iterationInInstance,
    iterationInTest: () => iteration().iterationInTest,
  });
  const test = {
    abort: (message?: string) => {
      state.host.abort(message === undefined ? 'test aborted' : `test aborted: ${message}`);
      throw new Error('test aborted');
    },
    fail: (message?: string) => {
      state.host.fail(message ?? '');
    },
    get options() {
      if (state.phase === 'init')
        throw new Error('getting test options in the init context is not supported');
      return inside.parse(state.options);
    },
  };
  const tags = tagMap(() => state.tags);
  const vu = getters({
    idInInstance: () => state.identity.idInInstance,
    idInTest: () => state.identity.idInTest,
    iterationInInstance: () => iteration().ofVu,
    iterationInScenario: () => iteration().ofVu,
    tags: () => tags,
    metrics: () => metrics,
  });
  const metadata = tagMap(() => state.metadata);
  const replaceable = (map: Record<string, unknown>, values: () => Record<string, string>) => ({
    get: () => map,
    set: (given: unknown) => {
      const texts = tagTexts(given);
      for (const tag of Object.keys(values())) delete values()[tag];
      Object.assign(values(), texts);
    },
    enumerable: true,
  });
  const metrics = Object.defineProperties(
    {},
    { tags: replaceable(tags, () => state.tags), metadata: replaceable(metadata, () => state.metadata) },
  );
  return { scenario, test, vu };
}

function getters(values: Record<string, () => unknown>): object {
  return Object.defineProperties(
    {},
    Object.fromEntries(Object.entries(values).map(([name, get]) => [name, { get, enumerable: true }])),
  );
}

function metricsModule(state: VuState): Record<string, unknown> {
  const kind = (type: MetricType) =>
    class {
      readonly name: string;
      readonly #metric: Metric;

      constructor(name: string, isTime = false) {
        if (state.phase !== 'init') throw new Error('metrics must be declared in the init context');
        if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/.test(name)) throw new Error(`Invalid metric name: '${name}'`);
        const metric: Metric = { name, type, contains: isTime ? 'time' : 'default' };
        const before = state.metrics.get(name);
        if (before && (before.type !== type || before.contains !== metric.contains))
          throw new Error(`metric '${name}' already exists but with type ${before.type}, instead of ${type}`);
        state.metrics.set(name, metric);
        this.#metric = metric;
        this.name = name;
      }

      add(value: unknown, tags?: unknown): boolean {
        if (state.phase === 'init') throw new Error("a metric's add() is not supported in the init context");
        const number = typeof value === 'boolean' ? Number(value) : Number(value);
        if (value === null || value === undefined || Number.isNaN(number)) {
          const text = `'${String(value)}' is an invalid value for metric '${this.#metric.name}', a number or a boolean value is expected`;
          state.host.log('warning', text);
          return false;
        }
        state.emit(this.#metric.name, number, tagTexts(tags));
        return true;
      }
    };
  return { Counter: kind('counter'), Gauge: kind('gauge'), Rate: kind('rate'), Trend: kind('trend') };
}
