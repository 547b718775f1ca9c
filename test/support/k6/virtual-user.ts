/** A virtual user as the run sees it: a thread that loads the script and carries out one iteration at a time. */
import type { BlockList } from 'node:net';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { answerCalls, type Calls } from './calls.ts';
import { HttpClient } from './http-client.ts';
import type { Metric, Sample } from './samples.ts';
import { log } from './trouble.ts';
import type { VuIdentity } from './vu-state.ts';
import type { Order, ThreadData, Word } from './vu-thread.ts';

/** What a script's init code left. */
export interface Loaded {
  readonly options: string;
  readonly functions: readonly string[];
  readonly metrics: readonly Metric[];
}

/** What came of an order. `interrupted`: it was ended from outside. */
export type Ended =
  | { readonly state: 'done'; readonly result: string | undefined; readonly error: string | undefined }
  | { readonly state: 'interrupted' };

/** What virtual users of a run have in common. */
export interface UserContext extends Omit<Calls, 'http'> {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Addresses that no request may go to. */
  readonly barred: BlockList;
  sample(sample: Sample): void;
}

/** A virtual user. */
export class VirtualUser {
  /** Resolves when the init code has run; rejects with its error. */
  readonly loaded: Promise<Loaded>;
  readonly #worker: Worker;
  readonly #http: HttpClient;
  readonly #close: () => void;
  #ended: ((ended: Ended) => void) | undefined;
  #giveUpLoading = (): void => {};
  #gone = false;

  constructor(context: UserContext, identity: VuIdentity) {
    this.#http = new HttpClient(context.barred);
    const { port1, port2 } = new MessageChannel();
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const { source, abort, fail } = context;
    answerCalls({ port: port1, flag }, { source, abort, fail, http: (request) => this.#http.send(request) });
    const { script, env, tags } = context;
    const workerData: ThreadData = { script, env, tags, identity, calls: { port: port2, flag } };
    this.#worker = new Worker(fileURLToPath(new URL('./vu-thread.js', import.meta.url)), {
      workerData,
      transferList: [port2],
    });
    this.#close = () => port1.close();
    this.loaded = new Promise((resolve, reject) => {
      this.#giveUpLoading = () => reject(new Error('interrupted'));
      this.#worker.on('error', reject);
      this.#worker.on('message', (word: Word) => {
        if (this.#gone) return;
        if (word.kind === 'loaded') resolve(word as Loaded);
        else if (word.kind === 'failed') reject(new Error(word.error));
        else if (word.kind === 'log') log(word.level, word.text, word.source);
        else if (word.kind === 'sample') context.sample(word.sample);
        else this.#end({ state: 'done', result: word.result, error: word.error });
      });
    });
    // Whoever waits for it hears of it; a user that nobody waits for any more must not end the program.
    this.loaded.catch(() => {});
  }

  /** Whether it can take an order. */
  get isIdle(): boolean {
    return this.#ended === undefined && !this.#gone;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Carries out an order. */
  run(order: Order): Promise<Ended> {
    if (this.#gone) return Promise.resolve({ state: 'interrupted' });
    if (this.#ended) throw new Error('a virtual user does one thing at a time');
    return new Promise((resolve) => {
      this.#ended = resolve;
      this.#worker.postMessage(order);
    });
  }

  /** Ends it at once, as k6 interrupts a script: what it does is given up, and no sample of it counts from here. */
  async interrupt(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    this.#giveUpLoading();
    this.#end({ state: 'interrupted' });
    this.#http.close();
    await this.#worker.terminate();
    this.#close();
  }

  #end(ended: Ended): void {
    const tell = this.#ended;
    this.#ended = undefined;
    tell?.(ended);
  }
}
