/** A run of a script, from its init code to the summary (k6 documentation, "Test lifecycle"). */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandLine } from './command-line.ts';
import { carryOut, type Field, plannedUsers } from './executors.ts';
import { readRanges } from './http-client.ts';
import { BUILTIN, type Metric, now, type Sample } from './samples.ts';
import { readSegment } from './segment.ts';
import { consolidate, milliseconds, scenariosOf } from './settings.ts';
import { Sources } from './sources.ts';
import { JsonStream } from './stream.ts';
import { defaultSummary, summaryData, writeSummary } from './summary.ts';
import { holds, readThresholds, sourceOf } from './thresholds.ts';
import { EXIT, K6Error, log } from './trouble.ts';
import { type UserContext, VirtualUser } from './virtual-user.ts';

/** Runs a script. Throws K6Error with the exit code, after all that k6 still does then. */
export async function runScript(line: CommandLine, environment: NodeJS.ProcessEnv): Promise<void> {
  await new TestRun(line, environment).run();
}

class TestRun {
  readonly #line: CommandLine;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #aborted = new AbortController();
  readonly #sources = new Sources();
  readonly #metrics = new Map<string, Metric>(BUILTIN.map((metric) => [metric.name, metric]));
  readonly #samples: Sample[] = [];
  readonly #users: VirtualUser[] = [];
  #outputs: JsonStream[] = [];
  #failure: K6Error | undefined;
  #began = now();
  #completed = 0;
  #interrupted = 0;
  #active = 0;

  constructor(line: CommandLine, environment: NodeJS.ProcessEnv) {
    this.#line = line;
    this.#environment = environment;
  }

  async run(): Promise<void> {
    const { values, lists } = this.#line;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#signalled(signal));
    const segment = readSegment(values.get('execution-segment'), values.get('execution-segment-sequence'));
    const script = resolve(this.#line.script);
    if (!existsSync(script))
      throw new K6Error(
        EXIT.other,
        `The moduleSpecifier "${this.#line.script}" couldn't be found on local disk.`,
      );
    const context = this.#context(script);

    const first = new VirtualUser(context, { idInInstance: 0, idInTest: 0 });
    const { options: written, functions, metrics } = await this.#load(first);
    await first.interrupt();
    for (const metric of metrics) this.#metrics.set(metric.name, metric);
    const options = consolidate(JSON.parse(written), this.#line, this.#environment);
    const judged = values.has('no-thresholds') ? [] : readThresholds(options.thresholds, this.#metrics);
    const scenarios = scenariosOf(options, functions);
    const optionsText = JSON.stringify(options);

    const thresholds = Object.entries((options.thresholds ?? {}) as Record<string, unknown[]>);
    const sources = Object.fromEntries(thresholds.map(([key, list]) => [key, list.map(sourceOf)]));
    this.#outputs = (lists.get('out') ?? []).map((out) => new JsonStream(out.split('=')[1] ?? '', sources));

    const another = () => {
      const index = this.#users.length;
      const user = new VirtualUser(context, {
        idInInstance: index + 1,
        idInTest: index * segment.of + segment.index + 1,
      });
      this.#users.push(user);
      return user;
    };
    const alone = async (
      phase: 'setup' | 'teardown' | 'summary',
      exec: string,
      argument: string | undefined,
    ) => {
      const user = new VirtualUser(context, { idInInstance: 0, idInTest: 0 });
      const stop = () => void user.interrupt();
      if (phase === 'setup') this.#aborted.signal.addEventListener('abort', stop);
      try {
        await this.#load(user);
        return await user.run({ phase, exec, argument, options: optionsText, iteration: undefined });
      } finally {
        this.#aborted.signal.removeEventListener('abort', stop);
        await user.interrupt();
      }
    };

    const crews = scenarios.map((scenario) =>
      Array.from({ length: plannedUsers(scenario, segment) }, another),
    );
    let setupData: string | undefined;
    let isSetUp = true;
    const gauges = setInterval(() => this.#emitUsers(), 1000);
    try {
      for (const user of this.#users) await this.#load(user);
      if (functions.includes('setup') && !values.has('no-setup')) {
        isSetUp = false;
        setupData = await this.#timed(
          alone('setup', 'setup', undefined),
          'setup',
          EXIT.setupTimeout,
          options.setupTimeout,
        );
        isSetUp = true;
      }
      this.#began = now();
      if (!this.#aborted.signal.aborted)
        await Promise.all(
          scenarios.map((scenario, index) =>
            carryOut(
              scenario,
              crews[index] as VirtualUser[],
              this.#field(segment, setupData, optionsText, another),
            ),
          ),
        );
    } catch (error) {
      this.#fail(error);
    }
    this.#emitUsers();
    clearInterval(gauges);
    for (const user of this.#users) await user.interrupt();
    const duration = now() - this.#began;
    if (isSetUp && functions.includes('teardown') && !values.has('no-teardown'))
      await this.#timed(
        alone('teardown', 'teardown', setupData),
        'teardown',
        EXIT.teardownTimeout,
        options.teardownTimeout,
      ).catch((error) => this.#fail(error));

    const verdicts = judged.map(
      (threshold) => [threshold, holds(threshold, this.#samples, duration / 1e3)] as const,
    );
    const crossed = [...new Set(verdicts.filter(([, ok]) => !ok).map(([{ key }]) => key))];
    if (crossed.length > 0)
      this.#fail(
        new K6Error(EXIT.thresholds, `thresholds on metrics '${crossed.join(', ')}' have been crossed`),
      );
    await Promise.all(this.#outputs.map((output) => output.close()));
    if (values.get('summary-mode') !== 'disabled') {
      const data = summaryData(this.#metrics, this.#samples, duration, verdicts, setupData);
      const end = functions.includes('handleSummary')
        ? await alone('summary', 'handleSummary', data)
        : undefined;
      if (end?.state === 'done' && end.error === undefined) writeSummary(end.result);
      else {
        if (end?.state === 'done')
          log(
            'error',
            `handleSummary() failed with error '${end.error}', falling back to the default summary`,
          );
        process.stdout.write(defaultSummary(data));
      }
    }
    if (this.#failure) throw this.#failure;
  }

  #context(script: string): UserContext {
    const { lists } = this.#line;
    const pairs = (list: readonly string[] = []) =>
      Object.fromEntries(
        list.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
      );
    // `k6 run` hands the whole environment to the script, unless it is told not to.
    const system = Object.entries(this.#environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return {
      script,
      env: { ...Object.fromEntries(system), ...pairs(lists.get('env')) },
      tags: pairs(lists.get('tag')),
      barred: readRanges(lists.get('blacklist-ip') ?? []),
      sample: (sample) => this.#add(sample),
      source: (path) => this.#sources.of(path),
      abort: (message) => {
        this.#end(new K6Error(EXIT.scriptAborted, message));
        return null;
      },
      fail: () => {
        this.#failure ??= new K6Error(EXIT.failed, 'test run was marked as failed');
        return null;
      },
      instance: () => ({
        iterationsInterrupted: this.#interrupted,
        iterationsCompleted: this.#completed,
        vusActive: this.#active,
        vusInitialized: this.#users.length,
        currentTestRunDuration: now() - this.#began,
      }),
    };
  }

  #field(
    segment: Field['segment'],
    argument: string | undefined,
    options: string,
    another: () => VirtualUser,
  ): Field {
    return {
      segment,
      argument,
      options,
      aborted: this.#aborted.signal,
      another,
      dropped: ({ name, tags }, value) =>
        this.#add({ metric: 'dropped_iterations', value, tags: { scenario: name, ...tags }, at: now() }),
      completed: () => {
        this.#completed++;
      },
      interrupted: () => {
        this.#interrupted++;
      },
    };
  }

  async #load(user: VirtualUser) {
    try {
      return await user.loaded;
    } catch (error) {
      // What the script itself asked for goes before the error by which it ended.
      throw (
        this.#failure ??
        new K6Error(EXIT.script, `could not initialize '${this.#line.script}': ${(error as Error).message}`)
      );
    }
  }

  /** Waits for setup() or teardown(), for as long as its option allows. Returns its result as JSON. */
  async #timed(
    ending: ReturnType<VirtualUser['run']>,
    what: string,
    timeoutCode: number,
    option: unknown,
  ): Promise<string | undefined> {
    const limit = option === undefined ? 60e3 : milliseconds(option);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new K6Error(timeoutCode, `${what}() execution timed out after ${limit / 1e3} seconds`)),
        limit,
      );
    });
    try {
      const end = await Promise.race([ending, late]);
      if (end.state === 'interrupted') return undefined;
      if (end.error !== undefined) throw new K6Error(EXIT.script, end.error);
      return end.result;
    } finally {
      clearTimeout(timer);
    }
  }

  #add(sample: Sample): void {
    this.#samples.push(sample);
    const metric = this.#metrics.get(sample.metric) as Metric;
    for (const output of this.#outputs) output.add(metric, sample);
  }

  #emitUsers(): void {
    this.#active = this.#users.filter((user) => !user.isGone).length;
    this.#add({ metric: 'vus', value: this.#active, tags: {}, at: now() });
    this.#add({ metric: 'vus_max', value: this.#users.length, tags: {}, at: now() });
  }

  #signalled(signal: 'SIGINT' | 'SIGTERM'): void {
    if (this.#aborted.signal.aborted) process.exit(EXIT.abort);
    const name = signal === 'SIGINT' ? 'interrupt' : 'terminated';
    this.#end(new K6Error(EXIT.abort, `test run was aborted because k6 received a '${name}' signal`));
  }

  /** Ends the run: what is under way is given up at once, and teardown and summary follow. */
  #end(reason: K6Error): void {
    this.#failure ??= reason;
    this.#aborted.abort();
    for (const user of this.#users) void user.interrupt();
  }

  #fail(error: unknown): void {
    this.#failure ??=
      error instanceof K6Error ? error : new K6Error(EXIT.other, (error as Error).stack ?? String(error));
  }
}
