/** Entry of the thread that serves the live page: building a large report would keep the CLI from hearing a Ctrl-C. */
import { parentPort, workerData } from 'node:worker_threads';
import { HarnessError, messageOf } from '../core/errors.ts';
import type { FromThread, ToThread } from './live.ts';
import { type LiveOptions, type LiveServer, startServer } from './server.ts';

const tell = (message: FromThread): void => parentPort?.postMessage(message);

try {
  const server: LiveServer = await startServer(workerData as LiveOptions);
  parentPort?.on('message', async (message: ToThread) => {
    if (message.type === 'end') await server.end(message.final);
    else await server.fail(message.why);
    // Without it nothing keeps the thread going.
    parentPort?.close();
  });
  tell({ type: 'serving', url: server.url });
} catch (error) {
  const hint = error instanceof HarnessError ? error.hint : undefined;
  tell({ type: 'failed', message: messageOf(error), hint });
}
