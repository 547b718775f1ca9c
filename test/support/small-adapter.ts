import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../src/core/errors.ts';
import { nodeBinary } from '../../src/core/process.ts';
import type { MtaAdapter } from '../../src/mta/adapter.ts';
import { endpointsOf, logText, stopProgram, untilReady, withPorts } from '../../src/mta/ready.ts';

const PROGRAM = fileURLToPath(new URL('./small-mta.js', import.meta.url));

/** What can be wrong with it. `missing`: it is not installed; the others: see test/support/small-mta.ts. */
export type Trouble = 'missing' | 'broken' | 'deaf' | 'dies' | 'none';

/**
 * A program that takes mail in and delivers none, as an MTA under test, without a seal.
 * @param port where it listens; 0: anywhere
 */
export function smallAdapter(trouble: Trouble, port = 0): MtaAdapter {
  return {
    name: 'small',
    capabilities: {
      queue: 'count',
      dsn: 'never',
      needs: 'any',
      queueFolder: undefined,
      submission: { tls: [], auth: [], authInClear: 'nobody' },
      noSeal: { works: true, reason: '' },
      timers: [],
    },
    version() {
      if (trouble !== 'missing') return Promise.resolve('small MTA 1');
      throw new HarnessError('lab', 'there is no small MTA here', { hint: 'install it' });
    },
    config: () => [],
    async start({ folder, submission: wished }, host) {
      const submission = await withPorts({ ...wished, port });
      const logFile = join(folder, 'small.log');
      const program = host.spawn([nodeBinary, PROGRAM, `${submission.port}`, trouble], {
        name: 'the small MTA',
        cwd: folder,
        logFile,
      });
      await untilReady({
        name: 'the small MTA',
        host,
        program,
        ports: [submission.port],
        logFile,
        deadlineMs: trouble === 'deaf' ? 1000 : 20_000,
        // Another program may hold the port.
        listens: async () => (await logText(logFile)).includes('small MTA: listening'),
      });
      return {
        submission: endpointsOf(submission),
        queueDepth: () => Promise.resolve(5),
        listQueue: () => Promise.resolve(undefined),
        restart: () => Promise.reject(new Error('it is never started again')),
        stop: () => stopProgram(program, 'SIGTERM', 1000),
      };
    },
  };
}
