/**
 * Calls from a virtual user's thread to the main one that wait for their answer: in k6 a script's requests block, and a
 * thread of Node can only do that while another one does the work.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

/** What a virtual user asks for. */
export interface Calls {
  /** The text of a script's file, types stripped; an Error if there is none. */
  source(path: string): string;
  http(request: HttpCall): HttpReply;
  /** Ends the run: exec.test.abort(). */
  abort(message: string): null;
  /** exec.test.fail() */
  fail(message: string): null;
}

/** A request of a script. */
export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly timeoutMs: number;
}

/** What came of a request. Times in milliseconds. */
export interface HttpReply {
  readonly status: number;
  readonly statusText: string;
  readonly proto: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly error: string;
  readonly errorCode: number;
  readonly timings: Readonly<Record<'blocked' | 'connecting' | 'sending' | 'waiting' | 'receiving', number>>;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** The two ends that a virtual user's thread gets. */
export interface CallEnds {
  readonly port: MessagePort;
  /** 1 when an answer is there. */
  readonly flag: Int32Array;
}

/** Calls the main thread, and waits. Throws what it threw. */
export function caller({ port, flag }: CallEnds): Calls {
  const call =
    (name: keyof Calls) =>
    (...args: unknown[]): never => {
      Atomics.store(flag, 0, 0);
      port.postMessage({ name, args });
      Atomics.wait(flag, 0, 0);
      const { message } = receiveMessageOnPort(port) as { message: { value?: unknown; error?: string } };
      if (message.error !== undefined) throw new Error(message.error);
      return message.value as never;
    };
  return {
    source: call('source'),
    http: call('http'),
    abort: call('abort'),
    fail: call('fail'),
  };
}

/** Answers the calls of a thread. */
export function answerCalls(
  { port, flag }: CallEnds,
  answers: {
    [K in keyof Calls]: (
      ...args: Parameters<Calls[K]>
    ) => ReturnType<Calls[K]> | Promise<ReturnType<Calls[K]>>;
  },
): void {
  port.on('message', async ({ name, args }: { name: keyof Calls; args: never[] }) => {
    let answer: { value?: unknown; error?: string };
    try {
      answer = { value: await (answers[name] as (...args: never[]) => unknown)(...args) };
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(answer);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
}
