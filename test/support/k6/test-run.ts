/** A run of a script, from its init code to the summary (k6 documentation, "Test lifecycle"). */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandLine } from './command-line.ts';
import { Crew } from './crew.ts';
import { carryOut, type Field, plannedUsers } from './executors.ts';
import { readRanges } from './http-client.ts';
import { BUILTIN, type Metric, now, type Sample } from './samples.ts';
import { readSegment } from './segment.ts';
import { milliseconds, type ScriptOptions, scenariosOf } from './settings.ts';
import { Sources } from './sources.ts';
import { JsonStream } from './stream.ts';
import { summaryData, tellSummary } from './summary.ts';
import { EXIT, K6Error } from './trouble.ts';
import type { Ended, UserContext, VirtualUser } from './virtual-user.ts';

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
  #crew: Crew | undefined;
  #outputs: JsonStream[] = [];
  #failure: K6Error | undefined;
  #began = now();

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
    const crew = new Crew(this.#context(script), segment, this.#aborted.signal);
    this.#crew = crew;

    const { options: written, functions, metrics } = await crew.first().catch((error) => this.#giveUp(error));
    for (const metric of metrics) this.#metrics.set(metric.name, metric);
    const options = JSON.parse(written) as ScriptOptions;
    if (options.thresholds && !values.has('no-thresholds'))
      throw new K6Error(EXIT.other, 'the stand-in for k6 judges no thresholds');
    const scenarios = scenariosOf(options, functions);
    const optionsText = JSON.stringify(options);
    this.#outputs = (lists.get('out') ?? []).map((out) => new JsonStream(out.split('=')[1] ?? ''));

    const wanted = (phase: 'setup' | 'teardown') => functions.includes(phase);
    const users = scenarios.map((scenario) =>
      Array.from({ length: plannedUsers(scenario, segment) }, () => crew.another()),
    );
    let setupData: string | undefined;
    let isSetUp = !wanted('setup');
    const gauges = setInterval(() => this.#emitUsers(), 1000);
    try {
      await crew.ready();
      if (wanted('setup')) {
        const ending = crew.alone('setup', undefined, optionsText);
        setupData = await timed(ending, 'setup', EXIT.setupTimeout, options.setupTimeout);
        isSetUp = true;
      }
      this.#began = now();
      const field = this.#field(segment, setupData, optionsText, () => crew.another());
      if (!this.#aborted.signal.aborted)
        await Promise.all(
          scenarios.map((scenario, index) => carryOut(scenario, users[index] as VirtualUser[], field)),
        );
    } catch (error) {
      this.#fail(error);
    }
    this.#emitUsers();
    clearInterval(gauges);
    await crew.interrupt();
    const duration = now() - this.#began;
    if (isSetUp && wanted('teardown')) {
      const ending = crew.alone('teardown', setupData, optionsText);
      await timed(ending, 'teardown', EXIT.teardownTimeout, options.teardownTimeout).catch((error) =>
        this.#fail(error),
      );
    }

    await Promise.all(this.#outputs.map((output) => output.close()));
    const data = summaryData(this.#metrics, this.#samples, duration, setupData);
    tellSummary(
      data,
      functions.includes('handleSummary') ? await crew.alone('summary', data, optionsText) : undefined,
    );
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
    };
  }

  #add(sample: Sample): void {
    this.#samples.push(sample);
    const metric = this.#metrics.get(sample.metric) as Metric;
    for (const output of this.#outputs) output.add(metric, sample);
  }

  #emitUsers(): void {
    const { active = 0, size = 0 } = this.#crew ?? {};
    this.#add({ metric: 'vus', value: active, tags: {}, at: now() });
    this.#add({ metric: 'vus_max', value: size, tags: {}, at: now() });
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
  }

  /** The first reason to end counts: what follows from an abort is no reason of its own. */
  #fail(error: unknown): void {
    this.#failure ??=
      error instanceof K6Error ? error : new K6Error(EXIT.other, (error as Error).stack ?? String(error));
  }

  #giveUp(error: unknown): never {
    this.#fail(error);
    throw this.#failure;
  }
}

/** Waits for setup() or teardown(), for as long as its option allows. Returns its result as JSON. */
async function timed(
  ending: Promise<Ended>,
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
