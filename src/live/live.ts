import { Worker } from 'node:worker_threads';
import { HarnessError } from '../core/errors.ts';
import type { Final } from './live-page.ts';
import type { LiveOptions, LiveServer } from './server.ts';

/** What the thread is told: see LiveServer. */
export type ToThread =
  | { readonly type: 'end'; readonly final: Final }
  | { readonly type: 'fail'; readonly why: string };

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
  const say = async (message: ToThread): Promise<void> => {
    thread.postMessage(message);
    await gone;
  };
  return {
    url: first.url,
    end: (final) => say({ type: 'end', final }),
    fail: (why) => say({ type: 'fail', why }),
  };
}
