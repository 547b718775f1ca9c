/** The thread of a virtual user: runs a script's init code, then one function after the other as it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { type CallEnds, caller } from './calls.ts';
import { now, type Sample } from './samples.ts';
import { type LoadedScript, loadScript } from './script-world.ts';
import { type IterationState, type Phase, type VuIdentity, VuState } from './vu-state.ts';

/** What the thread is started with. */
export interface ThreadData {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly identity: VuIdentity;
  readonly calls: CallEnds;
}

/** What it is told to do. */
export interface Order {
  readonly phase: Exclude<Phase, 'init'>;
  readonly exec: string;
  /** JSON. */
  readonly argument: string | undefined;
  readonly options: string;
  readonly iteration: IterationState | undefined;
}

/** What it says. */
export type Word =
  | {
      readonly kind: 'loaded';
      readonly options: string;
      readonly functions: readonly string[];
      readonly metrics: readonly unknown[];
    }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'sample'; readonly sample: Sample }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warning' | 'error';
      readonly text: string;
      readonly source: string | undefined;
    }
  | { readonly kind: 'done'; readonly result: string | undefined; readonly error: string | undefined };

const { script, env, tags, identity, calls } = workerData as ThreadData;
const say = (word: Word) => parentPort?.postMessage(word);
const state = new VuState(
  {
    ...caller(calls),
    emit: (sample) => say({ kind: 'sample', sample }),
    log: (level, text, source) => say({ kind: 'log', level, text, source }),
  },
  identity,
  tags,
);

try {
  const loaded = await loadScript(script, env, state);
  const { options, functions } = loaded;
  say({ kind: 'loaded', options, functions, metrics: [...state.metrics.values()] });
  parentPort?.on('message', (order: Order) => void carryOut(loaded, order));
} catch (error) {
  say({ kind: 'failed', error: errorText(error) });
}

async function carryOut(loaded: LoadedScript, order: Order): Promise<void> {
  state.phase = order.phase;
  state.iteration = order.iteration;
  state.options = order.options;
  state.group = '';
  if (order.iteration) {
    loaded.setEnv({ ...env, ...order.iteration.env });
    loaded.setNumbers(identity.idInInstance, order.iteration.ofVu);
  }
  const began = now();
  let result: string | undefined;
  let failure: string | undefined;
  try {
    result = await loaded.call(order.exec, order.argument);
  } catch (error) {
    failure = errorText(error);
  }
  state.group = '';
  if (order.phase !== 'summary') {
    state.emit('data_sent', state.sentBytes);
    state.emit('data_received', state.receivedBytes);
    state.emit('iteration_duration', now() - began);
    if (order.phase === 'iteration') state.emit('iterations', 1);
  }
  state.sentBytes = 0;
  state.receivedBytes = 0;
  say({ kind: 'done', result, error: failure });
}

function errorText(error: unknown): string {
  const { name, message, stack } = error as Partial<Error>;
  if (message === undefined) return String(error);
  const lines = (stack ?? '')
    .split('\n')
    .filter((line) => line.includes('file://') && !line.includes('/support/k6/'));
  return [`${name}: ${message}`, ...lines].join('\n');
}
