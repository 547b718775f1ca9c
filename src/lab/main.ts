/** Entry of the lab: the process that holds the simulated internet. In a seal it is started by PID 1. */
import { Cleanup } from '../core/cleanup.ts';
import { HarnessError, messageOf } from '../core/errors.ts';
import { exit, parentChannel } from '../core/process.ts';
import type { FromLab, RunRequest, ToLab } from './messages.ts';
import { fly, type StopRequest } from './run.ts';

const channel = parentChannel<FromLab, ToLab>();
const cleanup = new Cleanup();
let stop: StopRequest = 'none';

// The CLI is gone, so nobody waits for the report. What was recorded is in the folder; here all is taken down.
channel.onDisconnect(() => void cleanup.run().finally(() => exit(1)));
channel.onMessage((message) => {
  if (message.type === 'stop') stop = message.how;
  else void run(message.request);
});

async function run(request: RunRequest): Promise<void> {
  try {
    const { summary, unwritten } = await fly(
      request,
      { progress: (progress) => channel.send({ type: 'progress', progress }), stopRequest: () => stop },
      cleanup,
    );
    await channel.flush({ type: 'done', summary, unwritten });
    exit(0);
  } catch (error) {
    const expected = error instanceof HarnessError;
    const message = expected ? error.message : ((error as Error).stack ?? messageOf(error));
    const kind = expected ? error.kind : 'bug';
    await channel.flush({ type: 'failed', kind, message, hint: expected ? error.hint : undefined });
    exit(1);
  }
}
