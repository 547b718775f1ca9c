/** k6 as a process: its stream, its log, and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { after } from '../../core/clock.ts';
import { environment } from '../../core/process.ts';
import { k6Environment } from './command.ts';
import { k6Error } from './ending.ts';
import { readLines } from './stream.ts';

/** How a k6 process is started. */
export interface K6Start {
  /** The program and its arguments, behind what must come before them (`setpriv …`), if anything. */
  readonly argv: readonly string[];
  /** Where k6's log, and what else it prints, is written. */
  readonly log: string;
  /** Each line of its stream. False: it is none, and belongs into the log. */
  onLine(line: string): boolean;
}

/** How it ended. */
export interface K6Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** So long after it was told to stop, k6 is killed: scripts may have a teardown(), and k6 gives it a minute. */
const STOP_MS = 75_000;
/** So many of the errors that k6 logs are told. */
const MOST_ERRORS = 5;

/** A k6 process. */
export class K6Process {
  readonly #child: ChildProcess;
  readonly #errors: string[] = [];
  #ended = false;
  #cancelKill = (): void => {};
  /** We have told it to stop. */
  stopped = false;
  /** Resolves when it has ended and all that it said has been read. Never rejects. */
  readonly exited: Promise<K6Exit>;

  constructor({ argv, log, onLine }: K6Start) {
    const [program = '', ...args] = argv;
    // No process group of its own: it ends with the lab's.
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: k6Environment(environment()),
    });
    const file = createWriteStream(log, { flags: 'a' });
    // A full disk ends the log, not the run.
    file.on('error', () => {});
    const { stdout, stderr } = this.#child;
    const read = [
      stdout &&
        readLines(stdout, (line) => {
          if (!onLine(line)) file.write(`${line}\n`);
        }),
      stderr &&
        readLines(stderr, (line) => {
          file.write(`${line}\n`);
          const error = k6Error(line);
          // That it was stopped is no news.
          if (error === undefined || this.stopped) return;
          this.#errors.push(error);
          if (this.#errors.length > MOST_ERRORS) this.#errors.shift();
        }),
    ];
    this.exited = new Promise((resolve) => {
      const end = async (exit: K6Exit): Promise<void> => {
        if (this.#ended) return;
        this.#ended = true;
        this.#cancelKill();
        await Promise.all(read);
        await finished(file.end()).catch(() => {});
        resolve(exit);
      };
      this.#child.on('error', (error) => {
        this.#errors.push(error.message);
        if (this.#child.pid === undefined) void end({ code: 127, signal: null });
      });
      this.#child.on('close', (code, signal) => void end({ code, signal }));
    });
  }

  /** Its number; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it last said of errors before it was told to stop, the latest last. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  /** Tells it to stop: k6 cuts off what is under way, calls teardown() and ends. */
  stop(): void {
    if (this.stopped || this.#ended) return;
    this.stopped = true;
    this.#child.kill('SIGINT');
    this.#cancelKill = after(STOP_MS, () => this.#child.kill('SIGKILL'));
  }

  /** Ends it at once. */
  kill(): void {
    this.stopped = true;
    this.#child.kill('SIGKILL');
  }
}
