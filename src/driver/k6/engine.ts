/**
 * The k6 engine: carries out loads over HTTP by a k6 process, and records what came of each iteration as the SMTP driver
 * does. A process of the driver has one k6 process, with its segment of every load.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, wallClock } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { type LabProof, requireTarget } from '../../core/proof.ts';
import type { Packer } from '../../record/attempt-log.ts';
import { type K6MetricState, K6Metrics } from '../../record/k6-metrics.ts';
import type { Driver } from '../driver.ts';
import { noCounts } from '../injections.ts';
import { k6Arguments } from './command.ts';
import { type Control, openControl } from './control.ts';
import { k6Failure } from './ending.ts';
import { K6Injections, runClock } from './injections.ts';
import type { K6Plan } from './k6-plan.ts';
import { userScripts, writeScript } from './prepare.ts';
import { type K6Exit, K6Process } from './process.ts';
import { INJECTION_METADATA, INJECTION_METRIC, noteOf, type ReadyNote } from './script-plan.ts';
import { type K6Point, k6Line } from './stream.ts';

/** The name of k6's log, in the folder of its process. */
const LOG_FILE = 'k6.log';

/** What k6 counts of the iterations that it had no virtual user for. */
const DROPPED_METRIC = 'dropped_iterations';

/** A driver whose connections are k6's. */
export interface K6Driver extends Driver {
  /** What k6's own metrics came to so far. */
  metrics(): K6MetricState[];
}

/** One k6 process, from its start to its end. */
export class K6Engine {
  readonly #plan: K6Plan;
  readonly #metrics: K6Metrics;
  readonly #control: Control;
  readonly #k6: K6Process;
  readonly #counters = noCounts();
  #injections: K6Injections | undefined;
  #trouble: string | undefined;
  #ready = false;
  /** Iterations that ended. */
  #iterations = 0;

  private constructor(plan: K6Plan, control: Control, script: string, argv: readonly string[]) {
    this.#plan = plan;
    this.#control = control;
    this.#metrics = new K6Metrics(plan.watched);
    this.#k6 = new K6Process({
      argv: [...argv, script],
      log: join(plan.folder, LOG_FILE),
      onLine: (line) => this.#take(line),
    });
  }

  /**
   * Starts k6. It makes its virtual users, and waits.
   * @param before what comes before its command line, such as a program that has k6 end with this process
   * @throws HarnessError if the endpoint is none that load may be sent to
   */
  static async start(plan: K6Plan, proof: LabProof, before: readonly string[] = []): Promise<K6Engine> {
    requireTarget(proof, plan.endpoint.address);
    const { program, folder, share, loads } = plan;
    const control = await openControl();
    try {
      const { script, plan: planFile } = await writeScript(plan, control.url);
      const config = join(folder, 'config.json');
      writeFileSync(config, '{}\n');
      const fenced = proof.lab !== 'sealed' && userScripts(loads).length > 0;
      const args = k6Arguments({ plan: planFile, config, share, fenced });
      return new K6Engine(plan, control, script, [...before, program, ...args]);
    } catch (error) {
      control.close();
      throw error;
    }
  }

  /** Its process number; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#k6.pid;
  }

  /** Resolves when all virtual users are there, with what the script said. Rejects with a HarnessError if k6 ends first. */
  async ready(): Promise<ReadyNote> {
    const failed = this.#k6.exited.then((exit) => {
      this.#control.close();
      throw this.#failureOf(exit) ?? new HarnessError('lab', 'k6 was stopped before the load began');
    });
    // Of an end that comes later `finished` tells.
    failed.catch(() => {});
    const note = await Promise.race([this.#control.ready, failed]);
    this.#ready = true;
    this.#metrics.watch(Object.keys(note.thresholds));
    return note;
  }

  /** Begins the loads at moment 0 of the clock. Call it once, after `ready`. */
  drive(clock: Clock, packer: Packer): K6Driver {
    const wallMs = (): number => wallClock().getTime();
    this.#injections = new K6Injections({
      loads: this.#plan.loads,
      share: this.#plan.share,
      moment: runClock(clock, wallMs),
      packer,
      counters: this.#counters,
    });
    this.#control.start({ startAtMs: wallMs() - clock.now() / 1e3 });
    return {
      counters: () => this.#counters,
      trouble: () => this.#k6.errors.at(-1) ?? this.#trouble,
      metrics: () => this.#metrics.states(),
      finished: this.#finish(this.#injections),
      // A scenario that asks for messages to follow has no loads of k6 (scenario/plan.ts).
      followUp: () => {},
      stop: () => this.#k6.stop(),
    };
  }

  /** Ends k6 at once. */
  kill(): void {
    this.#control.close();
    this.#k6.kill();
  }

  async #finish(injections: K6Injections): Promise<void> {
    const exit = await this.#k6.exited;
    this.#control.close();
    injections.end();
    this.#counters.connections = 0;
    const failure = this.#failureOf(exit);
    if (failure) throw failure;
    const scripts = this.#scripts();
    if (injections.strangers > 0)
      throw new HarnessError(
        'lab',
        `${scripts || 'k6'}: ${injections.strangers} messages had a number that is not theirs, so nobody can say what became of them`,
      );
    if (scripts === '' || this.#counters.begun > 0 || this.#iterations === 0 || this.#k6.stopped) return;
    const what = `${scripts}: no mail was handed over`;
    throw new HarnessError('invalid-scenario', [what, ...this.#k6.errors.slice(-1)].join('\n'), {
      hint: "what counts is what a script posts to the path of the load's api (src/driver/k6/README.md)",
    });
  }

  /** The users' scripts, for messages; '' if there are none. */
  #scripts(): string {
    return userScripts(this.#plan.loads).join(', ');
  }

  #failureOf(exit: K6Exit): HarnessError | undefined {
    return k6Failure({
      ...exit,
      ready: this.#ready,
      stopped: this.#k6.stopped,
      script: this.#scripts() || undefined,
      words: this.#k6.errors.join('\n'),
      log: join(this.#plan.folder, LOG_FILE),
    });
  }

  /** Takes in a line of k6's stream. False: it is none. */
  #take(text: string): boolean {
    const line = k6Line(text);
    if (!line) return false;
    if (line.type === 'Point') this.#sample(line);
    else if (line.name !== INJECTION_METRIC) this.#metrics.define(line.name, line.kind, line.time);
    return true;
  }

  #sample({ name, value, tags, metadata, atMs }: K6Point): void {
    switch (name) {
      case INJECTION_METRIC: {
        const note = noteOf(metadata[INJECTION_METADATA] ?? '');
        if (note) this.#injections?.take(note, value);
        return;
      }
      case DROPPED_METRIC:
        this.#injections?.dropped(tags.scenario, value, atMs);
        break;
      case 'iterations':
        this.#iterations += value;
        break;
      case 'vus':
        this.#counters.connections = value;
        break;
      case 'http_reqs':
        this.#trouble = tags.error ?? this.#trouble;
        break;
    }
    this.#metrics.add(name, value, tags, atMs);
  }
}
