import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { after } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import { nodeBinary } from '../core/process.ts';
import { withDescriptors } from './machine/descriptors.ts';
import type { WorkerFailure } from './messages.ts';

/** How long the last words of a process that has ended may take to be read. */
const LAST_WORDS_MS = 10_000;

/** A worker process of the lab, with a typed channel. */
export class Worker<Out, In extends { readonly type: string }> {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, { resolve: (message: In) => void; reject: (error: Error) => void }>();
  #ended = false;
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  /** Resolves when it fails or ends, for whatever reason. */
  readonly failed: Promise<HarnessError>;
  #tellFailure: (error: HarnessError) => void = () => {};

  /**
   * Starts a worker.
   * @param prefix a command that runs another (to enter a namespace), before node and the module
   * @param onMessage every message that nobody waits for
   */
  constructor(
    name: string,
    module: URL,
    prefix: (argv: readonly string[]) => readonly string[],
    onMessage: (message: In) => void,
  ) {
    this.#name = name;
    const [command = nodeBinary, ...args] = prefix(withDescriptors([nodeBinary, fileURLToPath(module)]));
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (raw) => {
      const message = raw as In;
      const waiting = this.#waiting.get(message.type);
      if (message.type === 'failed') this.#fail(failureOf(name, message as unknown as WorkerFailure));
      if (waiting) {
        this.#waiting.delete(message.type);
        waiting.resolve(message);
      } else onMessage(message);
    });
    this.failed = new Promise((resolve) => {
      this.#tellFailure = resolve;
    });
    this.exited = new Promise((resolve) => {
      const ended = (why: string): void => {
        if (this.#ended) return;
        this.#ended = true;
        this.#fail(failureOf(name, { message: why }));
        resolve();
      };
      this.#child.on('error', (error) => ended(error.message));
      this.#child.on('exit', (code, signal) => {
        const why = `ended with ${signal ?? `code ${code}`}`;
        // What it said last may still be in the channel; it closes when all is read.
        if (!this.#child.connected) ended(why);
        else {
          const cancel = after(LAST_WORDS_MS, () => ended(why));
          this.#child.once('disconnect', () => {
            cancel();
            ended(why);
          });
        }
      });
    });
  }

  send(message: Out): void {
    if (!this.#ended && this.#child.connected) this.#child.send(message as object, () => {});
  }

  /** Sends a message with a socket, which is this process's no more. Calls `done` when it has left. */
  hand(message: Out, socket: Socket, done: () => void): void {
    if (!this.#ended && this.#child.connected)
      this.#child.send(message as object, socket, { keepOpen: false }, done);
    else socket.destroy();
  }

  /** The next message of a type. Rejects with a HarnessError if the worker fails or ends first. */
  expect<T extends In['type']>(type: T): Promise<Extract<In, { type: T }>> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(new HarnessError('lab', `the ${this.#name} worker has ended`));
      this.#waiting.set(type, { resolve: (message) => resolve(message as Extract<In, { type: T }>), reject });
    });
  }

  /** Kills the process if it is still there `graceMs` after now; resolves when it is gone. */
  async end(graceMs: number): Promise<void> {
    const cancel = after(graceMs, () => this.#child.kill('SIGKILL'));
    await this.exited;
    cancel();
  }

  #fail(error: HarnessError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#tellFailure(error);
  }
}

/** A worker's failure, in its own words where it knows what is wrong. */
function failureOf(name: string, { message, kind, hint }: Omit<WorkerFailure, 'type'>): HarnessError {
  const text = kind === undefined ? `the ${name} worker failed: ${message}` : message;
  return new HarnessError(kind ?? 'lab', text, hint === undefined ? {} : { hint });
}
