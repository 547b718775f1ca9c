/** What the modules of a virtual user's script share: where the script is, and how its samples are tagged. */
import type { Calls } from './calls.ts';
import { type Metric, now, type Sample } from './samples.ts';

/** What a script is doing. Much of k6's API is for some of these only. */
export type Phase = 'init' | 'setup' | 'iteration' | 'teardown' | 'summary';

/** An iteration's place in the run. All numbers from 0. */
export interface IterationState {
  readonly scenario: string;
  readonly executor: string;
  /** Unix milliseconds. */
  readonly startTime: number;
  /** Of the scenario in milliseconds; iteration-based: the most. */
  readonly duration: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly iterationInInstance: number;
  readonly iterationInTest: number;
  readonly ofVu: number;
}

/** The part of a run that a thread is told when it is started. */
export interface VuIdentity {
  readonly idInInstance: number;
  readonly idInTest: number;
}

/** What the host of a script gives its modules. */
export interface ScriptHost extends Calls {
  emit(sample: Sample): void;
  log(level: 'info' | 'warning' | 'error', text: string, source?: string): void;
}

/** The state. */
export class VuState {
  readonly host: ScriptHost;
  readonly identity: VuIdentity;
  readonly rootTags: Readonly<Record<string, string>>;
  phase: Phase = 'init';
  group = '';
  iteration: IterationState | undefined;
  /** Consolidated, as JSON. */
  options = '{}';
  tags: Record<string, string> = {};
  metadata: Record<string, string> = {};
  readonly metrics = new Map<string, Metric>();
  sentBytes = 0;
  receivedBytes = 0;

  constructor(host: ScriptHost, identity: VuIdentity, rootTags: Readonly<Record<string, string>>) {
    this.host = host;
    this.identity = identity;
    this.rootTags = rootTags;
  }

  /** Makes a sample of a metric, tagged as all of this virtual user are, and with some of its own. */
  emit(metric: string, value: number, tags: Readonly<Record<string, string>> = {}, at = now()): void {
    const { scenario, tags: ofScenario = {} } = this.iteration ?? {};
    const around = this.phase === 'setup' || this.phase === 'teardown' ? `::${this.phase}` : this.group;
    this.host.emit({
      metric,
      value,
      tags: {
        ...this.rootTags,
        ...(scenario === undefined ? {} : { scenario }),
        group: around,
        ...ofScenario,
        ...this.tags,
        ...tags,
      },
      metadata: Object.keys(this.metadata).length > 0 ? { ...this.metadata } : undefined,
      at,
    });
  }

  /** Throws, in k6's manner, unless the script is within one of these phases. */
  require(what: string, ...phases: Phase[]): void {
    if (!phases.includes(this.phase))
      throw new Error(`${what} is not supported in the ${this.phase} context`);
  }
}

/** Tags as text. Throws at a value that is none. */
export function tagTexts(tags: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries((tags ?? {}) as Record<string, unknown>).map(([tag, value]) => {
      if (!['string', 'number', 'boolean'].includes(typeof value))
        throw new TypeError(
          `invalid value for metric tag '${tag}': only String, Boolean and Number types are accepted`,
        );
      return [tag, String(value)];
    }),
  );
}

/** A map of tags that a script may change key by key (exec.vu.metrics.tags). */
export function tagMap(values: () => Record<string, string>): Record<string, unknown> {
  return new Proxy({} as Record<string, unknown>, {
    get: (_, tag) => values()[String(tag)],
    set: (_, tag, value) => {
      Object.assign(values(), tagTexts({ [tag]: value }));
      return true;
    },
    deleteProperty: (_, tag) => delete values()[String(tag)],
    has: (_, tag) => String(tag) in values(),
    ownKeys: () => Object.keys(values()),
    getOwnPropertyDescriptor: (_, tag) =>
      String(tag) in values()
        ? { value: values()[String(tag)], writable: true, enumerable: true, configurable: true }
        : undefined,
  });
}
