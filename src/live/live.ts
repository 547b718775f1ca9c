import { Worker } from 'node:worker_threads';
import { HarnessError } from '../core/errors.ts';
import type { LiveOptions, LiveServer } from './server.ts';

/** What the thread is told: see LiveServer. */
export interface ToThread {
  readonly type: 'end' | 'fail';
  readonly text: string;
}

/** What the thread says. */
export type FromThread =
  | { readonly type: 'serving'; readonly url: string }
  | { readonly type: 'failed'; readonly message: string; readonly hint: string | undefined };

/**
 * Serves a run's live page from a thread of its own.
 * @param broken is told if the page breaks down; the run has no part in that
 * @throws HarnessError of kind `usage` if the port can't be had
 */
export async function serveLive(options: LiveOptions, broken: (why: string) => void): Promise<LiveServer> {
  const thread = new Worker(new URL('./thread.js', import.meta.url), { workerData: options });
  const gone = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  thread.on('error', (error) => broken(error.message));
  const first = await new Promise<FromThread>((resolve) => {
    thread.once('message', resolve);
    gone.then(() => resolve({ type: 'failed', message: 'its thread ended', hint: undefined }));
  });
  if (first.type === 'failed') {
    await thread.terminate();
    const { message, hint } = first;
    throw new HarnessError('usage', message, hint === undefined ? {} : { hint });
  }
  const say = async (type: ToThread['type'], text: string): Promise<void> => {
    thread.postMessage({ type, text } satisfies ToThread);
    await gone;
  };
  return { url: first.url, end: (report) => say('end', report), fail: (why) => say('fail', why) };
}
